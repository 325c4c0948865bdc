/** What the small sites of the school share: a server on an address of its own, and HTML that is escaped. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Site {
  /** Origin, without a slash at the end. */
  origin: string
  close(): Promise<void>
}

/** @param port 0 takes a free one */
export async function listen(listener: RequestListener, host: string, port: number): Promise<Site> {
  const server = createServer(listener)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  // SAFETY: a listening TCP server has an address with a port.
  const address = server.address() as AddressInfo
  return {
    origin: `http://${host}:${address.port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close(error => (error === undefined ? resolve() : reject(error)))
        server.closeAllConnections()
      }),
  }
}

export function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    'Content-Type': `${type}; charset=utf-8`,
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  })
  response.end(body)
}

/** @throws RangeError above 64 kB */
export async function formBody(request: IncomingMessage): Promise<URLSearchParams> {
  let body = ''
  for await (const chunk of request) {
    body += String(chunk)
    if (body.length > 65_536) throw new RangeError('the form is too large')
  }
  return new URLSearchParams(body)
}

export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Piece = string | number | Html | undefined | false | readonly Piece[]

/** A tagged template that escapes whatever is not already `Html`. */
export function html(strings: TemplateStringsArray, ...pieces: Piece[]): Html {
  return new Html(strings.map((part, i) => part + (i < pieces.length ? render(pieces[i]) : '')).join(''))
}

function render(piece: Piece): string {
  if (piece === undefined || piece === false) return ''
  if (piece instanceof Html) return piece.text
  if (typeof piece === 'object') return piece.map(render).join('')
  return String(piece)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
