/**
 * From an identity that the school's sign-in proved to a person of the roster: by the link made before, else by the claim that the school
 * configured, compared with a key the roster gave. Nobody is created by signing in, and e-mail alone links nobody.
 */
import { randomUUID } from 'node:crypto'
import { append } from '../store/audit.ts'
import type { Tx } from '../store/database.ts'
import { withTenant } from '../store/scope.ts'
import type { Bytes } from '../store/seal.ts'
import type { EntryContext } from './context.ts'

export interface ProvenIdentity {
  boardId: string
  schoolId: string
  issuer: string
  subject: string
  /** Value of the configured claim, if the issuer gave it. */
  claim: string | null
  /** Which roster key the claim is compared with. */
  keyType: string
}

export type LinkResult = { found: 'person'; personId: string } | { found: 'nobody' } | { found: 'conflict' }

export async function linkIdentity(
  context: Pick<EntryContext, 'db' | 'keyring' | 'clock'>,
  proven: ProvenIdentity,
): Promise<LinkResult> {
  const { boardId, schoolId, issuer } = proven
  const keys = await context.keyring.board(boardId)
  const subjectTag = keys.fingerprint('subject', Buffer.from(`${issuer}\n${proven.subject}`))
  const now = context.clock()

  return withTenant(context.db, { boardId, role: 'system' }, async tx => {
    const known = await linkedBefore(tx, { boardId, schoolId, issuer, subjectTag, now })
    if (known) return known

    if (!proven.claim || proven.keyType === 'email') return { found: 'nobody' }
    const valueTag = keys.fingerprint('roster-key', `${proven.keyType}:${proven.claim}`)
    const candidates = await tx.rosterKey.findMany({
      where: { boardId, schoolId, type: proven.keyType, valueTag, stable: true, person: belongsTo(boardId, schoolId) },
      select: { personId: true },
      distinct: ['personId'],
    })
    const personId = candidates[0]?.personId
    if (!personId) return { found: 'nobody' }
    // Two frames of one page, or two connectors: the second finds what the first linked, and not a person with another account.
    await tx.$executeRaw`select pg_advisory_xact_lock(5306, hashtext(${`${boardId} ${personId}`}))`
    const meanwhile = await linkedBefore(tx, { boardId, schoolId, issuer, subjectTag, now })
    if (meanwhile) return meanwhile
    // Two people with one key, or one person with two accounts at this issuer: a person has to look.
    const others = await tx.identity.count({ where: { boardId, issuer, personId } })
    if (candidates.length > 1 || others > 0) {
      await append(tx, {
        boardId,
        actor: 'entry',
        action: 'identity.link',
        outcome: 'refused',
        detail: { conflict: true },
      })
      return { found: 'conflict' }
    }
    const id = randomUUID()
    const linkedBy = `claim:${proven.keyType}`
    await tx.identity.create({ data: { boardId, id, personId, issuer, subjectTag, linkedBy, lastSeenAt: now } })
    await append(tx, { boardId, actor: personId, action: 'identity.link', object: id, outcome: 'done' })
    return { found: 'person', personId }
  })
}

interface Linked {
  boardId: string
  schoolId: string
  issuer: string
  subjectTag: Bytes
  now: Date
}

/** Null where nobody is linked to that account. */
async function linkedBefore(
  tx: Tx,
  { boardId, schoolId, issuer, subjectTag, now }: Linked,
): Promise<LinkResult | null> {
  const linked = await tx.identity.findUnique({
    where: { boardId_issuer_subjectTag: { boardId, issuer, subjectTag } },
    select: { id: true, personId: true, inactiveAt: true },
  })
  if (!linked) return null
  // A list of the LMS took it back: the person themself can say that it is theirs (claim-link.ts).
  if (linked.inactiveAt) return { found: 'nobody' }
  const here = await tx.person.count({ where: { boardId, id: linked.personId, ...belongsTo(boardId, schoolId) } })
  if (here === 0) return { found: 'nobody' }
  await tx.identity.update({ where: { boardId_id: { boardId, id: linked.id } }, data: { lastSeenAt: now } })
  return { found: 'person', personId: linked.personId }
}

const belongsTo = (boardId: string, schoolId: string) => ({
  active: true,
  affiliations: { some: { boardId, schoolId, status: 'active' } },
})
