/** What each screen is given: the answers, a way to change them, and the words for this child. */
import type { Nameable, Nameables } from '../../../connector/api/contract.ts'
import type { Line } from '../../kit/help.ts'
import type { Session } from '../../kit/session.ts'
import type { Age, Words } from '../../kit/words.ts'
import type { Answers } from './draft.ts'

export type Step = {
  words: Words
  age: Age
  answers: Answers
  set: (patch: Partial<Answers>) => void
  session: Session
  /** The school has a sign-in of its own. */
  signIn: boolean
  /** Signed in, or was until it expired. */
  signed: boolean
  /** Addresses: how a report is going, and, on a page of our own, this one in the other language. */
  statusPath: string
  otherLanguage: string | undefined
  ownGroup: readonly Nameable[]
  groupName: string
  search: ((letters: string) => Promise<Nameables>) | undefined
  lines: readonly Line[]
  /** They pressed on without a choice on the screen that wants one. */
  missing: boolean
  /** Names of lists that were opened to their full length. */
  opened: readonly string[]
  open: (list: string) => void
}

export const stepNames = ['who', 'what', 'by', 'target', 'where', 'when', 'how'] as const
export type StepName = (typeof stepNames)[number]

export const toggled = <T>(list: readonly T[], value: T, on: boolean): T[] => {
  const others = list.filter(one => one !== value)
  return on ? [...others, value] : others
}
