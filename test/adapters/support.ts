/** Fixtures and a context for the adapters' tests. */
import { readFileSync } from 'node:fs'
import { readEdexml } from '../../adapters/edexml/document.ts'
import type { SourceContext } from '../../adapters/source.ts'

/** The school's fixtures are of the year 2026-2027; this is a Monday in November. */
export const now = new Date('2026-11-23T12:00:00Z')

export function context(more: Partial<SourceContext> = {}): SourceContext {
  return { fetch, clock: () => now, signal: new AbortController().signal, wait: async () => {}, ...more }
}

export const fixturePath = (name: string) => new URL(`../fixtures/edexml/${name}`, import.meta.url).pathname
export const fixture = (name: string) => readFileSync(fixturePath(name))

export async function* pieces(content: string | Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(content)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

export const parsed = (content: string | Uint8Array, size?: number) => readEdexml(pieces(content, size))

/** Everything in the 2.1 fixture that must reach nobody. */
export const canaries = ['CANARY', '999990019', '2018-03-09', '2015-01-31', '2024-08-19', '9999XK', 'ketenid']

/** A small school around whatever a test is about. */
export function edexml(inner: {
  school?: string
  groepen?: string
  leerlingen?: string
  leerkrachten?: string
}): string {
  const school =
    inner.school ??
    '<schooljaar>2026-2027</schooljaar><brincode>99ZZ</brincode><aanmaakdatum>2026-09-14T02:00:03</aanmaakdatum><xsdversie>2.1</xsdversie>'
  const groepen = inner.groepen ?? '<groep key="G8"><naam>8A</naam><jaargroep>8</jaargroep></groep>'
  const leerlingen = inner.leerlingen ?? '<leerling key="1"><roepnaam>Noor</roepnaam><groep key="G8"/></leerling>'
  return (
    `<EDEX><school>${school}</school><groepen>${groepen}</groepen><leerlingen>${leerlingen}</leerlingen>` +
    `<leerkrachten>${inner.leerkrachten ?? ''}</leerkrachten></EDEX>`
  )
}
