/**
 * From an identity that the school's sign-in proved to a person of the roster: by the link made before, else by the claim that the school
 * configured, compared with a key the roster gave. Nobody is created by signing in, and e-mail alone links nobody.
 */
import { randomUUID } from 'node:crypto'
import { append } from '../store/audit.ts'
import { withTenant } from '../store/scope.ts'
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

export async function linkIdentity(context: EntryContext, proven: ProvenIdentity): Promise<LinkResult> {
  const { boardId, schoolId, issuer } = proven
  const keys = await context.keyring.board(boardId)
  const subjectTag = keys.fingerprint('subject', Buffer.from(`${issuer}\n${proven.subject}`))
  const now = context.clock()

  return withTenant(context.db, { boardId, role: 'system' }, async tx => {
    const belongs = { active: true, affiliations: { some: { boardId, schoolId, status: 'active' } } }
    const linked = await tx.identity.findUnique({
      where: { boardId_issuer_subjectTag: { boardId, issuer, subjectTag } },
      select: { id: true, personId: true },
    })
    if (linked) {
      const here = await tx.person.count({ where: { boardId, id: linked.personId, ...belongs } })
      if (here === 0) return { found: 'nobody' }
      await tx.identity.update({ where: { boardId_id: { boardId, id: linked.id } }, data: { lastSeenAt: now } })
      return { found: 'person', personId: linked.personId }
    }

    if (!proven.claim || proven.keyType === 'email') return { found: 'nobody' }
    const valueTag = keys.fingerprint('roster-key', `${proven.keyType}:${proven.claim}`)
    const candidates = await tx.rosterKey.findMany({
      where: { boardId, schoolId, type: proven.keyType, valueTag, stable: true, person: belongs },
      select: { personId: true },
      distinct: ['personId'],
    })
    const personId = candidates[0]?.personId
    if (!personId) return { found: 'nobody' }
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
