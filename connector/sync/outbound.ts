/**
 * The door outwards: an adapter reaches the hosts that its own options name, over TLS, and no address inside somebody's network. Addresses
 * are looked at when the connection is made, so that a name which changes its mind in between (DNS rebinding) does not help.
 */
import { lookup as systemLookup } from 'node:dns'
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net'
import type * as undici from 'undici'
import { SourceError } from '../../adapters/source.ts'
import { isLoopback } from '../loopback.ts'

export interface OutboundRules {
  /** `name` or `name:port`, as `URL.host` writes them. */
  hosts: readonly string[]
  /** Of these an operator says that they may have a private address (M5_PRIVATE_HOSTS); a loopback one of them may speak plain http. */
  privateHosts?: readonly string[]
  certificate?: { pfx: Uint8Array; passphrase: string }
  /** Tests bring a name server of their own. */
  lookup?: LookupFunction
}

/** IANA special-purpose registries: what is not a place on the internet. */
const inside = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  inside.addSubnet(net, bits, 'ipv4')
// Of IPv6 only the global unicast block is a place, less the parts that carry an IPv4 address inside, are for protocols or for documentation.
for (const [net, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  inside.addSubnet(net, bits, 'ipv6')
const global6 = new BlockList()
global6.addSubnet('2000::', 3, 'ipv6')

/** @param address as `node:dns` gives it; what is no address, or is of one network card (`fe80::1%eth0`), is nowhere else */
export function isInside(address: string): boolean {
  if (isIP(address) === 0 || address.includes('%')) return true
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return inside.check(mapped, 'ipv4')
  if (isIPv6(address)) return !global6.check(address, 'ipv6') || inside.check(address, 'ipv6')
  return inside.check(address, 'ipv4')
}

/**
 * @returns `fetch` for text and URL addresses; redirects come back as they are, never followed
 * @throws SourceError `unreachable` (final) for a host that is not on the list, plain http, or a private address
 */
export function outbound(rules: OutboundRules): typeof fetch {
  const { hosts, privateHosts = [], certificate, lookup = systemLookup as LookupFunction } = rules
  const agents = new Map<boolean, Promise<Dispatching>>()
  const agentFor = (trusted: boolean): Promise<Dispatching> => {
    const known = agents.get(trusted) ?? dispatching(trusted ? lookup : guarded(lookup), certificate)
    agents.set(trusted, known)
    return known
  }
  return (async (input: string | URL | Request, init: RequestInit = {}) => {
    if (input instanceof Request) throw new TypeError('an address is given as text or URL')
    const url = new URL(input)
    const trusted = privateHosts.some(listed => [url.hostname, url.host, withPort(url)].includes(listed))
    checkAddress(url, { hosts, trusted })
    const { fetch: send, dispatcher } = await agentFor(trusted)
    // SAFETY: the same shapes; undici's own fetch has types of its own, and is the one that takes this version's dispatcher.
    return (await send(url, { ...init, redirect: 'manual', dispatcher } as never)) as unknown as Response
  }) as typeof fetch
}

/** `URL.host` drops the port that goes without saying; an operator may have written it. */
const withPort = ({ hostname, port, protocol }: URL) => `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`

type Dispatching = { fetch: typeof undici.fetch; dispatcher: undici.Agent }

/**
 * Loaded at the first request: 25 MB that a connector which only serves does not carry. An agent of our own, so that no environment variable
 * sends a key through a proxy (HTTPS_PROXY) or takes any certificate for the source's (NODE_TLS_REJECT_UNAUTHORIZED). HTTP/1.1: HTTP/2 has no
 * way to ask for a client certificate later on, as IIS does (RFC 9113 §9.2.1).
 */
async function dispatching(lookup: LookupFunction, certificate: OutboundRules['certificate']): Promise<Dispatching> {
  const { Agent, fetch: send } = await import('undici')
  const identity = certificate ? { pfx: Buffer.from(certificate.pfx), passphrase: certificate.passphrase } : {}
  const connect = { minVersion: 'TLSv1.2', rejectUnauthorized: true, lookup, ...identity } as const
  return { fetch: send, dispatcher: new Agent({ allowH2: false, connect }) }
}

function checkAddress(url: URL, { hosts, trusted }: { hosts: readonly string[]; trusted: boolean }): void {
  if (!hosts.includes(url.host)) throw refused('the source leads to another host than its options name: not followed')
  if (url.username !== '' || url.password !== '') throw refused('an address with a password in it is not used')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && trusted && isLoopback(url.hostname)))
    throw refused('only https is spoken to a source')
  const literal = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(literal) !== 0 && isInside(literal) && !trusted) throw refused(privateSays)
}

const privateSays =
  'the source has an address inside a private network: an operator must list it in M5_PRIVATE_HOSTS when that is meant'

const refused = (message: string) => new SourceError('unreachable', message, { final: true })

/** One private address among several refuses the name: which of them is taken is not ours to say. */
function guarded(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) =>
    lookup(hostname, { ...options, all: true }, (error, found) => {
      // SAFETY: with `all` it is a list; a name server of a test may give one address.
      const all = Array.isArray(found) ? found : [{ address: found as unknown as string, family: isIP(String(found)) }]
      if (error) callback(error, [])
      else if (all.some(({ address }) => isInside(address))) callback(refused(privateSays), [])
      else if (options.all) callback(null, all)
      else callback(null, all[0]?.address ?? '', all[0]?.family)
    })
}
