/** What the API is given, and how it finds the school that a page speaks for. */
import type { Access } from '../entry/access.ts'
import type { EntryContext } from '../entry/context.ts'
import { AppError } from '../errors.ts'
import { teamsOrigins } from '../manifest/teams-hosts.ts'
import { platformOrigins } from '../store/lti.ts'
import { remembered } from '../store/remembered.ts'
import { schoolByKey } from '../store/school-keys.ts'
import { type SchoolFacts, schoolOf } from '../store/schools.ts'
import { withTenant } from '../store/scope.ts'

export interface ApiContext extends EntryContext {
  access: Access
  /** @throws AppError `not-found` */
  school(key: unknown): Promise<SchoolHere>
}

export interface SchoolHere extends SchoolFacts {
  /** Where its pages may show: what it listed, the LMSs it approved, and Microsoft's hosts once it has registered its Teams. */
  origins: string[]
  signIn: boolean
}

/** Seconds until a changed origin or setting counts everywhere. */
const rememberSeconds = 10

export function apiContext(entry: EntryContext, access: Access): ApiContext {
  const find = remembered(rememberSeconds, entry.clock, async (key): Promise<SchoolHere | null> => {
    const at = await schoolByKey(entry.db, key)
    if (!at) return null
    const { boardId, schoolId } = at
    return withTenant(entry.db, { boardId, role: 'system' }, async tx => {
      const facts = await schoolOf(tx, boardId, schoolId)
      const origins = await tx.origin.findMany({ where: { boardId, schoolId }, select: { origin: true } })
      const platforms = await platformOrigins(tx, boardId, schoolId)
      const signIns = await tx.signIn.count({ where: { boardId, schoolId } })
      const teams = await tx.teamsTenant.count({ where: { boardId, schoolId } })
      return {
        ...facts,
        origins: [...new Set([...origins.map(o => o.origin), ...platforms, ...(teams > 0 ? teamsOrigins : [])])],
        signIn: signIns > 0,
      }
    })
  })
  const findStill = stillKnown(find)
  return {
    ...entry,
    access,
    async school(key) {
      const found = typeof key === 'string' && key.length <= 64 ? await findStill(key) : null
      if (!found) throw new AppError('not-found', 'This school is not known here.', { reason: 'school-unknown' })
      return found
    },
  }
}

/**
 * While the database is away, what was last known of a school: then its form still shows, with the help lines, where the school said. Nothing can
 * have changed meanwhile, for a change needs the database too. What is stored is not touched by it: a report gets no receipt then.
 */
function stillKnown(find: (key: string) => Promise<SchoolHere | null>, size = 1000) {
  const last = new Map<string, SchoolHere>()
  return async (key: string): Promise<SchoolHere | null> => {
    try {
      const found = await find(key)
      last.delete(key)
      const oldest = last.size >= size ? last.keys().next().value : undefined
      if (oldest !== undefined) last.delete(oldest)
      if (found) last.set(key, found)
      return found
    } catch (cause) {
      const known = last.get(key)
      if (known) return known
      throw cause
    }
  }
}
