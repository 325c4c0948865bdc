/**
 * Sends what is due. A row is taken for the time of its lease, sent outside any transaction, and then said to be sent: whoever is killed between the
 * two sends twice, and nothing is lost. What cannot be sent is tried again, for three days, and then given up where people see it.
 */
import type { Log } from '../log.ts'
import type { Tx } from '../store/database.ts'
import { settleMail, type TakenMail, takeMail } from '../store/mail-items.ts'
import { withTenant } from '../store/scope.ts'
import { ofReports } from './kinds.ts'
import { write } from './letter.ts'
import { sending } from './queue.ts'
import { type RenderContext, render } from './render.ts'
import { tellOthers } from './sweep.ts'
import type { SendResult, Transport } from './transport.ts'

export interface OutboxContext extends RenderContext {
  log: Log
  clock: () => Date
  transport: Transport
}

const minuteMs = 60_000
/** Longer than a sending may take (transport.ts): nobody else takes a mail that is being sent. */
const leaseMs = 3 * minuteMs
/** Mails at a time of one connector. */
const lanes = 3
/** Of one board before the next has its turn, by lane. */
const perRound = 50

const giveUpMs = 3 * 24 * 60 * minuteMs
const leastTries = 5
/** Who says 5xx says it again; some say it while they are being repaired. */
const refusedTries = 3
const waits = [1, 5, 15, 60, 180]

/** When to try again, or null: given up. Ours, after RFC 5321 §4.5.4.1 (retry for days, ever more slowly). */
export function nextTry(
  { urgent, tries, createdAt }: Pick<TakenMail, 'urgent' | 'tries' | 'createdAt'>,
  trouble: 'server' | 'passing' | 'refused',
  now: Date,
): Date | null {
  if (trouble === 'refused' && tries >= refusedTries) return null
  if (tries >= leastTries && now.getTime() - createdAt.getTime() > giveUpMs) return null
  // A server that is away is asked every minute, whatever waits for it: when it is back nobody waits for an hour.
  if (trouble === 'server') return new Date(now.getTime() + minuteMs)
  const minutes = waits[Math.min(tries, waits.length) - 1] ?? 1
  return new Date(now.getTime() + Math.min(minutes, urgent ? 5 : minutes) * minuteMs)
}

/** @returns how many were sent */
export async function sendDue(ctx: OutboxContext, boardIds: readonly string[], signal?: AbortSignal): Promise<number> {
  let sent = 0
  let away = false
  for (let more = true; more && !away && !signal?.aborted; ) {
    more = false
    for (const boardId of boardIds) {
      const lane = async () => {
        for (let i = 0; i < perRound; i++) {
          if (away || signal?.aborted) return false
          const result = await sendNext(ctx, boardId, signal)
          if (result === 'none') return false
          if (result === 'sent') sent += 1
          if (result === 'away') away = true
        }
        return true
      }
      const full = await Promise.all(Array.from({ length: lanes }, lane)).catch((cause: unknown) => {
        ctx.log.error('mail of a board was not sent', cause, { boardId })
        return [false]
      })
      more ||= full.includes(true)
    }
  }
  return sent
}

type Next = 'none' | 'sent' | 'not' | 'away'

async function sendNext(ctx: OutboxContext, boardId: string, signal?: AbortSignal): Promise<Next> {
  const system = { boardId, role: 'system' as const }
  const now = ctx.clock()
  const until = new Date(now.getTime() + leaseMs)
  const mail = await withTenant(ctx.db, system, tx => takeMail(tx, { boardId, now, until, code: sending }))
  if (!mail) return 'none'
  const rendered = await render(ctx, boardId, mail, now).catch((cause: unknown) => {
    ctx.log.error('a mail cannot be written', cause, { boardId, schoolId: mail.schoolId })
    return null
  })
  if (rendered === null) return settle(ctx, boardId, mail, { sent: false, trouble: 'passing', code: 'unwritten' })
  if (rendered.now === 'wait') {
    const change = { dueAt: rendered.until, lastCode: null, tries: mail.tries - 1 }
    await withTenant(ctx.db, system, tx => settleMail(tx, boardId, mail, change))
    return 'not'
  }
  if (rendered.now === 'drop') {
    await giveUp(ctx, boardId, mail, { state: 'dropped', code: rendered.code })
    return 'not'
  }
  const { to, letter, language } = rendered
  const messageId = `<${mail.id}@${ctx.url.hostname}>`
  const result = await ctx.transport.send({ ...write(letter, language), to, messageId }, signal)
  return settle(ctx, boardId, mail, result)
}

async function settle(ctx: OutboxContext, boardId: string, mail: TakenMail, result: SendResult): Promise<Next> {
  const system = { boardId, role: 'system' as const }
  const now = ctx.clock()
  if (result.sent) {
    const change = { state: 'sent', sentAt: now, lastCode: null } as const
    await withTenant(ctx.db, system, tx => settleMail(tx, boardId, mail, change))
    return 'sent'
  }
  const { trouble, code } = result
  if (trouble === 'stopped') {
    // Another connector may take it at once: it may come twice.
    const change = { dueAt: now, lastCode: code, tries: mail.tries - 1 }
    await withTenant(ctx.db, system, tx => settleMail(tx, boardId, mail, change))
    return 'not'
  }
  ctx.log.warn('a mail was not sent', {
    boardId,
    schoolId: mail.schoolId,
    code: mail.kind,
    reason: code,
    count: mail.tries,
  })
  const dueAt = nextTry(mail, trouble, now)
  if (dueAt === null) await giveUp(ctx, boardId, mail, { state: 'failed', code })
  else await withTenant(ctx.db, system, tx => settleMail(tx, boardId, mail, { dueAt, lastCode: code }))
  return trouble === 'server' ? 'away' : 'not'
}

interface End {
  state: 'failed' | 'dropped'
  code: string
}

/** Of reports somebody must hear: in the same transaction others are told. */
async function giveUp(ctx: OutboxContext, boardId: string, mail: TakenMail, { state, code }: End): Promise<void> {
  const { schoolId, kind, personId } = mail
  const now = ctx.clock()
  const keys = await ctx.keyring.board(boardId)
  const others = async (tx: Tx) => {
    if (!(await settleMail(tx, boardId, mail, { state, lastCode: code })) || !ofReports.includes(kind)) return null
    return tellOthers(tx, keys, { boardId, schoolId, now, kind, not: personId })
  }
  const told = await withTenant(ctx.db, { boardId, role: 'system' }, others)
  ctx.log.warn('a mail was given up', {
    boardId,
    schoolId,
    code: kind,
    reason: code,
    ...(told === null ? {} : { count: told }),
  })
}
