/**
 * Outwards to an address that somebody else gave us: an LMS, a portal, a school's sign-in. One host for each, over TLS, never inside a private
 * network, redirects never followed (sync/outbound.ts). Where we ourselves run on this very machine, so may they.
 */
import type { Config } from './config.ts'
import { isLoopback } from './loopback.ts'
import { outbound } from './sync/outbound.ts'

/** @returns `fetch` for addresses of that address's host alone */
export type Outward = (address: URL) => typeof fetch

const mostHosts = 500

export function openOutward({ url, privateHosts }: Pick<Config, 'url' | 'privateHosts'>): Outward {
  const doors = new Map<string, typeof fetch>()
  return ({ host, hostname }) => {
    const known = doors.get(host)
    if (known) return known
    const local = isLoopback(url.hostname) && isLoopback(hostname)
    const door = outbound({ hosts: [host], privateHosts: local ? [...privateHosts, host] : privateHosts })
    const oldest = doors.size >= mostHosts ? doors.keys().next().value : undefined
    if (oldest !== undefined) doors.delete(oldest)
    doors.set(host, door)
    return door
  }
}
