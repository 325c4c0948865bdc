/** Who is behind an access token, as it stands now: asked at every request, so one statement (read_session of the migrations). */
import type { Database } from './database.ts'

export interface SessionNow {
  personId: string
  schoolId: string
  channel: string
  acr: string | null
  authTime: Date
  /** The session goes on, and the person is active and of this school. */
  live: boolean
  /** Roles that the roster gives in this school. */
  kinds: string[]
}

export async function readSession(
  db: Pick<Database, 'pool'>,
  boardId: string,
  sessionId: string,
): Promise<SessionNow | null> {
  const { rows } = await db.pool.query<{
    person: string
    school: string
    channel: string
    acr: string | null
    auth_time: Date
    live: boolean
    kinds: string[]
  }>({ name: 'read_session', text: 'select * from read_session($1, $2)', values: [boardId, sessionId] })
  const row = rows[0]
  if (!row) return null
  const { person, school, auth_time, ...rest } = row
  return { personId: person, schoolId: school, authTime: auth_time, ...rest }
}
