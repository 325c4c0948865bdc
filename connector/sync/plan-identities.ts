/** Whose an account of a directory is, and which keys people of the roster get by it. Pure. */
import { type DecidedConflict, pairOf } from '../store/conflicts.ts'
import type { StoredAccountKey, StoredIdentities } from '../store/identity-keys.ts'
import type { KeyHolder } from '../store/roster.ts'
import { type LinkingRule, linkingRules, type Match, matchRecords, type Question, says } from './match.ts'
import type { Snapshot, SnapshotPerson } from './snapshot.ts'

export type NewKey = Omit<StoredAccountKey, 'id'>

/** How an account came to its person: by its own key, stored before; by a person's word; or by a rule of match.ts. */
export type LinkedBy = LinkingRule | 'before' | 'decided'

export interface IdentityPlan {
  /** At most one account a person. */
  links: { next: SnapshotPerson; personId: string; by: LinkedBy }[]
  keys: { create: NewKey[]; remove: StoredAccountKey[] }
  /** A key that one person had and another gets. */
  moves: { key: NewKey; from: string; next: SnapshotPerson }[]
  /** Of these, from a pupil to somebody who is none. */
  promotions: { next: SnapshotPerson }[]
  /** People whose account is another one than before. */
  replaced: { next: SnapshotPerson }[]
  /** Accounts linked before, and of those, how many are gone or closed while their person is still here. */
  linkedBefore: number
  vanished: number
  unmatched: SnapshotPerson[]
  questions: Question[]
}

export interface IdentityInput {
  snapshot: Snapshot
  stored: StoredIdentities
  decided: readonly DecidedConflict[]
  /** Pairs that another source asks about: see askedElsewhere. */
  elsewhere: ReadonlySet<string>
}

/** Never to be signed in by (connector/entry/link.ts): whoever gets a mailbox would get the person. */
const unused = 'email'

/** What only one person of a school may have. */
const exclusive = new Set<string>([...linkingRules, 'username', 'sis-id'])

export function planIdentities({ snapshot, stored, decided, elsewhere }: IdentityInput): IdentityPlan {
  const live = snapshot.people.filter(({ record }) => record.status !== 'inactive')
  const about = { people: stored.people, holders: Map.groupBy(stored.holders, holder => holder.tag) }
  const whose = whoseAccounts(live, stored, decided)
  const matches = matchRecords({
    ...{ records: live, known: whose.known },
    holders: stored.holders.filter(({ byRoster, personId }) => byRoster && stored.people.has(personId)),
    different: differentOf(decided),
  })
  const asking = openAsking(whose)
  const { links, unmatched } = linkEach({ live, whose, matches, about, asking })
  const single = onePerPerson(links, whose.ownerOf, ({ next, personId }) => asking.ask(next, [personId]))
  const kept = single.filter(({ personId }) => !asking.frozen.has(personId))
  for (const { next, personId } of kept) {
    const others = elsewhereInBoard(next, personId, about).filter(id => !elsewhere.has(pairOf(personId, id)))
    if (others.length > 0) asking.questions.push({ kind: 'same-key', next, candidates: others })
  }
  const { frozen } = asking
  const changes = keyChanges({ kept, frozen, live, whose, stored, about })
  return { links: kept, unmatched, questions: onePerRecord(asking.questions), ...changes }
}

interface Whose {
  /** Person by the key of an account that an earlier run stored. */
  owners: ReadonlyMap<string, string>
  ownerOf(next: SnapshotPerson): string | undefined
  /** By tag, whom a person said the account is. */
  said: ReadonlyMap<string, string>
  /** By tag, whose it is before this run: by either. People of this school only. */
  known: ReadonlyMap<string, string>
}

function whoseAccounts(
  live: SnapshotPerson[],
  { people, keys }: StoredIdentities,
  decided: readonly DecidedConflict[],
): Whose {
  const owners = new Map(keys.flatMap(key => (key.type === 'sis-id' && key.stable ? [[key.tag, key.personId]] : [])))
  const ownerOf = (next: SnapshotPerson) => owners.get(accountTag(next) ?? '')
  const said = new Map(decided.flatMap(({ tag, same }) => (same !== null && people.has(same) ? [[tag, same]] : [])))
  const known = live.flatMap(next => {
    const personId = said.get(next.tag) ?? ownerOf(next)
    return personId !== undefined && people.has(personId) ? [[next.tag, personId] as const] : []
  })
  return { owners, ownerOf, said, known: new Map(known) }
}

interface Asking {
  questions: Question[]
  /** People whose account is in question: they keep what they have, and get nothing new. */
  frozen: Set<string>
  ask(next: SnapshotPerson, candidates: string[], kind?: Question['kind']): void
}

function openAsking({ known, said }: Whose): Asking {
  const questions: Question[] = []
  const frozen = new Set<string>()
  return {
    questions,
    frozen,
    ask(next, candidates, kind = 'same-key') {
      const own = known.get(next.tag)
      questions.push({ kind, next, candidates: own === undefined ? candidates : [...candidates, own] })
      if (own !== undefined && !said.has(next.tag)) frozen.add(own)
    },
  }
}

interface LinkInput {
  live: SnapshotPerson[]
  whose: Whose
  matches: ReadonlyMap<string, Match>
  about: Known
  asking: Asking
}

/** A person's word holds, also where a new claim asks again; a key that somebody else has asks, whoever would get it. */
function linkEach({ live, whose, matches, about, asking }: LinkInput): Pick<IdentityPlan, 'links' | 'unmatched'> {
  const links: IdentityPlan['links'] = []
  const unmatched: SnapshotPerson[] = []
  for (const next of live) {
    const own = whose.known.get(next.tag)
    const match = matchOf(matches.get(next.tag), own)
    if (whose.said.has(next.tag) && own !== undefined) {
      if (match) asking.ask(next, match.is === 'ask' ? match.question.candidates : [match.personId])
      links.push({ next, personId: own, by: 'decided' })
      continue
    }
    if (match?.is === 'ask') {
      asking.ask(next, match.question.candidates, match.question.kind)
      continue
    }
    const to = match?.personId ?? own
    if (to === undefined) {
      unmatched.push(next)
      continue
    }
    const rivals = holdersOfKeys(next.keys, about).filter(holder => holder.personId !== to)
    if (rivals.length > 0) asking.ask(next, [to, ...rivals.map(holder => holder.personId)])
    else links.push({ next, personId: to, by: match?.by ?? 'before' })
  }
  return { links, unmatched }
}

/** An address says nothing about an account whose person is known. */
const matchOf = (match: Match | undefined, own: string | undefined): Match | undefined =>
  own !== undefined && match?.is === 'ask' && match.question.kind === 'staff-address' ? undefined : match

function onePerRecord(questions: Question[]): Question[] {
  return [...Map.groupBy(questions, ({ kind, next }) => `${kind} ${next.tag}`).values()].flatMap(same => {
    const [first] = same
    const candidates = [...new Set(same.flatMap(each => each.candidates))].sort()
    return first ? [{ ...first, candidates }] : []
  })
}

const accountTag = ({ keys }: SnapshotPerson) => keys.find(key => key.type === 'sis-id' && key.stable)?.tag

function differentOf(decided: readonly DecidedConflict[]): Map<string, Set<string>> {
  const all = new Map<string, Set<string>>()
  for (const { tag, different } of decided) all.set(tag, new Set([...(all.get(tag) ?? []), ...different]))
  return all
}

interface Known {
  people: StoredIdentities['people']
  holders: ReadonlyMap<string, KeyHolder[]>
}

/** People of this school who have a key of this account by another source. */
const holdersOfKeys = (keys: SnapshotPerson['keys'], { holders, people }: Known): KeyHolder[] =>
  holdersOf(keys, holders).filter(({ personId }) => people.has(personId))

const holdersOf = (keys: SnapshotPerson['keys'], holders: Known['holders']): KeyHolder[] =>
  keys.flatMap(({ type, tag, stable }) =>
    stable && exclusive.has(type) ? (holders.get(tag) ?? []).filter(holder => says(holder, type)) : [],
  )

/** One account at two schools of the board, and a person at each: a sign-in can be of one of them only, until a person puts them together. */
function elsewhereInBoard(next: SnapshotPerson, personId: string, { holders, people }: Known): string[] {
  const world = next.keys.filter(key => key.stable && (key.type === 'object-id' || key.type === 'subject'))
  const found = holdersOf(world, holders).filter(holder => holder.personId !== personId && !people.has(holder.personId))
  return [...new Set(found.map(holder => holder.personId))].sort()
}

/** A person said twice to be somebody, or said to be who another account is already: whose account was stored stays, the other asks. */
function onePerPerson(
  links: IdentityPlan['links'],
  ownerOf: (next: SnapshotPerson) => string | undefined,
  ask: (link: IdentityPlan['links'][number]) => void,
): IdentityPlan['links'] {
  return [...Map.groupBy(links, link => link.personId).values()].flatMap(rivals => {
    if (rivals.length === 1) return rivals
    const stored = rivals.filter(({ next, personId }) => ownerOf(next) === personId)
    const winners = stored.length === 1 ? stored : []
    for (const rival of rivals) if (!winners.includes(rival)) ask(rival)
    return winners
  })
}

interface KeyInput {
  kept: IdentityPlan['links']
  frozen: ReadonlySet<string>
  live: SnapshotPerson[]
  whose: Whose
  stored: StoredIdentities
  about: Known
}

function keyChanges({ kept, frozen, live, whose, stored, about }: KeyInput) {
  const { owners, ownerOf } = whose
  const keysOf = Map.groupBy(stored.keys, key => key.personId)
  const shared = sharedTags(live)
  const wanted = new Map(kept.map(({ next, personId }) => [personId, keysFor(next, personId, { about, shared })]))
  const remove = stored.keys.filter(key => {
    if (frozen.has(key.personId)) return false
    return !wanted.get(key.personId)?.some(each => each.tag === key.tag)
  })
  const gone = new Set(remove.map(key => key.id))
  const before = Map.groupBy(stored.keys, key => key.tag)
  const create: NewKey[] = []
  const moves: IdentityPlan['moves'] = []
  const replaced: IdentityPlan['replaced'] = []
  for (const { next, personId } of kept) {
    const mine = keysOf.get(personId) ?? []
    for (const key of wanted.get(personId) ?? []) {
      if (mine.some(each => each.tag === key.tag && each.stable === key.stable)) continue
      const other = before.get(key.tag)?.find(each => each.personId !== personId)
      // Whose account is in question keeps its keys until somebody answers.
      if (other && !gone.has(other.id)) continue
      create.push(key)
      if (other) moves.push({ key, from: other.personId, next })
    }
    const account = mine.find(key => key.type === 'sis-id' && key.stable)
    if (account && account.tag !== accountTag(next)) replaced.push({ next })
  }
  const isPupil = (personId: string) => stored.people.get(personId)?.includes('pupil') ?? true
  const here = new Set(live.flatMap(next => (ownerOf(next) === undefined ? [] : [accountTag(next)])))
  const linked = [...owners].filter(([, personId]) => stored.people.has(personId))
  return {
    keys: { create, remove },
    moves,
    promotions: [
      ...new Set(moves.filter(({ key, from }) => isPupil(from) && !isPupil(key.personId)).map(m => m.next)),
    ].map(next => ({ next })),
    replaced,
    linkedBefore: linked.length,
    vanished: linked.filter(([tag]) => !here.has(tag)).length,
  }
}

/** What two accounts have, where one alone may. */
function sharedTags(live: SnapshotPerson[]): Set<string> {
  const all = live.flatMap(({ keys }) => keys.filter(key => key.stable && exclusive.has(key.type)).map(key => key.tag))
  return new Set([...Map.groupBy(all, tag => tag)].flatMap(([tag, list]) => (list.length > 1 ? [tag] : [])))
}

interface Taken {
  about: Known
  shared: ReadonlySet<string>
}

/** Without what another account has, or somebody else of this school: two people with one key would both be shut out. */
function keysFor(next: SnapshotPerson, personId: string, { about, shared }: Taken): NewKey[] {
  const taken = new Set(holdersOfKeys(next.keys, about).flatMap(each => (each.personId === personId ? [] : [each.tag])))
  const free = next.keys.filter(({ type, tag }) => type !== unused && !taken.has(tag) && !shared.has(tag))
  return free.map(({ type, tag, stable }) => ({ personId, type, tag, stable }))
}
