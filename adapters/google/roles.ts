/** What somebody is: the organisational unit says it, for Google knows no roles. Pure. */
import { isBelow } from './homerooms.ts'
import type { Options } from './options.ts'
import type { WireUser } from './wire.ts'

export type Role = 'pupil' | 'staff' | 'trainee'

/** @returns undefined for somebody of another part of the domain, whatever the search brought */
export function roleOf({ orgUnitPath }: WireUser, options: Options): Role | undefined {
  return unitOf(orgUnitPath, options)?.role
}

/** The deepest unit of the options at or above this one. */
export function unitOf(
  orgUnitPath: string,
  { pupils, staff, trainees }: Options,
): { role: Role; path: string } | undefined {
  const lists: [Role, readonly string[]][] = [
    ['pupil', pupils],
    ['staff', staff],
    ['trainee', trainees],
  ]
  const above = lists.flatMap(([role, paths]) =>
    paths.filter(path => isBelow(orgUnitPath, path)).map(path => ({ role, path })),
  )
  return above.sort((a, b) => b.path.length - a.path.length)[0]
}
