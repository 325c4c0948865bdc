/** Guards of a source of identities: who lets whom in. Those that look at the source alone are the rosters' own (guards.ts). */
import type { StoredIdentities } from '../store/identity-keys.ts'
import type { Guard, GuardInput } from './guard.ts'
import { guards, type Verdict } from './guards.ts'
import type { IdentityPlan } from './plan-identities.ts'

export interface IdentityGuardInput
  extends Pick<
    GuardInput,
    'plan' | 'snapshot' | 'school' | 'source' | 'profile' | 'limits' | 'today' | 'damaged' | 'preview'
  > {
  identities: IdentityPlan
  stored: StoredIdentities
}

interface IdentityGuard extends Omit<Guard, 'check'> {
  check(input: IdentityGuardInput): string | null
}

/** In the order in which they are shown. */
export const sharedGuards = [
  'other-school',
  'other-organisation',
  'older',
  'first-run',
  'school-unnamed',
  'preview',
  'narrower-grant',
  'damaged-text',
] as const

/** As judge() does. */
export function judgeIdentities(input: IdentityGuardInput): Verdict {
  const roster: GuardInput = {
    ...input,
    stored: { people: [], groups: [], memberships: [], keyHolders: [] },
    ...{ asked: null, sameNames: 0, strangers: { of: 0, count: 0 }, movedGroups: [] },
  }
  const shared = guards.filter(guard => (sharedGuards as readonly string[]).includes(guard.id))
  const fired = [
    ...shared.map(guard => ({ guard, says: guard.check(roster) })),
    ...identityGuards.map(guard => ({ guard, says: guard.check(input) })),
  ].flatMap(({ guard: { id, verdict }, says }) => (says === null ? [] : [{ verdict, reason: { guard: id, says } }]))
  const refusals = fired.filter(each => each.verdict === 'refuse')
  if (refusals.length > 0) return { verdict: 'refuse', reasons: refusals.map(each => each.reason) }
  return { verdict: fired.length > 0 ? 'hold' : 'apply', reasons: fired.map(each => each.reason) }
}

export const identityGuards: readonly IdentityGuard[] = [
  {
    id: 'no-accounts',
    verdict: 'refuse',
    because: 'No account is a right that was withdrawn, never a school whose every account was closed.',
    check: ({ snapshot }) =>
      snapshot.people.some(({ record }) => record.status !== 'inactive') ? null : 'There is not one account in it.',
  },
  {
    id: 'no-roster',
    verdict: 'refuse',
    because: 'Accounts of a school without people are of nobody: they would all be counted as strangers.',
    check: ({ stored }) =>
      stored.people.size === 0 ? 'No roster has brought anybody to this school yet: sync that one first.' : null,
  },
  {
    id: 'keys-vanish',
    verdict: 'hold',
    because: 'A broken export looks like accounts that were closed, and then nobody could sign in.',
    check: ({ identities: { vanished, linkedBefore }, limits }) =>
      vanished > limits.removalsAtLeast && vanished > limits.removalShare * linkedBefore
        ? `Of ${linkedBefore} accounts that people sign in with, ${vanished} would be gone or closed.`
        : null,
  },
  {
    id: 'keys-missing',
    verdict: 'hold',
    because: 'A kind of key that is gone for everyone is a field right that was withdrawn; sign-in would stop.',
    check({ identities: { links }, stored, limits }) {
      const now = new Set(links.flatMap(({ next }) => next.keys.map(key => key.type)))
      const gone = [...Map.groupBy(stored.keys, key => key.type)].filter(
        ([type, keys]) => keys.length > limits.removalsAtLeast && !now.has(type),
      )
      return gone.length > 0
        ? `No account has a key of these kinds any more: ${gone.map(([type]) => type).join(', ')}.`
        : null
    },
  },
  {
    id: 'keys-move',
    verdict: 'hold',
    because:
      'A key that goes from one person to another lets somebody in as somebody else: a person says that it is right.',
    check: ({ identities: { moves } }) =>
      moves.length > 0 ? `${count(moves, 'key')} for sign-in would go to another person: ${sample(moves)}.` : null,
  },
  {
    id: 'pupil-key-to-staff',
    verdict: 'hold',
    because: 'A pupil’s account that opens a teacher’s panel is the worst mistake there can be.',
    check: ({ identities: { promotions } }) =>
      promotions.length > 0
        ? `${count(promotions, 'pupil’s account')} would be a grown-up’s: ${sample(promotions)}.`
        : null,
  },
  {
    id: 'account-replaced',
    verdict: 'hold',
    because: 'A second account with somebody’s number, and theirs gone, is how one would sign in as them.',
    check: ({ identities: { replaced } }) =>
      replaced.length > 0
        ? `${count(replaced, 'account')} would take the place of another one of the same person: ${sample(replaced)}.`
        : null,
  },
]

const count = (list: unknown[], what: string) => `${list.length} ${what}${list.length === 1 ? '' : 's'}`
const sample = (list: { next: { record: { sourceId: string } } }[]) =>
  [...new Set(list.map(({ next }) => next.record.sourceId))].slice(0, 5).join(', ')
