/** The published examples, which may not be in this repository: read where somebody has put them beside the checkout. */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readAnswer } from '../../adapters/edexml/answer.ts'
import { understood } from '../../adapters/edexml/deliver.ts'
import { xmlLimits } from '../../adapters/xml.ts'
import { parsed, pieces } from './support.ts'

const folder = new URL('../../../shared/data/', import.meta.url)
const here = existsSync(folder)
const why = here ? '' : ' (skipped: no ../shared/data beside this checkout)'
const sample = (name: string) => readFileSync(new URL(name, folder))
const answer = (name: string) => readAnswer(pieces(sample(`uwlr-2.2/samples-handmade/${name}.xml`)), xmlLimits)
const day = '2026-11-23'

describe.skipIf(!here)(`the published EDEXML examples${why}`, () => {
  it.each(['2.0', '2.1'])(
    'version %s: all groups, pupils and teachers, and nothing that we do not need',
    async version => {
      const roster = understood(await parsed(sample(`edexml/${version}/EDEXML.Voorbeeld.${version}.xml`)), day)
      const count = (type: string) => roster.records.filter(record => record.type === type).length
      expect([count('group'), count('person'), count('membership')]).toEqual([8, 6, 10])
      expect(
        roster.records.find(record => record.type === 'person' && record.sourceId === 'leerling:12345'),
      ).toMatchObject({
        status: 'inactive',
        familyNamePrefix: "van 't",
        grade: 'H',
      })
      expect(
        roster.records.find(record => record.type === 'person' && record.sourceId === 'leerkracht:LK3'),
      ).toMatchObject({ role: 'trainee' })
      const text = JSON.stringify(roster)
      for (const forbidden of [
        '133456785',
        '2006-06-21',
        '6971VB',
        'id.school',
        '"MA"',
        '2731',
        'Geert',
        'Opmerking',
        'Huissen',
      ])
        expect(text).not.toContain(forbidden)
    },
  )
})

describe.skipIf(!here)(`the hand-made UWLR answers${why}`, () => {
  it('the sound one is a roster without birth dates and ECK iDs', async () => {
    const found = await answer('antwoord')
    if (found.kind !== 'roster') throw new Error(found.kind)
    const { records, findings } = understood(found.roster, day, '2.2')
    expect(records).toHaveLength(12)
    expect(findings.map(({ code }) => code)).toEqual(['role-undecided', 'role-undecided', 'unstable-key'])
    expect(JSON.stringify(records)).not.toMatch(/ketenid|2018-03-09/)
  })

  it.each([
    ['antwoord-dubbele-sleutel', 'duplicate key: leerling:50001 appears twice'],
    ['antwoord-onbekende-groep', 'unknown group: leerling:#50002 refers to groep:9999, which is not in the roster'],
  ])('%s, valid by the XSD, is refused', async (name, says) => {
    const found = await answer(name)
    if (found.kind !== 'roster') throw new Error(found.kind)
    const { roster } = found
    expect(() => understood(roster, day, '2.2')).toThrow(says)
  })

  it('"no changes" and the fault are understood', async () => {
    expect(await answer('antwoord-geenwijzigingen')).toEqual({ kind: 'no-changes' })
    expect(await answer('fault-autorisatie')).toMatchObject({ kind: 'fault', fault: { code: 'unauthorized' } })
  })
})
