/**
 * How fast words may be tried. Each try takes the next free turn of its network at its school, and of the school as a whole; who finds none
 * free now waits for it, so that guessing many at once is no faster than one after the other. Nobody is shut out: after a pause anybody has a
 * turn. Turns are rows of Once (keyed fingerprints, gone within minutes), so that several connectors count together; this one remembers where
 * the free ones begin.
 *
 * At the rate of a whole school's turns, with 500 codes open, a hit takes weeks of trying without a pause, and shows a word such as "read".
 */
import type { Database } from '../store/database.ts'
import type { Keyring } from '../store/keyring.ts'
import { claimOnce } from '../store/once.ts'

const spanMs = 10_000
/** Turns in ten seconds. A class that tries together does not notice. Ours. */
const ofOneNetwork = 20
const ofOneSchool = 30
/** How far ahead a turn is given: longer than half a minute nobody waits for a page. */
const spansAhead = 3

export interface TurnsContext {
  db: Pick<Database, 'pool'>
  keyring: Keyring
  clock: () => Date
}

export interface Turns {
  /** @returns milliseconds to wait before looking, or null when all turns of the next half minute are taken */
  take(school: { boardId: string; id: string }, network: string | null): Promise<number | null>
}

export function openTurns(context: TurnsContext): Turns {
  /** Per fingerprint: the first turn that may be free. */
  const free = new Map<string, number>()

  /** Turns are numbered through the spans: span × size + place. */
  async function next(boardId: string, whose: string, size: number, now: number): Promise<number | null> {
    const span = Math.floor(now / spanMs)
    const keys = await context.keyring.board(boardId)
    const tag = Buffer.from(keys.fingerprint('network', `receipt-code ${whose}`)).toString('hex')
    if (free.size > 10_000) free.clear()
    for (;;) {
      const known = free.get(tag) ?? 0
      // What lies further ahead than any turn is given was written before the clock was put back.
      const turn = known > (span + spansAhead + 1) * size ? span * size : Math.max(known, span * size)
      const at = Math.floor(turn / size)
      if (at > span + spansAhead) return null
      free.set(tag, turn + 1)
      const expiresAt = new Date((at + spansAhead + 1) * spanMs)
      if (await claimOnce(context.db, { boardId, kind: 'code-turn', value: `${tag} ${turn}`, expiresAt }))
        return Math.max(0, at * spanMs - now)
    }
  }

  return {
    async take({ boardId, id }, network) {
      const now = context.clock().getTime()
      const mine = await next(boardId, `${id} ${network ?? '?'}`, ofOneNetwork, now)
      if (mine === null) return null
      const all = await next(boardId, id, ofOneSchool, now)
      return all === null ? null : Math.max(mine, all)
    },
  }
}
