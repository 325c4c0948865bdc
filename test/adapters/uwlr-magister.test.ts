/** Magister's UWLR-L: the small set of 2.3, with Magister's own ways. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { magisterUwlr, magisterUwlrSource, yearInGroupKeys } from '../../adapters/edexml/magister-uwlr.ts'
import { canariesOf, generateSchool } from '../school/generate.ts'
import type { Fault, Sis } from '../school/sis/sis.ts'
import { startMagisterUwlr } from '../school/sis/uwlr.ts'
import { startUwlrServer } from '../school/sis/uwlr-server.ts'
import { conforms, readAll, readFailing } from './conformance.ts'
import { context, edexml, now, parsed } from './support.ts'

const school = generateSchool({ today: '2026-11-23' })
let server: Sis
beforeAll(async () => {
  server = await startMagisterUwlr({ school: () => school, clock: () => now })
})
afterAll(() => server.close())
beforeEach(() => server.behave('ok'))

const source = (options: Record<string, unknown> = {}, timeoutMs = 20_000) =>
  magisterUwlrSource(magisterUwlr.options.parse({ ...server.options, ...options }), context(), { timeoutMs })

function behaving(fault: Fault, timeoutMs?: number) {
  server.behave(fault)
  return source({}, timeoutMs)
}

conforms('Magister UWLR-L', {
  open: () => source(),
  adapter: magisterUwlr,
  canaries: [...canariesOf(school), 'CANARY', 'ketenid'],
  secrets: ['FICTIEVE-SLEUTEL', 'FICTIEF-ABONNEMENT'],
  faults: {
    'no answer in time': { open: () => behaving('slow', 100), code: 'incomplete' },
    'HTTP 401': { open: () => behaving('unauthorized'), code: 'unauthorized' },
    'HTTP 429': { open: () => behaving('rate-limited'), code: 'rate-limited' },
    'HTTP 503': { open: () => behaving('unavailable'), code: 'unreachable' },
    garbage: { open: () => behaving('garbage'), code: 'malformed' },
    'a web page': { open: () => behaving('web-page'), code: 'malformed' },
    'an empty answer': { open: () => behaving('nothing'), code: 'incomplete' },
    'a connection cut halfway': { open: () => behaving('cut'), code: 'incomplete' },
    'a redirect': { open: () => behaving('redirect'), code: 'unreachable' },
    'HTTP 200 with an error in it': { open: () => behaving('ok-with-error'), code: 'incomplete' },
    'a page that comes again': { open: () => behaving('repeated-page'), code: 'malformed' },
    'half a run': { never: 'one call gives one school and year: cut halfway is half a run' },
  },
  failing: {
    'the wrong subscription': { open: () => source({ subscriptionKey: 'CANARY' }), code: 'unauthorized' },
    'no subscription': { open: () => source({ subscriptionKey: undefined }), code: 'unauthorized' },
    'another set': { open: () => source({ dataSetId: 'LVS' }), code: 'malformed' },
  },
})

describe('the generated school', () => {
  it('arrives without its leavers, user names and pupils’ e-mail', async () => {
    const { records, findings } = await readAll(source())
    const people = records.flatMap(record => (record.type === 'person' ? [record] : []))
    const staying = school.pupils.filter(({ endsOn }) => endsOn === undefined)
    const { pupil, teacher } = server.sourceIdOf
    expect(people.map(({ sourceId }) => sourceId).sort()).toEqual(
      [...staying.map(({ key }) => pupil(key)), ...school.teachers.map(({ key }) => teacher(key))].sort(),
    )
    expect(people.filter(({ username }) => username !== undefined)).toEqual([])
    expect(people.filter(({ role, email }) => role === 'pupil' && email !== undefined)).toEqual([])
    for (const { key, name } of staying) {
      const found = people.find(({ sourceId }) => sourceId === pupil(key))
      expect([found?.preferredFirstName, found?.familyNamePrefix, found?.familyName]).toEqual([
        name.givenName,
        name.familyNamePrefix,
        name.familyName,
      ])
    }
    expect(findings[0]).toEqual({ code: 'unverified-version', sourceId: 'school:99ZZ-00', detail: '2.3' })
  })

  it('has its pupils and its teachers in the groups of this year', async () => {
    const { records } = await readAll(source())
    const found = records.flatMap(record =>
      record.type === 'membership' ? [`${record.groupSourceId} ${record.personSourceId} ${record.role}`] : [],
    )
    const kinds = new Map(
      school.groups.map(({ key, kind }) => [key, kind === 'homeroom' ? 'groep' : 'samengestelde_groep']),
    )
    const groupId = (key: string) => `${kinds.get(key)}:2026-2027:${key}`
    const pupils = school.pupils
      .filter(({ endsOn }) => endsOn === undefined)
      .flatMap(({ key, groupKey, scheduledKeys }) =>
        [...(groupKey === undefined ? [] : [groupKey]), ...scheduledKeys].map(
          group => `${groupId(group)} leerling:${key} pupil`,
        ),
      )
    expect(found.filter(line => line.endsWith(' pupil')).sort()).toEqual(pupils.sort())
    const homeroomTeachers = school.teachers.flatMap(({ key, groups }) =>
      groups
        .filter(({ groupKey, roles }) => roles.includes('LRK') && kinds.get(groupKey) === 'groep')
        .map(({ groupKey }) => `${groupId(groupKey)} leerkracht:${key} teacher`),
    )
    expect(homeroomTeachers.length).toBeGreaterThan(5)
    const teachers = found.filter(line => line.startsWith('groep:') && line.endsWith(' teacher'))
    expect(teachers.sort()).toEqual(homeroomTeachers.sort())
  })
})

it('asks Magister itself, for the small set in 2.3, unless told otherwise', () => {
  const { url: _, ...options } = server.options
  const parsedOptions = magisterUwlr.options.parse(options)
  expect(parsedOptions).toMatchObject({
    url: 'https://services.magister.net/uwlr-l/leerlinggegevens-smalle-set.svc',
    dataSetId: 'Smalle-set-VO',
  })
  expect(magisterUwlr.hosts(parsedOptions)).toEqual(['services.magister.net'])
  expect(magisterUwlr.options.safeParse({ ...options, subscriptionKey: 'two\r\nlines' }).success).toBe(false)
})

it('says at check that a safety product may not qualify, and whom to ask', async () => {
  const { says } = await source().check()
  expect(says.join(' ')).toMatch(/safety product may not qualify: ask the partner manager of Magister/)
  expect(says.join(' ')).toMatch(/no user names/)
})

it('puts the year into keys of classes, and into what is said of them', async () => {
  const roster = await parsed(
    edexml({
      groepen:
        '<groep key=" H1A "><naam>H1A</naam></groep><groep key="#2"><naam>2</naam></groep><samengestelde_groep key="wi"><naam>wi</naam></samengestelde_groep>',
      leerlingen:
        '<leerling key=" 1 "><roepnaam>N</roepnaam><groep key="H1A"/><samengestelde_groepen><samengestelde_groep key="wi"/></samengestelde_groepen></leerling>',
    }),
  )
  const dated = yearInGroupKeys(roster, '2026-2027')
  expect(dated.groups.map(({ key }) => key)).toEqual(['2026-2027:H1A', '#2026-2027:2', '2026-2027:wi'])
  expect(dated.people[0]?.groups.map(({ key }) => key)).toEqual(['2026-2027:H1A', '2026-2027:wi'])
  expect([...dated.trimmed]).toEqual(['groep:2026-2027:H1A', 'leerling:1'])
  expect(roster.groups[0]?.key).toBe('H1A')
})

it('refuses pupils who have an ECK iD only, and says what to ask for', async () => {
  const document = edexml({
    leerlingen: '<leerling eckid="https://ketenid.nl/201703/CANARY"><roepnaam>A</roepnaam></leerling>',
  })
  const credentials = { key: 'k', customerCode: 'c' }
  const other = await startUwlrServer({ edexml: () => document, credentials, clock: () => now, versions: ['2.3'] })
  try {
    const { error } = await readFailing(source({ url: other.url, ...credentials }))
    expect(error.message).toContain('ask the supplier to send SIS keys')
  } finally {
    await other.close()
  }
})
