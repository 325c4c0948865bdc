/** The one source of every package: what a platform may know of a school. Nothing of it is secret; all of it stands in web pages. */
import { createHash } from 'node:crypto'

export interface Source {
  /** The connector's public address. */
  url: URL
  /** Of the connector: `1.4.2`. */
  version: string
  board: string
  school: { name: string; key: string }
  /** The school's own sign-ins, with the address that their issuer must know. */
  signIns: readonly { label: string; issuer: string; clientId: string; redirect: string }[]
  /** Client ids of the school's app registrations for Teams. */
  teamsClientIds: readonly string[]
  /** The m5.js of this version, for its integrity. */
  script: Uint8Array
}

/** Path in the package → content. Pure: the same source gives the same bytes. */
export type Files = Map<string, string | Uint8Array>

export const linkTo = ({ url, school }: Source, view: 'meld' | 'groep'): string =>
  new URL(`/${view}?s=${encodeURIComponent(school.key)}`, url).href

/** An id that is always the same for the same words, in the form of a UUID (version 8, RFC 9562: our own). */
export function steadyId(...words: string[]): string {
  const hex = createHash('sha256').update(words.join('\0')).digest('hex')
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`
}

/** As `integrity` of a script wants it. */
export const integrityOf = (content: Uint8Array): string =>
  `sha384-${createHash('sha384').update(content).digest('base64')}`

export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
