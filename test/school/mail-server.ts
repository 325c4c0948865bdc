/** The school's mail server on localhost: real SMTP, with TLS or without, that can also be all that mail servers are on a bad day. */
import { readFileSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

/**
 * `later` 451 and `never` 550 at the recipient, `content` 554 after the mail; `hang`: no greeting; `cut`: takes the whole mail and is gone without an
 * answer; `slow`: answers late; `shut`: closes at once.
 */
export type Mood = 'well' | 'later' | 'never' | 'content' | 'hang' | 'cut' | 'slow' | 'shut'

export interface Delivered {
  from: string
  to: string[]
  /** As it came: headers and body. */
  raw: string
  subject: string
  text: string
  html: string
  messageId: string
  secure: boolean
}

export interface MailServer {
  /** For M5_SMTP_URL. */
  url: string
  port: number
  /** Mails that it took, or cut off after it had the whole of them. */
  mails: Delivered[]
  /** Who logged in, `user:password`. */
  logins: string[]
  mood(mood: Mood): void
  /** Resolves when there are so many. */
  until(count: number): Promise<Delivered[]>
  close(): Promise<void>
}

export interface MailServerOptions {
  /** `plain`: offers no TLS; `starttls`; `tls` from the first byte. */
  tls?: 'plain' | 'starttls' | 'tls'
  login?: { user: string; password: string }
  /** By the address: a school has mailboxes that do not exist. */
  moods?: Record<string, Mood>
}

const file = (name: string) => readFileSync(new URL(`../fixtures/mail/${name}`, import.meta.url), 'utf8')
/** Of its certificate; nobody in public knows it. */
export const mailCa = () => file('ca.crt')

const refusal = (responseCode: number, text: string) => Object.assign(new Error(text), { responseCode })

export async function startMailServer({
  tls = 'plain',
  login,
  moods = {},
}: MailServerOptions = {}): Promise<MailServer> {
  const mails: Delivered[] = []
  const logins: string[] = []
  const waiting: { count: number; resolve: (mails: Delivered[]) => void }[] = []
  const sockets = new Set<Socket>()
  let mood: Mood = 'well'
  const options: SMTPServerOptions = {
    ...{ secure: tls === 'tls', key: file('server.key'), cert: file('server.crt') },
    disabledCommands: [...(tls === 'starttls' ? [] : ['STARTTLS']), ...(login ? [] : ['AUTH'])],
    ...{ authOptional: !login, allowInsecureAuth: true, disableReverseLookup: true, logger: false, closeTimeout: 1 },
    onConnect(_session, callback) {
      if (mood !== 'hang') callback(mood === 'shut' ? refusal(421, 'not now') : null)
    },
    onAuth({ username, password }, _session, callback) {
      logins.push(`${username}:${password}`)
      if (username === login?.user && password === login?.password) callback(null, { user: username })
      else callback(refusal(535, `no ${username}`))
    },
    onRcptTo({ address }, _session, callback) {
      const now = moods[address] ?? mood
      if (now === 'later') callback(refusal(451, `4.7.1 ${address}: try again`))
      else if (now === 'never') callback(refusal(550, `5.1.1 ${address}: nobody here`))
      else callback()
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', async () => {
        const to = session.envelope.rcptTo.map(each => each.address)
        const now = moods[to[0] ?? ''] ?? mood
        if (now === 'content') return callback(refusal(554, `no spam to ${to.join()}`))
        const from = session.envelope.mailFrom ? session.envelope.mailFrom.address : ''
        mails.push({ from, to, secure: session.secure, ...read(Buffer.concat(chunks).toString('latin1')) })
        for (const each of waiting) if (mails.length >= each.count) each.resolve(mails)
        if (now === 'cut') for (const socket of sockets) socket.destroy()
        if (now === 'slow') await wait(300)
        callback()
      })
    },
  }
  const server = new SMTPServer(options)
  server.on('error', () => {})
  // Destroying what lies under a TLS socket whose handshake failed ends the process (Node 24.21: a segmentation fault).
  server.server.on(tls === 'tls' ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.server.address() as AddressInfo
  const who = login ? `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@` : ''
  return {
    ...{ port, mails, logins },
    url: `${tls === 'tls' ? 'smtps' : 'smtp'}://${who}127.0.0.1:${port}`,
    mood(next) {
      mood = next
    },
    until: count =>
      mails.length >= count ? Promise.resolve(mails) : new Promise(resolve => waiting.push({ count, resolve })),
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

/** One mail of two parts, decoded as a mail program would. */
function read(raw: string): Pick<Delivered, 'raw' | 'subject' | 'text' | 'html' | 'messageId'> {
  const [head = ''] = raw.split('\r\n\r\n')
  const parts = raw.split(/\r\n--[^\r\n]+/)
  const body = (type: string) => {
    const part = parts.find(each => new RegExp(`content-type: ${type}`, 'i').test(each.split('\r\n\r\n')[0] ?? ''))
    return part ? decoded(part) : ''
  }
  return {
    ...{ raw, subject: words(header(head, 'subject')), messageId: header(head, 'message-id') },
    ...{ text: body('text/plain'), html: body('text/html') },
  }
}

const header = (head: string, name: string): string =>
  (new RegExp(`^${name}: ([^\\r\\n]*(?:\\r\\n[ \\t][^\\r\\n]*)*)`, 'im').exec(head)?.[1] ?? '').replace(
    /\r\n[ \t]+/g,
    ' ',
  )

function decoded(part: string): string {
  const at = part.indexOf('\r\n\r\n')
  const [head, body] = [part.slice(0, at), part.slice(at + 4)]
  const how = /content-transfer-encoding: (\S+)/i.exec(head)?.[1]?.toLowerCase()
  if (how === 'base64') return Buffer.from(body, 'base64').toString('utf8')
  if (how === 'quoted-printable') return quoted(body.replace(/=\r\n/g, ''))
  return Buffer.from(body, 'latin1').toString('utf8')
}

const quoted = (text: string): string =>
  Buffer.from(
    text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('utf8')

/** RFC 2047. */
const words = (text: string): string =>
  text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, how: string, value: string) =>
      how.toLowerCase() === 'b' ? Buffer.from(value, 'base64').toString('utf8') : quoted(value.replaceAll('_', ' ')),
    )
