/** A plan as lines to read and to copy: counts, source ids of newcomers, names of groups. Nobody's name. */
import type { StoredPerson, StoredRoster } from '../store/roster.ts'
import type { Plan } from './plan.ts'
import type { SnapshotMembership } from './snapshot.ts'

const samples = 5

/** `people.create`, `memberships.end` and so on; zero is left out. `people.returns` is part of `people.update`. */
export function countChanges({ people, groups, memberships, keys }: Plan): Record<string, number> {
  const all = {
    'people.create': people.create.length,
    'people.update': people.update.length,
    'people.returns': people.update.filter(update => update.returns).length,
    'people.deactivate': people.deactivate.length,
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
  }
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0))
}

/** Same plan, same lines. */
export function diffLines(plan: Plan, stored: StoredRoster): string[] {
  const { people, groups, memberships, keys } = plan
  const sourceIds = people.create.map(({ next }) => next.record)
  const roles = [...Map.groupBy(sourceIds, record => record.role)].sort(([a], [b]) => (a < b ? -1 : 1))
  const groupName = new Map([
    ...stored.groups.map(group => [group.tag, group.name] as const),
    ...groups.create.map(({ tag, record }) => [tag, record.name] as const),
  ])
  return [
    `school year ${plan.schoolYear}${plan.yearChange ? ' (a new year)' : ''}`,
    ...roles.map(([role, list]) =>
      line(
        '+',
        list.length,
        role,
        list.map(each => each.sourceId),
      ),
    ),
    line(
      '~',
      people.update.length,
      'people changed',
      people.update.map(({ next }) => next.record.sourceId),
    ),
    line('↺', people.update.filter(each => each.returns).length, 'people back'),
    ...leavers(people.deactivate, stored),
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

const line = (sign: string, count: number, what: string, names: string[] = []): string => {
  if (count === 0) return ''
  const shown = names.slice(0, samples).join(', ')
  const more = names.length > samples ? ', …' : ''
  return `${sign} ${count} ${what}${shown ? `: ${shown}${more}` : ''}`
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
