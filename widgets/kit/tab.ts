/** The tab's secret for a silent return after a reload. sessionStorage dies with the tab; where it is blocked there is simply none. */
export type TabStore = { read: () => string | undefined; write: (secret: string) => boolean; clear: () => void }

export const createTabStore = (school: string): TabStore => {
  const key = `m5-tab:${school}`
  const quietly = <T>(act: () => T, otherwise: T): T => {
    try {
      return act()
    } catch {
      return otherwise
    }
  }
  return {
    read: () => quietly(() => sessionStorage.getItem(key) ?? undefined, undefined),
    write: secret =>
      quietly(() => {
        sessionStorage.setItem(key, secret)
        return sessionStorage.getItem(key) === secret
      }, false),
    clear: () => quietly(() => sessionStorage.removeItem(key), undefined),
  }
}
