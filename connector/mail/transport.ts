/** The way to the school's mail server: one connection a mail, TLS always but on this very machine, and an end to every wait. */
import { createTransport } from 'nodemailer'
import type { MailConfig } from '../config.ts'
import { isLoopback } from '../loopback.ts'
import type { Written } from './letter.ts'

export interface Message extends Written {
  /** One address. */
  to: string
  /** The same for every try of one mail, so that a mailbox can tell a second copy. */
  messageId: string
}

/** `server`: nothing is wrong with this mail. `refused`: it will be refused again. */
export type SendResult =
  | { sent: true }
  | { sent: false; trouble: 'server' | 'passing' | 'refused' | 'stopped'; code: string }

export interface Transport {
  /** Never throws. */
  send(message: Message, signal?: AbortSignal): Promise<SendResult>
}

/** Milliseconds: of each step, and of the whole. */
export interface Patience {
  step: number
  whole: number
}
const usual: Patience = { step: 15_000, whole: 60_000 }

/** What nodemailer is given. @param more for a server whose certificate nobody in public signed */
export function transportOptions(mail: MailConfig, { step }: Patience = usual, more: { ca?: string } = {}) {
  const { host, port, secure, user, password } = mail
  const plain = !secure && isLoopback(host)
  return {
    // A URL has brackets around an IPv6 address, a socket has none.
    ...{ host: host.replace(/^\[(.*)\]$/, '$1'), port, secure },
    // On this very machine nobody listens in; everywhere else a server that offers no TLS is told nothing, not even the password.
    ...(plain ? { ignoreTLS: true } : { requireTLS: true }),
    tls: { minVersion: 'TLSv1.2' as const, ...more },
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
    ...{ connectionTimeout: step, greetingTimeout: step, socketTimeout: step, dnsTimeout: step },
    ...{ disableFileAccess: true, disableUrlAccess: true },
  }
}

export function openTransport(
  mail: MailConfig,
  { patience = usual, ...more }: { patience?: Patience; ca?: string } = {},
): Transport {
  const transport = createTransport(transportOptions(mail, patience, more))
  return {
    async send({ to, subject, text, html, messageId }, signal) {
      const tooLong = AbortSignal.timeout(patience.whole)
      try {
        await transport.sendMail({
          ...{ from: mail.from, to: { name: '', address: to }, subject, text, html, messageId },
          // Nobody's absence note answers (RFC 3834; Exchange has a header of its own).
          headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
          signal: signal ? AbortSignal.any([signal, tooLong]) : tooLong,
        })
        return { sent: true }
      } catch (error) {
        if (signal?.aborted) return { sent: false, trouble: 'stopped', code: 'stopped' }
        return tooLong.aborted ? { sent: false, trouble: 'server', code: 'ETIMEDOUT' } : failure(error)
      }
    },
  }
}

/**
 * A code and a command, and never what the server said: it likes to repeat the address.
 * Source: nodemailer's errors (`code`, `command`, `responseCode`); RFC 5321 §4.2.1 and §4.3.2.
 */
export function failure(error: unknown): SendResult & { sent: false } {
  const { code, command, responseCode } = error as { code?: unknown; command?: unknown; responseCode?: unknown }
  const verb = /^[A-Z]+/.exec(typeof command === 'string' ? command : '')?.[0] ?? ''
  const name = typeof code === 'string' && /^[A-Z]{2,30}$/.test(code) ? code : 'EUNKNOWN'
  if (typeof responseCode !== 'number') return { sent: false, trouble: 'server', code: name }
  const said = [String(responseCode), verb].filter(Boolean).join(' ')
  // Before a recipient was named it is not about this mail: wrong password, sender not allowed, shutting down.
  const early = ['CONN', 'EHLO', 'HELO', 'STARTTLS', 'AUTH', 'MAIL'].includes(verb) || responseCode === 421
  if (early || name === 'EAUTH') return { sent: false, trouble: 'server', code: said }
  return { sent: false, trouble: responseCode >= 500 ? 'refused' : 'passing', code: said }
}
