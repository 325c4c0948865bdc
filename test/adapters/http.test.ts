import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { type HttpRequest, request, retryAfter } from '../../adapters/http.ts'
import { context, now } from './support.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/path?secret=CANARY`
}

const asked = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  url,
  headers: { authorization: 'CANARY' },
  timeoutMs: 2_000,
  maxBytes: 100_000,
  ...more,
})

async function whole(url: string, more: Partial<HttpRequest> = {}, given = context()): Promise<string> {
  const { body } = await request(given, asked(url, more))
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

async function failure(url: string, more: Partial<HttpRequest> = {}, given = context()) {
  const error = await whole(url, more, given).then(
    () => undefined,
    caught => caught,
  )
  expect(`${error?.message} ${error?.cause}`).not.toMatch(/CANARY|127\.0\.0\.1/)
  return error
}

describe('one request', () => {
  it('gives status, length and body', async () => {
    const url = await serve((_, answer) => answer.setHeader('content-length', 5).end('hello'))
    expect(await whole(url)).toBe('hello')
    expect((await request(context(), asked(url))).length).toBe(5)
  })

  it.each([
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'malformed'],
    [408, 'unreachable'],
    [429, 'rate-limited'],
    [500, 'unreachable'],
    [503, 'unreachable'],
  ])('HTTP %d is %s', async (status, code) => {
    expect(await failure(await serve((_, answer) => answer.writeHead(status).end('CANARY')))).toMatchObject({ code })
  })

  it('follows no redirect', async () => {
    let reached = 0
    const target = await serve((_, answer) => {
      reached += 1
      answer.end()
    })
    const url = await serve((_, answer) => answer.writeHead(307, { location: target }).end())
    expect(await failure(url)).toMatchObject({ code: 'unreachable' })
    expect(reached).toBe(0)
  })

  it('shows the body of an error status only to who asks for it', async () => {
    const url = await serve((_, answer) => answer.writeHead(500).end('fault'))
    expect(await whole(url, { readBodyOf: [500] })).toBe('fault')
    expect(await failure(url)).toMatchObject({ code: 'unreachable' })
  })

  it('refuses a declared length above the cap before reading', async () => {
    const url = await serve((_, answer) => answer.writeHead(200, { 'content-length': 10_000_000 }).write('x'))
    expect(await failure(url)).toMatchObject({ code: 'malformed' })
  })

  it('refuses a body that grows past the cap, also when it arrives small and compressed', async () => {
    const small = gzipSync(Buffer.alloc(5_000_000))
    expect(small.length).toBeLessThan(100_000)
    const url = await serve((_, answer) => answer.setHeader('content-encoding', 'gzip').end(small))
    expect(await failure(url)).toMatchObject({
      code: 'malformed',
      message: expect.stringContaining('larger than 100000 bytes'),
    })
  })

  it('says incomplete when the connection is cut halfway', async () => {
    const url = await serve((_, answer) =>
      answer.writeHead(200, { 'content-length': 100 }).write('half', () => answer.destroy()),
    )
    expect(await failure(url)).toMatchObject({ code: 'incomplete' })
  })

  it('says incomplete when the rest does not come in time, unreachable when nothing does', async () => {
    const dripping = await serve((_, answer) => answer.writeHead(200).write('half'))
    expect(await failure(dripping, { timeoutMs: 60 })).toMatchObject({
      code: 'incomplete',
      message: expect.stringContaining('in time'),
    })
    const silent = await serve(() => {})
    expect(await failure(silent, { timeoutMs: 60 })).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('in time'),
    })
  })

  it('says unreachable when nobody listens', async () => {
    const url = await serve(() => {})
    for (const close of closing.splice(0)) close()
    expect(await failure(url)).toMatchObject({ code: 'unreachable', message: expect.stringContaining('ECONNREFUSED') })
  })

  it('stops when the run stops', async () => {
    const stop = new AbortController()
    const url = await serve(() => stop.abort())
    expect(await failure(url, {}, context({ signal: stop.signal }))).toMatchObject({ code: 'unreachable' })
  })
})

it.each([
  ['60', 60_000],
  ['2.128', 2_128],
  ['0', 0],
  ['-5', 0],
  ['86400', 3_600_000],
  [new Date(now.getTime() + 90_000).toUTCString(), 90_000],
  [new Date(now.getTime() - 90_000).toUTCString(), 0],
  ['soon', undefined],
  ['', undefined],
  [null, undefined],
])('Retry-After %s is %s ms', (header, ms) => expect(retryAfter(header, now)).toBe(ms))
