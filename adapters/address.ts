/** Addresses that an administrator fills in. Rosters and secrets travel encrypted; plain http is for a server on this machine (tests, the demo, a proxy). */

/** `localhost` by name, and every address of the loopback network. `URL` has made one notation of the many there are (`127.1`, `0x7f.1`). */
export const isLoopback = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)

/**
 * https, or http on this machine; without credentials and fragment.
 * @param takes whether such a query (`?wsdl`, empty where there is none) may stand; default: no query
 */
export function isSafeAddress(text: string, takes: (query: string) => boolean = query => query === ''): boolean {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false
  if (!takes(url.search)) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))
}

/** http on this machine and nothing behind the host: instead of a vendor's own hosts. */
export function isServerHere(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && isSafeAddress(text) && isLoopback(url) && url.protocol === 'http:' && url.pathname === '/'
}
