/**
 * Why a way in failed. The screen shows a number; the administrator who is told it finds here what was wrong and what to do. Codes and words of
 * the platform only: nothing of a person, no token, no address with a query.
 */
import { randomInt, randomUUID } from 'node:crypto'
import { reservedBoard, withTenant } from '../store/scope.ts'
import type { Channel } from './arrival.ts'
import type { EntryContext } from './context.ts'

/** Long enough for whoever has to mend it, short enough to be no log of visits. */
const keepDays = 14

export interface Trouble {
  /** Where it is known. */
  boardId?: string
  channel: Channel
  platformId?: string
  /** `launch-audience`, `deployment-unknown`. */
  code: string
  facts?: Record<string, string | number | boolean>
}

/** Never stands in the way of the page that tells of it. @returns the number to show, `K74-Q2M` */
export async function noteTrouble(context: EntryContext, trouble: Trouble): Promise<string> {
  const number = newNumber()
  const { boardId = reservedBoard, platformId = null, channel, code, facts = {} } = trouble
  const at = context.clock()
  const expiresAt = new Date(at.getTime() + keepDays * 86_400_000)
  const data = { boardId, id: randomUUID(), number, channel, platformId, code, facts, at, expiresAt }
  await withTenant(context.db, { boardId, role: 'system' }, tx => tx.entryTrouble.create({ data })).catch(
    (cause: unknown) => context.log.error('a failed way in could not be noted', cause),
  )
  return number
}

/** Letters and digits that nobody mistakes for each other on the telephone. */
const alphabet = '23456789ACDEFHJKMNPQRTUVWXY'
function newNumber(): string {
  const letters = Array.from({ length: 6 }, () => alphabet[randomInt(alphabet.length)]).join('')
  return `${letters.slice(0, 3)}-${letters.slice(3)}`
}
