/** Pupils of one school today, with their homeroom. */
import type { Tx } from './database.ts'

export interface PupilAt {
  id: string
  group: string
  groupId: string
  grade: string | null
}

export interface PupilQuery {
  boardId: string
  schoolId: string
  /** Local day. */
  today: string
  /** Only the homerooms this person is a pupil of, or null for the whole school. */
  groupsOf: string | null
}

/**
 * One row a pupil and homeroom, unordered; a pupil without a homeroom is not there. Where a new year has begun and the old groups are not closed
 * yet (between 1 August and the next sync), those of the latest year.
 */
export async function pupilsOf(tx: Tx, { boardId, schoolId, today, groupsOf }: PupilQuery): Promise<PupilAt[]> {
  const on = new Date(`${today}T00:00:00Z`)
  const current = { startsOn: { lte: on }, OR: [{ endsOn: null }, { endsOn: { gt: on } }] }
  const rows = await tx.membership.findMany({
    where: {
      ...{ boardId, schoolId, role: 'pupil', ...current },
      person: { active: true },
      group: {
        kind: 'homeroom',
        active: true,
        ...(groupsOf ? { memberships: { some: { boardId, personId: groupsOf, role: 'pupil', ...current } } } : {}),
      },
    },
    select: {
      personId: true,
      groupId: true,
      group: { select: { name: true, schoolYear: { select: { name: true } } } },
      person: {
        select: { affiliations: { where: { boardId, schoolId, status: 'active' }, select: { grade: true }, take: 1 } },
      },
    },
  })
  const latest = new Map<string, string>()
  for (const { personId, group } of rows)
    if (group.schoolYear.name > (latest.get(personId) ?? '')) latest.set(personId, group.schoolYear.name)
  const present = rows.filter(({ personId, group }) => group.schoolYear.name === latest.get(personId))
  return present.map(row => ({
    id: row.personId,
    groupId: row.groupId,
    group: row.group.name,
    grade: row.person.affiliations[0]?.grade ?? null,
  }))
}
