/** By which keys people may sign in from now on. A part of the plan; pure. */
import type { StoredPerson } from '../store/roster.ts'
import type { Doubts, Plan } from './plan.ts'
import type { SnapshotPerson } from './snapshot.ts'

interface KeysInput {
  matches: Map<string, StoredPerson>
  doubts: Doubts
  retire: StoredPerson[]
  mayChange(person: StoredPerson): boolean
}

/** A key that may be somebody else's now lets nobody in until a person has decided. */
export function planKeys(staying: SnapshotPerson[], { matches, doubts, retire, mayChange }: KeysInput): Plan['keys'] {
  const out: Plan['keys'] = { create: [], remove: retire.flatMap(person => person.keys) }
  for (const next of staying) {
    const found = matches.get(next.tag)
    const stored = found?.keys ?? []
    if (found && !mayChange(found)) continue
    if (found && doubts.open.has(next.tag)) {
      out.remove.push(...stored)
      continue
    }
    const same = (a: { tag: string; stable: boolean }, b: { tag: string; stable: boolean }) =>
      a.tag === b.tag && a.stable === b.stable
    for (const key of next.keys)
      if (!stored.some(each => same(each, key))) out.create.push({ personTag: next.tag, ...key })
    out.remove.push(...stored.filter(each => !next.keys.some(key => key.tag === each.tag)))
  }
  return out
}
