/**
 * Is the window in the network that the hand-off was asked from? Coarse, so that it is no track of anybody: an IPv4 /24 or an IPv6 /56 (what a
 * provider gives one connection), kept as a keyed fingerprint beside that one hand-off and gone with it after five minutes.
 */
import { isIP } from 'node:net'
import { isLoopback } from '../loopback.ts'
import type { EntryContext } from './context.ts'

/** @returns `4:192.0.2`, `6:2001:db8:0:12` (56 bits), `loopback`, or null for what is no address */
export function networkOf(address: string | undefined): string | null {
  const bare = (address ?? '').replace(/%.*$/, '').toLowerCase()
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1] ?? bare
  if (isIP(mapped) === 0) return null
  if (isLoopback(isIP(mapped) === 6 ? `[${mapped}]` : mapped)) return 'loopback'
  if (isIP(mapped) === 4) return `4:${mapped.split('.').slice(0, 3).join('.')}`
  const [a = 0, b = 0, c = 0, d = 0] = groups(mapped)
  return `6:${[a, b, c, d & 0xff00].map(part => part.toString(16)).join(':')}`
}

/** The eight groups of an IPv6 address that `isIP` found right. */
function groups(address: string): number[] {
  const [head = '', tail] = address.split('::')
  const read = (part: string) => part.split(':').flatMap(text => (text ? [Number.parseInt(text, 16)] : []))
  const [before, after] = [read(head), tail === undefined ? [] : read(tail)]
  return [...before, ...Array<number>(Math.max(0, 8 - before.length - after.length)).fill(0), ...after]
}

/** Under the school's key and for this hand-off alone: two hand-offs of one network have nothing in common. */
export async function networkTag(
  context: EntryContext,
  at: { boardId: string; handoffId: string; address: string | undefined },
): Promise<string | null> {
  const network = networkOf(at.address)
  if (!network) return null
  const keys = await context.keyring.board(at.boardId)
  return Buffer.from(keys.fingerprint('network', `${at.handoffId} ${network}`)).toString('hex')
}
