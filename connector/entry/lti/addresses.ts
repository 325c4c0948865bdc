/** Addresses that a platform gives, and the ones that it is given. */
import { isLoopback } from '../../loopback.ts'

/** https; http where both they and we are this very machine. Nothing else: no password, no fragment. Null: not to be used. */
export function addressOf(text: unknown, own: URL): URL | null {
  const url = typeof text === 'string' && text.length <= 2000 ? URL.parse(text) : null
  if (!url || url.username || url.password || url.hash) return null
  const local = isLoopback(own.hostname) && isLoopback(url.hostname)
  return url.protocol === 'https:' || (url.protocol === 'http:' && local) ? url : null
}

/** Ours, as every platform must have them, literally. */
export const toolAddresses = (own: URL) => ({
  login: new URL('/lti/login', own).href,
  launch: new URL('/lti/launch', own).href,
  jwks: new URL('/lti/jwks', own).href,
  stopknop: new URL('/meld', own).href,
  groep: new URL('/groep', own).href,
})

/** What a teacher sees in the list of the LMS. Information and help are the same item as reporting, so that opening it is no signal. */
export const items = {
  stopknop: {
    title: 'Stopknop, informatie en hulp',
    text: 'Lezen wat helpt als iemand gepest wordt, of vertellen wat er gebeurt. Voor iedereen.',
  },
  groep: { title: 'Groepspaneel', text: 'Voor leerkrachten en mentoren: wat er speelt in de eigen groep.' },
} as const
export type Item = keyof typeof items
