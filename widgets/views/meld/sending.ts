/**
 * From the press to the receipt. One key and one text for a press: every retry is the same bytes, so the connector stores it once however
 * often it arrives. Nothing here says "sent"; only a receipt does.
 */
import type { Receipt } from '../../../connector/api/contract.ts'
import { ApiProblem, isPassing } from '../../kit/problem.ts'

export type SendingState =
  | { is: 'idle' }
  | { is: 'sending' }
  /** Will be tried again by itself. */
  | { is: 'waiting'; offline: boolean }
  /** Refused as it is: a person has to press, and is told to tell somebody. */
  | { is: 'failed'; code: string }
  | { is: 'received'; receipt: Receipt }

export type Sending = ReturnType<typeof createSending>

const waits = [2, 4, 8, 15, 30]

export const createSending = (
  send: (body: string, key: string, named: boolean) => Promise<Receipt>,
  changed: () => void,
) => {
  let state: SendingState = { is: 'idle' }
  let pressed: { key: string; body: string; named: boolean } | undefined
  let attempt = 0
  let timer = 0
  let underWay: typeof pressed

  const become = (next: SendingState) => {
    state = next
    changed()
  }

  const attemptNow = async () => {
    clearTimeout(timer)
    const current = pressed
    if (!current) return
    become({ is: 'sending' })
    if (underWay === current) return
    underWay = current
    try {
      const receipt = await send(current.body, current.key, current.named)
      if (pressed !== current) return // edited and pressed anew: that one's receipt counts
      pressed = undefined
      become({ is: 'received', receipt })
    } catch (problem) {
      if (pressed !== current || state.is !== 'sending') return // back at the answers; the key is kept for these bytes
      if (!isPassing(problem))
        return become({ is: 'failed', code: problem instanceof ApiProblem ? problem.code : 'unexpected' })
      const asked = problem instanceof ApiProblem ? (problem.retryAfterSeconds ?? 0) : 0
      const seconds = Math.max(waits[Math.min(attempt++, waits.length - 1)] ?? 30, Math.min(asked, 60))
      timer = setTimeout(() => void attemptNow(), seconds * 1000) as unknown as number
      become({ is: 'waiting', offline: !navigator.onLine })
    } finally {
      if (underWay === current) underWay = undefined
    }
  }

  return {
    get state() {
      return state
    },
    /** A press. The same answers pressed again are the same report: they keep their key. @param named with who is signed in */
    press: (body: string, named: boolean) => {
      if (pressed?.body !== body || pressed.named !== named) pressed = { key: crypto.randomUUID(), body, named }
      attempt = 0
      return attemptNow()
    },
    retry: attemptNow,
    /** The connection came back. */
    online: () => {
      if (state.is === 'waiting') void attemptNow()
    },
    /** Back to the answers: stops trying. An answer that is still under way and brings a receipt is shown all the same. */
    stop: () => {
      clearTimeout(timer)
      become({ is: 'idle' })
    },
    reset: () => {
      clearTimeout(timer)
      pressed = undefined
      become({ is: 'idle' })
    },
  }
}
