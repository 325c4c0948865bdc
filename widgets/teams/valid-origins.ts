/**
 * Stands in for the module of the same name in @microsoft/teams-js, which fetches its list from a server of Microsoft's each time: our pages ask
 * nobody else, and their policy forbids it. The list is the one that the package carries, and the school's own SharePoint beside it.
 */
import { validOrigins } from '@microsoft/teams-js/dist/esm/packages/teams-js/src/artifactsForCDN/validDomains.json.js'

const own = new Set<string>()

/** @param origins in full, `https://school.sharepoint.com` */
export const allowOrigins = (origins: readonly string[]): void => {
  for (const origin of origins) own.add(origin)
}

/** A star is one whole label, and only the first. */
const fits = (host: string, pattern: string) =>
  pattern.startsWith('*.')
    ? host.endsWith(pattern.slice(1)) && !host.slice(0, 1 - pattern.length).includes('.')
    : host === pattern

export const validateOrigin = (url: URL): Promise<boolean> =>
  Promise.resolve(
    own.has(url.origin) || (url.protocol === 'https:' && validOrigins.some(pattern => fits(url.host, pattern))),
  )

/** The package asks for it ahead of time; there is nothing to fetch. */
export const prefetchOriginsFromCDN = (): Promise<void> => Promise.resolve()
