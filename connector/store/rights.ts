/**
 * What a person may open, read at every request and never from a token. The roster opens one thing: the panel of a homeroom, to its teacher,
 * from the day of that membership. Everything else is a confirmed grant of this product.
 */
import type { Tx } from './database.ts'

export interface OpenGroup {
  id: string
  name: string
  schoolYear: string
  /** First day whose reports may be seen, `YYYY-MM-DD`. */
  since: string
}

export interface RightsOf {
  boardId: string
  schoolId: string
  personId: string
  /** Local day, Europe/Amsterdam. */
  today: string
}

/** Roles that open the panels of the whole school, by grant only. */
const wholeSchool = ['SAFETY_COORDINATOR', 'SCHOOL_LEADER']

/**
 * Homerooms of this school that this person may open today, by name. Two queries. Who administers the systems of any school of the board
 * opens none, also when the roster makes them a teacher later. Source: design.md, "What the roster opens", "Who may grant".
 */
export async function openGroups(tx: Tx, who: RightsOf): Promise<OpenGroup[]> {
  const { boardId, schoolId, personId } = who
  const today = new Date(`${who.today}T00:00:00Z`)
  const current = { startsOn: { lte: today } }
  const held = await tx.grant.findMany({
    where: {
      ...{ boardId, personId, revokedAt: null, confirmedAt: { not: null }, ...current },
      OR: [{ until: null }, { until: { gt: today } }],
      person: { active: true },
    },
  })
  if (held.some(grant => grant.role === 'IT_ADMINISTRATOR')) return []
  const grants = held.filter(grant => grant.schoolId === schoolId)
  const everywhere = grants.some(grant => wholeSchool.includes(grant.role))
  const granted = new Map(
    grants.filter(g => g.role === 'GROUP_TEACHER' && g.groupId).map(g => [String(g.groupId), day(g.startsOn)]),
  )
  const teaches = {
    ...{ boardId, personId, role: 'teacher', ...current },
    OR: [{ endsOn: null }, { endsOn: { gt: today } }],
    person: { active: true, affiliations: { some: { boardId, schoolId, role: 'staff', status: 'active' } } },
  }
  const groups = await tx.group.findMany({
    where: {
      ...{ boardId, schoolId, kind: 'homeroom', active: true },
      schoolYear: { startsOn: { lte: today }, endsOn: { gt: today } },
      ...(everywhere ? {} : { OR: [{ id: { in: [...granted.keys()] } }, { memberships: { some: teaches } }] }),
    },
    include: { schoolYear: true, memberships: { where: teaches, orderBy: { startsOn: 'asc' }, take: 1 } },
    orderBy: { name: 'asc' },
  })
  return groups.map(({ id, name, schoolYear, memberships }) => {
    const [membership] = memberships
    const days = [
      granted.get(id),
      membership && day(membership.startsOn),
      everywhere ? day(schoolYear.startsOn) : undefined,
    ]
    const since = days.filter(d => d !== undefined).sort()[0] ?? who.today
    return { id, name, schoolYear: schoolYear.name, since }
  })
}

const day = (date: Date) => date.toISOString().slice(0, 10)
