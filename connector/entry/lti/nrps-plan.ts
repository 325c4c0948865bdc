/**
 * What a list of members changes in the links between accounts at that LMS and people of the roster. Pure. It links, it takes links back, and it
 * makes nobody: who is not in the roster is not here. Two that claim one: neither, until a person has looked (embedding.md §1).
 */
import type { MemberList, MemberStatus } from './nrps-read.ts'

export interface ListedMember {
  /** Fingerprint of issuer and account, hex. */
  subject: string
  /** Fingerprint of the key in the roster, hex; null: the LMS knows none. */
  key: string | null
  status: MemberStatus
}

/** At this LMS, in this board. */
export interface StoredLink {
  id: string
  personId: string
  subject: string
  /** `claim:…`: found by a key. `confirmed:…`: the person said so, and no list takes that back. */
  linkedBy: string
  /** Which list brought it, hex. */
  list: string | null
  inactive: boolean
}

export interface LinkPlan {
  create: { personId: string; subject: string }[]
  /** A link that was taken back: the person has another account there now. */
  move: { id: string; personId: string; subject: string }[]
  revive: { id: string; personId: string }[]
  deactivate: { id: string; personId: string; why: 'absent' | 'inactive' | 'conflict' }[]
  counts: { members: number; known: number; withoutKey: number; unknownKey: number; conflicts: number }
}

export interface PlanInput {
  kind: MemberList['kind']
  /** Of this list, hex. */
  list: string
  members: readonly ListedMember[]
  links: readonly StoredLink[]
  /** By key, hex: who has it in the roster, and is active there. */
  holders: ReadonlyMap<string, readonly string[]>
}

/** O(members + links). Every link is in one of the lists of the plan at most. */
export function planLinks({ kind, list, members, links, holders }: PlanInput): LinkPlan {
  const counts = { members: members.length, known: 0, withoutKey: 0, unknownKey: 0, conflicts: 0 }
  const plan: LinkPlan = { create: [], move: [], revive: [], deactivate: [], counts }
  const bySubject = new Map(links.map(link => [link.subject, link]))
  const byPerson = new Map(links.map(link => [link.personId, link]))
  const here = new Map(members.map(member => [member.subject, member]))
  const settled = new Set<string>()

  const takeBack = (link: StoredLink | undefined, why: LinkPlan['deactivate'][number]['why']) => {
    if (!link || link.inactive || settled.has(link.id) || !link.linkedBy.startsWith('claim:')) return
    settled.add(link.id)
    plan.deactivate.push({ id: link.id, personId: link.personId, why })
  }

  for (const { person, subjects, contested } of claims(members, holders, counts)) {
    const theirs = byPerson.get(person)
    const [subject = ''] = subjects
    const link = bySubject.get(subject)
    const otherAccount = theirs !== undefined && theirs.subject !== subject
    const free = theirs?.inactive === true && theirs.list !== null && here.get(theirs.subject)?.status !== 'active'
    if (contested || subjects.length > 1 || (link && link.personId !== person) || (otherAccount && !free)) {
      counts.conflicts += 1
      for (const each of subjects) takeBack(bySubject.get(each), 'conflict')
      takeBack(theirs, 'conflict')
    } else if (link?.inactive) plan.revive.push({ id: link.id, personId: person })
    else if (link) counts.known += 1
    else if (theirs) plan.move.push({ id: theirs.id, personId: person, subject })
    else plan.create.push({ personId: person, subject })
  }
  for (const { subject, status } of members) if (status !== 'active') takeBack(bySubject.get(subject), 'inactive')
  if (kind === 'full')
    for (const link of links) if (link.list === list && !here.has(link.subject)) takeBack(link, 'absent')
  return plan
}

interface Claim {
  person: string
  /** Accounts that have a key of theirs. */
  subjects: string[]
  /** One of those keys is somebody else's too. */
  contested: boolean
}

/** For each person whom a key of an active member names. */
function claims(
  members: readonly ListedMember[],
  holders: PlanInput['holders'],
  counts: LinkPlan['counts'],
): Iterable<Claim> {
  const found = new Map<string, Claim>()
  for (const { subject, key, status } of members) {
    if (status !== 'active') continue
    const people = key === null ? [] : (holders.get(key) ?? [])
    if (key === null) counts.withoutKey += 1
    else if (people.length === 0) counts.unknownKey += 1
    for (const person of people) {
      const claim = found.get(person) ?? { person, subjects: [], contested: false }
      claim.subjects.push(subject)
      claim.contested ||= people.length > 1
      found.set(person, claim)
    }
  }
  return found.values()
}

/** How much a whole list may take away of what it brought; more is a list that went wrong, until somebody says it did not. */
export function losesTooMuch(plan: LinkPlan, links: readonly StoredLink[], list: string): boolean {
  const before = links.filter(link => link.list === list && !link.inactive).length
  const gone = plan.deactivate.filter(({ why }) => why === 'absent').length
  return gone > 10 && gone > before / 2
}
