/** The same trouble within a minute is one note with one number: who sends a broken token does it a thousand times. */
import type { EntryContext } from './context.ts'
import { noteTrouble, type Trouble } from './trouble.ts'

const sameForMs = 60_000
const most = 1000

export type TroubleNotes = (trouble: Trouble) => Promise<string>

export function troubleNotes(context: EntryContext): TroubleNotes {
  const noted = new Map<string, { number: Promise<string>; until: number }>()
  return trouble => {
    const { boardId = '', channel, platformId = '', code } = trouble
    const key = [boardId, channel, platformId, code].join(' ')
    const now = context.clock().getTime()
    const known = noted.get(key)
    if (known && known.until > now) return known.number
    const number = noteTrouble(context, trouble)
    const oldest = noted.size >= most ? noted.keys().next().value : undefined
    if (oldest !== undefined) noted.delete(oldest)
    noted.set(key, { number, until: now + sameForMs })
    return number
  }
}
