/** Which classes are homerooms, and whose teachers open them without a person. Pure. */
import { datedRule, givingWay } from '../homerooms.ts'
import type { PersonRecord } from '../roster.ts'
import type { Options } from './options.ts'
import { yearOf } from './school.ts'
import type { WireClass } from './wire.ts'

export interface Homerooms {
  /** Ids of classes. */
  homerooms: ReadonlySet<string>
  /** Of these, whose year nothing says: their teachers are held for a person. */
  doubtful: ReadonlySet<string>
  /** Fit the rule, and are none. */
  pretended: readonly string[]
}

interface Given {
  classes: readonly WireClass[]
  people: ReadonlyMap<string, { members: readonly string[]; teachers: readonly string[] }>
  personOf: ReadonlyMap<string, PersonRecord>
}

/**
 * Anybody who teaches may make a class by hand, give it a name that fits and put pupils in it: where School Data Sync makes the classes (they have an
 * externalId then), no other is a homeroom. Where it does not, one that a pupil owns is none.
 */
export function homeroomsOf(
  { classes, people, personOf }: Given,
  { homerooms }: Options,
  schoolYear: string,
): Homerooms {
  const verdict = datedRule(homerooms?.patterns ?? [], schoolYear)
  const is = (id: string, role: PersonRecord['role']) =>
    personOf.get(id)?.role === role && personOf.get(id)?.status === 'active'
  const synced = classes.some(isSynced)
  const fitting = classes.flatMap(each => {
    const { homeroom, ofYear } = verdict(homerooms === undefined ? [] : [each[homerooms.field]])
    if (!homeroom) return []
    const { members = [], teachers = [] } = people.get(each.id) ?? {}
    const doubtful = !ofYear && yearOf(each) === undefined
    const pupils = [...new Set(members)].filter(id => is(id, 'pupil'))
    const certain = !doubtful && teachers.some(id => is(id, 'staff'))
    const made = synced ? isSynced(each) : !teachers.some(id => personOf.get(id)?.role === 'pupil')
    return [{ id: each.id, pupils, certain, doubtful, made }]
  })
  const giving = givingWay(fitting.filter(({ made }) => made))
  const taken = fitting.filter(each => each.made && !giving.has(each))
  const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id)
  return {
    homerooms: new Set(ids(taken)),
    doubtful: new Set(ids(taken.filter(({ doubtful }) => doubtful))),
    pretended: ids(fitting.filter(each => !taken.includes(each))),
  }
}

const isSynced = ({ externalId }: WireClass): boolean => (externalId ?? '').trim() !== ''
