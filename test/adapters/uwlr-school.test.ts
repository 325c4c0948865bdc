/** The generated school by UWLR, in one call and in stages: everybody, under their names, in their groups, with the right to what is theirs. */
import { describe, expect, it } from 'vitest'
import { uwlr } from '../../adapters/edexml/uwlr.ts'
import { type GeneratedSchool, generateSchool } from '../school/generate.ts'
import { nextYear } from '../school/next-year.ts'
import type { Sis, StartSis } from '../school/sis/sis.ts'
import { startStagedUwlr, startUwlr } from '../school/sis/uwlr.ts'
import { readAll } from './conformance.ts'
import { context, now } from './support.ts'

async function served<T>(
  start: StartSis,
  school: () => GeneratedSchool,
  clock: () => Date,
  use: (sis: Sis) => Promise<T>,
) {
  const sis = await start({ school, clock })
  try {
    return await use(sis)
  } finally {
    await sis.close()
  }
}

const read = (sis: Sis, cursor: string | null = null, clock = () => now) =>
  readAll(uwlr.open(uwlr.options.parse(sis.options), context({ clock })), cursor)

describe.each([
  ['in one call', startUwlr, 1],
  ['in stages', startStagedUwlr, 9],
])('the generated school %s', (_, start, calls) => {
  const school = generateSchool({ today: '2026-11-23' })

  it('arrives whole', async () => {
    await served(
      start,
      () => school,
      () => now,
      async sis => {
        const { records, findings } = await read(sis)
        expect(sis.requests).toEqual(Array(calls).fill('POST /uwlr2.2.svc'))
        const people = new Map(
          records.flatMap(record => (record.type === 'person' ? [[record.sourceId, record] as const] : [])),
        )
        const { pupil, teacher } = sis.sourceIdOf
        for (const [id, { name, username, email }] of [
          ...school.pupils.map(each => [pupil(each.key), each] as const),
          ...school.teachers.map(each => [teacher(each.key), each] as const),
        ]) {
          const found = people.get(id)
          expect(found).toMatchObject({ sourceId: id })
          expect([
            found?.preferredFirstName,
            found?.familyNamePrefix,
            found?.familyName,
            found?.username,
            found?.email,
          ]).toEqual([name.givenName, name.familyNamePrefix, name.familyName, username, email])
        }
        const kinds = new Map(
          school.groups.map(({ key, kind }) => [key, kind === 'homeroom' ? 'groep' : 'samengestelde_groep']),
        )
        const expected = [
          ...school.pupils.flatMap(({ key, groupKey, scheduledKeys }) =>
            [...(groupKey === undefined ? [] : [groupKey]), ...scheduledKeys].map(
              group => `${kinds.get(group)}:${group} ${pupil(key)} pupil`,
            ),
          ),
          ...school.teachers.flatMap(({ key, groups }) =>
            groups.map(({ groupKey, roles }) => {
              const role = roles.length === 0 ? 'undecided' : roles.includes('LRK') ? 'teacher' : 'other'
              return `${kinds.get(groupKey)}:${groupKey} ${teacher(key)} ${role}`
            }),
          ),
        ]
        const memberships = records.flatMap(record =>
          record.type === 'membership' ? [`${record.groupSourceId} ${record.personSourceId} ${record.role}`] : [],
        )
        expect(memberships.sort()).toEqual(expected.sort())
        expect(findings.map(({ code }) => code)).toContain('role-undecided')
      },
    )
  })

  it('is unchanged the next night, and new after the summer', async () => {
    let today = now
    let current = school
    await served(
      start,
      () => current,
      () => today,
      async sis => {
        const first = await read(sis)
        const again = await read(sis, first.proof.cursor ?? null)
        expect(again.proof.kind).toBe('unchanged')
        current = nextYear(school)
        today = new Date('2027-11-23T12:00:00Z')
        const later = await read(sis, first.proof.cursor ?? null, () => today)
        expect(later.proof).toMatchObject({ kind: 'snapshot', scope: { schoolYear: '2027-2028' } })
      },
    )
  })
})
