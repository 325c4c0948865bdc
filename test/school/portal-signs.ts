/**
 * A portal with a server: people sign in there, and its server tells the connector who sits there by exactly the files that a portal is handed
 * (manifest/portal).
 */
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { folder } from '../../connector/manifest/fill.ts'
import { send } from './site.ts'

/** As the builder of the packages leaves them, with a key beside them. @returns the directory; the caller removes it */
export function unpackPortal({ connector, schoolKey }: { connector: string; schoolKey: string }): string {
  const at = mkdtempSync(join(tmpdir(), 'm5-portal-'))
  for (const [path, content] of folder('portal', { url: connector, key: schoolKey, school: 'De Vuurvlinder' })) {
    mkdirSync(join(at, path, '..'), { recursive: true })
    writeFileSync(join(at, path), content)
  }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  for (const language of ['node', 'php']) writeFileSync(join(at, language, 'm5-key.pem'), pem, { mode: 0o600 })
  return at
}

interface KeySet {
  keys: Record<string, string>[]
}
export interface PortalSigner {
  keySet(): KeySet
  token(issuer: string, origin: string, sub: string): string
}

interface NodeExample {
  keySet(): KeySet
  m5Token(issuer: string, origin: string, sub: string): string
}

export async function nodeSigner(at: string): Promise<PortalSigner> {
  // SAFETY: the file of manifest/portal, with these two exports; the test that calls them sees when they change.
  const { keySet, m5Token } = (await import(pathToFileURL(join(at, 'node/m5-token.mjs')).href)) as NodeExample
  return { keySet, token: m5Token }
}

export const hasPhp = (() => {
  try {
    return execFileSync('php', ['-r', 'echo extension_loaded("openssl") ? "yes" : "";'], { encoding: 'utf8' }) === 'yes'
  } catch {
    return false
  }
})()

export function phpSigner(at: string): PortalSigner {
  const php = (...args: string[]) => execFileSync('php', args, { cwd: join(at, 'php'), encoding: 'utf8' })
  const call = 'require "m5-token.php"; echo m5_token($argv[1], $argv[2], $argv[3]);'
  return {
    keySet: () => JSON.parse(php('jwks.php')) as KeySet,
    token: (issuer, origin, sub) => php('-r', call, '--', issuer, origin, sub),
  }
}

export interface SigningPages {
  /** @returns false for what is not its */
  handle(request: IncomingMessage, response: ServerResponse, origin: string): boolean
  close(): void
}

/** `/inloggen?als=SUB` signs in at the portal, `/uitloggen` out. */
export async function signingPages(to: { connector: string; schoolKey: string }): Promise<SigningPages> {
  const at = unpackPortal(to)
  const { keySet, token } = await nodeSigner(at)
  const script = readFileSync(join(at, 'm5-page.js'), 'utf8')
  const seated = new Map<string, string>()
  const here = (request: IncomingMessage) =>
    seated.get(/(?:^|; )portaal=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '')
  const fresh = { 'Cache-Control': 'no-store' }
  return {
    handle(request, response, origin) {
      const { pathname, searchParams } = new URL(request.url ?? '/', origin)
      switch (pathname) {
        case '/inloggen': {
          const id = randomUUID()
          seated.set(id, searchParams.get('als') ?? '')
          const cookie = `portaal=${id}; Path=/; HttpOnly; SameSite=Strict`
          send(response, 303, 'text/plain', '', { Location: '/', 'Set-Cookie': cookie })
          return true
        }
        case '/uitloggen':
          send(response, 303, 'text/plain', '', { Location: '/', 'Set-Cookie': 'portaal=; Path=/; Max-Age=0' })
          return true
        case '/jwks.json':
          send(response, 200, 'application/json', JSON.stringify(keySet()))
          return true
        case '/m5-page.js':
          send(response, 200, 'text/javascript', script)
          return true
        case '/m5-token': {
          const who = here(request)
          const own = request.method === 'POST' && request.headers['sec-fetch-site'] === 'same-origin'
          send(response, own ? 200 : 405, 'text/plain', own && who ? token(origin, origin, who) : '', fresh)
          return true
        }
        default:
          return false
      }
    },
    close: () => rmSync(at, { recursive: true, force: true }),
  }
}
