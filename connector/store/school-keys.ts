/** From the publishable key in a page to the school: routing, not secrecy. */
import type { Database } from './database.ts'
import { routesTo } from './routes.ts'

export interface SchoolAt {
  boardId: string
  schoolId: string
}

export async function schoolByKey(db: Database, key: string): Promise<SchoolAt | null> {
  if (!/^pk_[A-Za-z0-9_-]{8,60}$/.test(key)) return null
  const [route] = await routesTo(db, 'school-key', key)
  return route ? { boardId: route.toBoardId, schoolId: route.toId } : null
}
