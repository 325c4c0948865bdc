/**
 * Many reports without a name at once: counted, so that they can wait in a queue of their own. Never refused (design.md, "A report is never
 * lost"), and a report with a reporter is not counted at all. Kept in the memory of this connector: a mark for people, not a wall, so nothing
 * of it needs to outlive a restart, and no address is stored.
 */

/** What one network may send in a while before its reports are marked: a class of thirty at one address is no flood. Ours. */
const ofOneNetwork = 40
/** What a school gets together, of networks that are not marked themselves. Ours. */
const ofOneSchool = 150
const windowMs = 10 * 60_000
/** Far more than a connector meets in a window; the oldest go first. */
const networksAtMost = 50_000

export interface FloodWatch {
  /**
   * Counts one report without a reporter.
   * @param network coarse (a /24 or /56), or null when unknown
   * @returns true when it is one too many to be read one by one
   */
  isFlood(school: { boardId: string; id: string }, network: string | null): boolean
}

export function floodWatch(clock: () => Date): FloodWatch {
  const counts = new Map<string, { since: number; count: number }>()

  const countOf = (key: string, now: number): { since: number; count: number } => {
    const found = counts.get(key)
    if (found && now - found.since < windowMs) return found
    counts.delete(key)
    const oldest = counts.size >= networksAtMost ? counts.keys().next().value : undefined
    if (oldest !== undefined) counts.delete(oldest)
    const begun = { since: now, count: 0 }
    counts.set(key, begun)
    return begun
  }

  return {
    isFlood({ boardId, id }, network) {
      const now = clock().getTime()
      const here = countOf(`${boardId} ${id} ${network ?? '?'}`, now)
      here.count++
      if (here.count > ofOneNetwork) return true
      // What is marked already does not count for the school: one address cannot get everybody else's report marked.
      const all = countOf(`${boardId} ${id}`, now)
      all.count++
      return all.count > ofOneSchool
    },
  }
}
