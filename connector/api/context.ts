/** What the API is given, and how it finds the school that a page speaks for. */
import type { Access } from '../entry/access.ts'
import type { EntryContext } from '../entry/context.ts'
import { AppError } from '../errors.ts'
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
      const signIns = await tx.signIn.count({ where: { boardId, schoolId } })
      return { ...facts, origins: origins.map(o => o.origin), signIn: signIns > 0 }
    })
  })
  return {
    ...entry,
    access,
    async school(key) {
      const found = typeof key === 'string' && key.length <= 64 ? await find(key) : null
      if (!found) throw new AppError('not-found', 'This school is not known here.', { reason: 'school-unknown' })
      return found
    },
  }
}
