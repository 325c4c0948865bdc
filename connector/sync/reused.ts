/**
 * A key that returns with names that share nothing with those stored may have been given to another child, and a report must never hang on the
 * wrong one. Names are opened only of people whose names changed, and only while those are few.
 */

import type { DecidedConflict } from '../store/conflicts.ts'
import type { Tx } from '../store/database.ts'
import type { BoardKeys } from '../store/keyring.ts'
import { namesOf, type PersonNames } from '../store/people.ts'
import type { Doubts, Plan } from './plan.ts'
import { namesFrom } from './snapshot.ts'

export interface Suspicion {
  doubts: Doubts
  /** See GuardInput. */
  strangers: { of: number; count: number }
}

/** Of thousands that change at once; enough to tell new keys from new spellings. */
const sampleSize = 200

const none: Suspicion = { doubts: { open: new Set(), other: new Set() }, strangers: { of: 0, count: 0 } }

export interface SuspicionInput {
  keys: BoardKeys
  boardId: string
  plan: Plan
  /** What people said of records of this source before. */
  said: DecidedConflict[]
  /** Names change for nearly the whole school: a sample is looked at, since a guard speaks before anything is written. */
  everyone: boolean
  /** A person has seen that and approves: now each is looked at, some 5 µs a person. */
  approving: boolean
}

export async function suspicions(tx: Tx, input: SuspicionInput): Promise<Suspicion> {
  const { keys, boardId, plan, said, everyone, approving } = input
  if (plan.renamed.length === 0) return none
  const looked = everyone && !approving ? plan.renamed.slice(0, sampleSize) : plan.renamed
  const ids = looked.map(({ stored }) => stored.personId)
  const names = await namesOf(tx, keys, boardId, ids)
  const strange = looked.filter(({ stored, next }) =>
    areStrangers(names.get(stored.personId) ?? {}, namesFrom(next.record)),
  )
  if (strange.length === 0) return none
  if (everyone && strange.length * 2 > looked.length)
    return { ...none, strangers: { of: looked.length, count: strange.length } }
  const doubts = { open: new Set<string>(), other: new Set<string>() }
  for (const { stored, next } of strange) {
    const word = said.find(each => each.kind === 'reused-key' && each.tag === next.tag && each.print === next.print)
    if (word?.state === 'same' && word.same === stored.personId) continue
    const isOther = word?.state === 'other' && word.different.has(stored.personId)
    doubts[isOther ? 'other' : 'open'].add(next.tag)
  }
  return { ...none, doubts }
}

/** Not one word in common, first and family names together: who marries, or is called by another first name, keeps one. */
export function areStrangers(before: PersonNames, after: PersonNames): boolean {
  const [was, is] = [words(before), words(after)]
  return was.size > 0 && is.size > 0 && [...was].every(word => !is.has(word))
}

const words = ({ given, preferred, family }: PersonNames): Set<string> =>
  new Set(
    [given, preferred, family].flatMap(part =>
      (part ?? '')
        .normalize('NFD')
        .replace(/\p{M}/gu, '')
        .toLowerCase()
        .split(/[\s-]+/)
        .filter(Boolean),
    ),
  )
