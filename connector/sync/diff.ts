/** A plan as lines to read and to copy: counts, source ids of newcomers, names of groups. Nobody's name. */
import type { StoredPerson, StoredRoster } from '../store/roster.ts'
import type { Plan } from './plan.ts'
import type { SnapshotMembership } from './snapshot.ts'

const samples = 5

/** `people.create`, `memberships.end` and so on; zero is left out. `people.returns` is part of `people.update`. */
export function countChanges({ people, groups, memberships, keys, conflicts }: Plan): Record<string, number> {
  const all = {
    'people.create': people.create.length,
    'people.linked': people.create.filter(({ personId }) => personId !== null).length,
    'people.update': people.update.length,
    'people.returns': people.update.filter(update => update.returns).length,
    'people.deactivate': people.deactivate.length,
    'people.retire': people.retire.length,
    'groups.create': groups.create.length,
    'groups.update': groups.update.length,
    'groups.deactivate': groups.deactivate.length,
    'groups.retire': groups.retire.length,
    'memberships.create': memberships.create.length,
    'memberships.change': memberships.change.length,
    'memberships.end': memberships.end.length,
    'memberships.close': memberships.close.length,
    'keys.create': keys.create.length,
    'keys.remove': keys.remove.length,
    questions: conflicts.length,
  }
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0))
}

const reach = { snapshot: '', delta: ': changes only', ahead: ': not begun, added beside the present year' }

/** Same plan, same lines. */
export function diffLines(plan: Plan, stored: StoredRoster): string[] {
  const { people, groups, memberships, keys, conflicts } = plan
  const sourceIds = people.create.map(({ next }) => next.record)
  const roles = [...Map.groupBy(sourceIds, record => record.role)].sort(([a], [b]) => (a < b ? -1 : 1))
  const groupName = new Map([
    ...stored.groups.map(group => [group.tag, group.name] as const),
    ...groups.create.map(({ tag, record }) => [tag, record.name] as const),
  ])
  return [
    `school year ${plan.schoolYear}${plan.yearChange ? ' (a new year)' : ''}${reach[plan.kind]}`,
    ...roles.map(([role, list]) =>
      line(
        '+',
        list.length,
        role,
        list.map(each => each.sourceId),
      ),
    ),
    ...linked(people.create),
    line(
      '?',
      conflicts.length,
      'questions for a person',
      conflicts.map(({ next }) => next.record.sourceId),
    ),
    line(
      '~',
      people.update.length,
      'people changed',
      people.update.map(({ next }) => next.record.sourceId),
    ),
    line('↺', people.update.filter(each => each.returns).length, 'people back'),
    ...leavers(people.deactivate, stored),
    line('-', people.retire.length, 'people whose key is somebody else’s now'),
    line(
      '+',
      groups.create.length,
      'groups',
      groups.create.map(group => group.record.name),
    ),
    line(
      '~',
      groups.update.length,
      'groups changed',
      groups.update.map(({ next }) => next.record.name),
    ),
    line(
      '-',
      groups.deactivate.length,
      'groups',
      groups.deactivate.map(group => group.name),
    ),
    line('-', groups.retire.length, 'groups of years that are over'),
    line('+', memberships.create.length, 'memberships', perGroup(memberships.create, groupName)),
    line('~', memberships.change.length, 'memberships get another end'),
    line(
      '-',
      memberships.end.length,
      'memberships',
      perGroup(
        memberships.end.map(each => each.stored),
        groupName,
      ),
    ),
    line('-', memberships.close.length, 'memberships end with their year, person or group'),
    line('+', keys.create.length, 'keys for sign-in'),
    line('-', keys.remove.length, 'keys for sign-in'),
  ].filter(text => text !== '')
}

export const line = (sign: string, count: number, what: string, names: string[] = []): string => {
  if (count === 0) return ''
  const shown = names.slice(0, samples).join(', ')
  const more = names.length > samples ? ', …' : ''
  return `${sign} ${count} ${what}${shown ? `: ${shown}${more}` : ''}`
}

/** Newcomers who are somebody of this board, by the rule that says so. */
function linked(create: Plan['people']['create']): string[] {
  const links = create.flatMap(({ next, by }) => (by === undefined ? [] : [{ next, by }]))
  return [...Map.groupBy(links, each => each.by)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([by, list]) => {
      const sourceIds = list.map(({ next }) => next.record.sourceId)
      return line('=', list.length, `of them known in this board by ${by}`, sourceIds)
    })
}

/** Who is gone has no readable key any more: shown by role, and by the groups they were in. */
function leavers(people: StoredPerson[], stored: StoredRoster): string[] {
  const names = new Map(stored.groups.map(group => [group.id, group.name]))
  const groupsOf = Map.groupBy(stored.memberships, membership => membership.personId)
  return [...Map.groupBy(people, person => person.role)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([role, list]) => {
      const groups = list.map(person => {
        const first = groupsOf.get(person.personId)?.[0]
        return (first && names.get(first.groupId)) ?? 'no group'
      })
      return line('-', list.length, role, tally(groups))
    })
}

const perGroup = (memberships: Pick<SnapshotMembership, 'groupTag'>[], names: Map<string, string>) =>
  tally(memberships.map(each => names.get(each.groupTag) ?? '?'))

const tally = (names: string[]): string[] =>
  [...Map.groupBy(names, name => name)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, all]) => `${all.length} in ${name}`)
