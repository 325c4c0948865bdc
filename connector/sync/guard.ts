/** What a guard is, and what it may look at. */
import type { StoredRoster } from '../store/roster.ts'
import type { SyncLimits } from '../store/schools.ts'
import type { SourceProfile } from '../store/source-profile.ts'
import type { Plan } from './plan.ts'
import type { Snapshot } from './snapshot.ts'

export interface GuardInput {
  plan: Plan
  snapshot: Snapshot
  stored: StoredRoster
  school: { brin: string; location: string }
  source: { appliedAt: Date | null; appliedCreatedAt: Date | null }
  /** Of what was applied last. */
  profile: SourceProfile
  limits: SyncLimits
  /** The school year that the source was asked for, when it was told one. */
  asked: string | null
  /** `YYYY-MM-DD`, Europe/Amsterdam. */
  today: string
  /** Of the people to be created, how many carry the names of one to be deactivated. */
  sameNames: number
  /** Where so many names change that nobody's can be judged alone: of how many that were looked at, how many share nothing with the one before. */
  strangers: { of: number; count: number }
  /** Findings of the code `damaged-text`. */
  damaged: number
  /** Names of groups to be created that are in another school of the board, where the source's keys are one organisation's. */
  movedGroups: string[]
  /** Somebody asked to see it first. */
  preview: boolean
}

export interface Guard {
  id: string
  verdict: 'refuse' | 'hold'
  /** Why this guard is there. */
  because: string
  /** The sentence when it fires, without personal data; null when all is well. */
  check(input: GuardInput): string | null
}
