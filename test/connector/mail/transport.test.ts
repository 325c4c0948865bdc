import { afterEach, describe, expect, it } from 'vitest'
import { readConfig } from '../../../connector/config.ts'
import { openTransport, type Patience, type SendResult, transportOptions } from '../../../connector/mail/transport.ts'
import { type MailServer, type MailServerOptions, mailCa, startMailServer } from '../../school/mail-server.ts'

const impatient: Patience = { step: 500, whole: 1500 }
const servers: MailServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function serverOf(options: MailServerOptions = {}): Promise<MailServer> {
  const server = await startMailServer(options)
  servers.push(server)
  return server
}

const mailAt = (url: string) => {
  const { mail } = readConfig({ M5_SMTP_URL: url, M5_MAIL_FROM: 'M5 <m5@school.example>' })
  if (!mail) throw new Error('mail is off')
  return mail
}

const send = (url: string, trusting: { ca?: string; patience?: Patience } = { ca: mailCa() }): Promise<SendResult> =>
  openTransport(mailAt(url), trusting).send({
    ...{ to: 'csv@school.example', subject: 'Proef', text: 'één', html: '<p>één</p>', messageId: '<1@school.example>' },
  })

/** This machine by an address that isLoopback does not know as one: to the connector a server somewhere. */
const elsewhere = (server: MailServer, who = '') => `smtp://${who}[::ffff:127.0.0.1]:${server.port}`

describe('a mail server', () => {
  it('on this very machine takes mail without TLS', async () => {
    const server = await serverOf()
    expect(await send(server.url)).toEqual({ sent: true })
    expect(server.mails).toMatchObject([
      { from: 'm5@school.example', to: ['csv@school.example'], subject: 'Proef', text: expect.stringContaining('één') },
    ])
    expect(server.mails[0]?.messageId).toBe('<1@school.example>')
    expect(server.mails[0]?.raw).toMatch(/^Auto-Submitted: auto-generated\r$/m)
  })

  it('takes mail over TLS from the first byte, with user and password', async () => {
    const server = await serverOf({ tls: 'tls', login: { user: 'm5@school', password: 'p:ss/w%rd' } })
    expect(await send(server.url)).toEqual({ sent: true })
    expect(server.mails[0]?.secure).toBe(true)
    expect(server.logins).toEqual(['m5@school:p:ss/w%rd'])
  })

  it('elsewhere takes mail after STARTTLS', async () => {
    const server = await serverOf({ tls: 'starttls', login: { user: 'm5', password: 'geheim' } })
    expect(await send(elsewhere(server, 'm5:geheim@'))).toEqual({ sent: true })
    expect(server.mails[0]?.secure).toBe(true)
  })

  it('elsewhere that offers no TLS hears neither the password nor the mail', async () => {
    const server = await serverOf({ login: { user: 'm5', password: 'geheim' } })
    expect(await send(elsewhere(server, 'm5:geheim@'))).toMatchObject({ sent: false, trouble: 'server' })
    expect([server.logins, server.mails]).toEqual([[], []])
  })

  it.for(['tls', 'starttls'] as const)('with a certificate that nobody vouches for gets nothing: %s', async tls => {
    const server = await serverOf({ tls, login: { user: 'm5', password: 'geheim' } })
    const url = tls === 'tls' ? server.url : elsewhere(server, 'm5:geheim@')
    const other = { sent: false, trouble: 'server', code: expect.stringMatching(/^E(TLS|SOCKET|CONNECTION)$/) }
    expect(await send(url, {})).toMatchObject(other)
    expect([server.logins, server.mails]).toEqual([[], []])
  })

  it('that does not let us in is a trouble of the server, not of the mail', async () => {
    const server = await serverOf({ tls: 'tls', login: { user: 'm5', password: 'geheim' } })
    expect(await send(server.url.replace('geheim', 'fout'))).toEqual({
      sent: false,
      trouble: 'server',
      code: '535 AUTH',
    })
  })

  it.for([
    ['later', { trouble: 'passing', code: '451 RCPT' }],
    ['never', { trouble: 'refused', code: '550 RCPT' }],
    ['content', { trouble: 'refused', code: '554 DATA' }],
    ['shut', { trouble: 'server' }],
    ['hang', { trouble: 'server', code: 'ETIMEDOUT' }],
    ['cut', { trouble: 'server' }],
  ] as const)('that is %s is told by a code, without the address', async ([mood, expected]) => {
    const server = await serverOf()
    server.mood(mood)
    const result = await send(server.url, mood === 'hang' ? { patience: impatient } : {})
    expect(result).toMatchObject({ sent: false, ...expected })
    expect(JSON.stringify(result)).not.toContain('csv')
  })

  it('that answers late has still taken it', async () => {
    const server = await serverOf()
    server.mood('slow')
    expect(await openTransport(mailAt(server.url)).send(message)).toEqual({ sent: true })
  })

  it('that is not there is told by a code', async () => {
    const server = await serverOf()
    await server.close()
    expect(await send(server.url)).toEqual({ sent: false, trouble: 'server', code: 'ESOCKET' })
  })

  it('is left when the connector stops', async () => {
    const server = await serverOf()
    server.mood('hang')
    const stop = new AbortController()
    const sending = openTransport(mailAt(server.url)).send(message, stop.signal)
    stop.abort()
    expect(await sending).toEqual({ sent: false, trouble: 'stopped', code: 'stopped' })
  })
})

const message = { to: 'a@b.example', subject: 'x', text: 'x', html: 'x', messageId: '<2@school.example>' }

describe('settings of mail', () => {
  it('want TLS wherever the server is not this machine', () => {
    const options = (url: string) => transportOptions(mailAt(url))
    expect(options('smtp://mail.school.example')).toMatchObject({ requireTLS: true, secure: false, port: 587 })
    expect(options('smtps://mail.school.example')).toMatchObject({ requireTLS: true, secure: true, port: 465 })
    expect(options('smtps://localhost')).toMatchObject({ secure: true })
    expect(options('smtp://localhost')).toMatchObject({ ignoreTLS: true })
    expect(options('smtp://[::1]:25')).toMatchObject({ ignoreTLS: true, host: '::1' })
    expect(options('smtp://localhost.school.example')).not.toHaveProperty('ignoreTLS')
  })

  it.for([
    { M5_SMTP_URL: 'smtp://mail.school.example' },
    { M5_SMTP_URL: 'https://mail.school.example', M5_MAIL_FROM: 'm5@school.example' },
    { M5_SMTP_URL: 'smtp://mail.school.example/?pool=true', M5_MAIL_FROM: 'm5@school.example' },
    { M5_SMTP_URL: 'smtp://mail.school.example', M5_MAIL_FROM: 'm5' },
    { M5_SMTP_URL: 'smtp://mail.school.example', M5_MAIL_FROM: 'a@b.example, c@d.example' },
    { M5_SMTP_URL: 'smtp://mail.school.example', M5_MAIL_FROM: 'M5 <m5@school.example>\r\nBcc: x@y.example' },
  ])('that are not right stop the start: %o', env => {
    expect(() => readConfig(env)).toThrowError(expect.objectContaining({ code: 'misconfigured' }))
  })

  it('that are absent leave mail off', () => {
    expect(readConfig({}).mail).toBeUndefined()
  })
})
