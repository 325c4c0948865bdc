/** A look-up that may be some seconds old: what routes to a school, asked at every press and changed once a year. */

/** @returns load, remembered per key for that long; a failed load is not remembered */
export function remembered<T>(seconds: number, clock: () => Date, load: (key: string) => Promise<T>, size = 1000) {
  const known = new Map<string, { value: Promise<T>; until: number }>()
  return (key: string): Promise<T> => {
    const now = clock().getTime()
    const hit = known.get(key)
    if (hit && hit.until > now) return hit.value
    const value = load(key)
    const oldest = known.size >= size ? known.keys().next().value : undefined
    if (oldest !== undefined) known.delete(oldest)
    known.set(key, { value, until: now + seconds * 1000 })
    value.catch(() => known.delete(key))
    return value
  }
}
