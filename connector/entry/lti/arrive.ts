/**
 * Where a launch that holds ends: at the view, with the ticket in the fragment for whoever is known here, with an offer to link for whoever is not yet,
 * with nothing for somebody whom the platform does not name. What roles the platform gives is not asked: they open nothing.
 */
import { AppError } from '../../errors.ts'
import { ltiIdentityIssuer } from '../../store/lti.ts'
import { withTenant } from '../../store/scope.ts'
import type { Arrival } from '../arrival.ts'
import { offerLink } from '../claim-link.ts'
import type { EntryContext } from '../context.ts'
import { linkIdentity } from '../link.ts'
import { issueWaiting } from '../waiting.ts'
import { type Launch, views } from './launch.ts'

export interface At {
  boardId: string
  schoolId: string
}

/** @param browser value of its way cookie. @returns the address of the view, and whether two people claim this account */
export async function arrive(
  context: EntryContext,
  launch: Launch,
  at: At,
  browser: string,
): Promise<{ to: string; conflict: boolean }> {
  const view = `${views[launch.view]}?s=${await publishableKey(context, at)}`
  const { subject } = launch
  const issuer = ltiIdentityIssuer(launch)
  if (subject === undefined) return { to: view, conflict: false }
  // The key that the LMS has of the school's own roster; without it, and without an earlier link, they are nobody here yet.
  const proven = { ...at, issuer, subject, claim: launch.sourcedId ?? null, keyType: 'sis-id' }
  const link = await linkIdentity(context, proven)
  if (link.found === 'conflict') return { to: view, conflict: true }
  const now = context.clock()
  if (link.found === 'person') {
    const arrival: Arrival = { ...at, personId: link.personId, channel: 'lti', acr: null, authTime: launch.issuedAt }
    const key = await issueWaiting(context, arrival, browser, now)
    return { to: `${view}#t=${key}`, conflict: false }
  }
  const keys = await context.keyring.board(at.boardId)
  const subjectTag = Buffer.from(keys.fingerprint('subject', Buffer.from(`${issuer}\n${subject}`))).toString('hex')
  const offer = { ...at, channel: 'lti' as const, issuer, subjectTag }
  const key = await offerLink(context, offer, browser, now)
  return { to: `${view}#l=${key}`, conflict: false }
}

async function publishableKey(context: EntryContext, { boardId, schoolId: id }: At): Promise<string> {
  const school = await withTenant(context.db, { boardId, role: 'system' }, tx =>
    tx.school.findUnique({ where: { boardId_id: { boardId, id } }, select: { publishableKey: true } }),
  )
  if (!school) throw new AppError('not-found', 'This school is not known here.', { reason: 'school-unknown' })
  return school.publishableKey
}
