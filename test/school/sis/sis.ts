/**
 * A system of a school on localhost, over real HTTP: what every one of them has in common. Each renders the same invented school in its
 * vendor's way, checks what its vendor checks, and misbehaves on request.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { GeneratedSchool } from '../generate.ts'

/** What goes wrong with any server; `ok-with-error` and `repeated-page` are for the vendor's own answers. */
export type Fault =
  | 'slow'
  | 'unauthorized'
  | 'rate-limited'
  | 'unavailable'
  | 'garbage'
  | 'web-page'
  | 'nothing'
  | 'cut'
  | 'redirect'
  | 'ok-with-error'
  | 'repeated-page'

type VendorFault = 'ok-with-error' | 'repeated-page'
type ServerFault = Exclude<Fault, VendorFault>
const isVendors = (fault: Fault | 'ok'): fault is VendorFault => fault === 'ok-with-error' || fault === 'repeated-page'

export interface SisOptions {
  /** As it is now: a test may change it between two runs. */
  school: () => GeneratedSchool
  clock: () => Date
  host?: string
  /** 0: any free one */
  port?: number
}

export interface Sis {
  /** Of the adapter that reads it. */
  kind: string
  url: string
  /** What the adapter needs to read it, secrets included. */
  options: Record<string, unknown>
  /** The keys by which the roster will know these people. */
  sourceIdOf: { pupil(key: string): string; teacher(key: string): string }
  /** Method and path of what was asked, without query: no credential, no person. */
  requests: string[]
  /** Writes the school anew, where the source is a file. */
  publish?(): Promise<void>
  /** @param times after so many faulty answers it behaves again; absent: until told otherwise */
  behave(fault: Fault | 'ok', times?: number): void
  close(): Promise<void>
}

export type StartSis = (options: SisOptions) => Promise<Sis>

export interface Asked {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  body: string
  /** Set for the faults that only the vendor's own answer can have. */
  fault: VendorFault | undefined
}

export interface Answered {
  status?: number
  headers?: Record<string, string>
  /** An object is sent as JSON. */
  body?: string | Buffer | object
}

/** @param spared paths that never misbehave: where a fault of the data must not stop at the sign-in */
export async function startSisServer(
  answer: (asked: Asked) => Answered | Promise<Answered>,
  {
    host = '127.0.0.1',
    port = 0,
    spared = () => false,
  }: { host?: string; port?: number; spared?: (path: string) => boolean } = {},
): Promise<Pick<Sis, 'url' | 'requests' | 'behave' | 'close'>> {
  const requests: string[] = []
  let fault: Fault | 'ok' = 'ok'
  let left = Number.POSITIVE_INFINITY
  const next = (path: string): Fault | 'ok' => {
    if (fault === 'ok' || spared(path)) return 'ok'
    const now = fault
    left -= 1
    if (left <= 0) fault = 'ok'
    return now
  }
  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => outgoing.destroy())
  })
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const url = new URL(incoming.url ?? '/', 'http://sis.invalid')
    let body = ''
    for await (const chunk of incoming.setEncoding('utf8')) body += chunk
    requests.push(`${incoming.method} ${url.pathname}`)
    const now = next(url.pathname)
    const asked: Asked = {
      method: incoming.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body,
      fault: isVendors(now) ? now : undefined,
    }
    if (now !== 'ok' && !isVendors(now)) misbehave(now, outgoing)
    else send(outgoing, await answer(asked))
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    requests,
    behave(wanted, times = Number.POSITIVE_INFINITY) {
      fault = wanted
      left = times
    },
    close: () =>
      new Promise((resolve, reject) => {
        server.close(error => (error === undefined ? resolve() : reject(error)))
        server.closeAllConnections()
      }),
  }
}

function send(outgoing: ServerResponse, { status = 200, headers = {}, body = '' }: Answered): void {
  const json = typeof body === 'object' && !Buffer.isBuffer(body)
  outgoing.writeHead(status, { ...(json ? { 'content-type': 'application/json; charset=utf-8' } : {}), ...headers })
  outgoing.end(json ? JSON.stringify(body) : body)
}

function misbehave(fault: ServerFault, outgoing: ServerResponse): void {
  switch (fault) {
    case 'slow':
      outgoing.writeHead(200, { 'content-type': 'application/json' })
      outgoing.write('{')
      return
    case 'unauthorized':
      send(outgoing, { status: 401, body: 'no' })
      return
    case 'rate-limited':
      // Plain text and a fraction of a second, as seen in the wild.
      send(outgoing, { status: 429, headers: { 'retry-after': '2.128' }, body: 'too many requests' })
      return
    case 'unavailable':
      send(outgoing, { status: 503, headers: { 'content-type': 'text/html' }, body: '<html>down</html>' })
      return
    case 'garbage':
      send(outgoing, { body: Buffer.from(Array.from({ length: 2000 }, (_, n) => (n * 37 + 200) % 256)) })
      return
    case 'web-page':
      send(outgoing, { headers: { 'content-type': 'text/html' }, body: '<!DOCTYPE html><html>Onderhoud</html>' })
      return
    case 'nothing':
      send(outgoing, {})
      return
    case 'cut':
      outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': 100_000 })
      outgoing.write('{"', () => outgoing.destroy())
      return
    case 'redirect':
      send(outgoing, { status: 302, headers: { location: 'http://127.0.0.1:1/elsewhere?key=CANARY' } })
  }
}
