/** From a row of the outbox to a letter with an address, as things stand at the moment it is sent; or why it is not sent. */
import { localDay } from '../store/calendar.ts'
import type { Database, Tx } from '../store/database.ts'
import { currentGrants, grantingRoles } from '../store/grants.ts'
import type { BoardKeys, Keyring } from '../store/keyring.ts'
import type { TakenMail } from '../store/mail-items.ts'
import { schoolOf } from '../store/schools.ts'
import { reservedBoard, withTenant } from '../store/scope.ts'
import { tagOf } from '../store/seal.ts'
import { atOnce, type Letter, letterOf, type MailKind, type MailLanguage, mailKinds, ofReports } from './kinds.ts'
import { lastDay, parentLinkKind, parentToken } from './parent-link.ts'
import { hoursOf } from './queue.ts'
import { notQuiet } from './quiet.ts'
import { addressesOf, isAddress } from './recipients.ts'

export interface RenderContext {
  db: Database
  keyring: Keyring
  /** Our public address. */
  url: URL
}

export type Rendered =
  | { now: 'send'; to: string; letter: Letter; language: MailLanguage }
  | { now: 'wait'; until: Date }
  | { now: 'drop'; code: string }

const drop = (code: string): Rendered => ({ now: 'drop', code })
/** After so long it is no news. What is true of reports stays true. */
const newsMs = 7 * 86_400_000

export async function render(ctx: RenderContext, boardId: string, mail: TakenMail, at: Date): Promise<Rendered> {
  const kind = mailKinds.find(each => each === mail.kind)
  if (!kind) return drop('kind-unknown')
  const keys = await ctx.keyring.board(boardId)
  if (kind === 'parent-link') return toContact(ctx, keys, boardId, mail)
  if (!ofReports.includes(kind) && at.getTime() - mail.createdAt.getTime() > newsMs) return drop('too-old')
  return withTenant(ctx.db, { boardId, role: 'system' }, tx => toPerson(tx, { ctx, keys, boardId, mail, kind, at }))
}

interface ToPerson {
  ctx: RenderContext
  keys: BoardKeys
  boardId: string
  mail: TakenMail
  kind: Exclude<MailKind, 'parent-link'>
  at: Date
}

async function toPerson(tx: Tx, { ctx, keys, boardId, mail, kind, at }: ToPerson): Promise<Rendered> {
  const { personId, schoolId } = mail
  if (personId === null) return drop('nobody')
  const to = (await addressesOf(tx, keys, boardId, [personId])).get(personId)
  if (to === undefined) return drop('no-address')
  if (kind === 'new-reports' || kind === 'urgent-report') {
    const role = { in: [...grantingRoles] }
    const held = await tx.grant.count({ where: { boardId, schoolId, personId, role, ...currentGrants(localDay(at)) } })
    if (held === 0) return drop('no-role')
  }
  if (!atOnce.includes(kind)) {
    const own = await tx.mailPreference.findUnique({ where: { boardId_personId: { boardId, personId } } })
    const until = notQuiet(at, hoursOf(own))
    if (until > at) return { now: 'wait', until }
  }
  const { name, publishableKey } = await schoolOf(tx, boardId, schoolId)
  const page = new URL(`/groep?s=${publishableKey}`, ctx.url).href
  return { now: 'send', to, letter: letterOf(kind, { school: name, page, language: 'nl' }), language: 'nl' }
}

async function toContact(ctx: RenderContext, keys: BoardKeys, boardId: string, mail: TakenMail): Promise<Rendered> {
  const { id, contactId, schoolId, createdAt } = mail
  if (contactId === null) return drop('nobody')
  const found = await withTenant(ctx.db, { boardId, role: 'system' }, async tx => ({
    contact: await tx.caseContact.findFirst({
      where: { boardId, id: contactId, removedAt: null, case: { closedAt: null } },
    }),
    school: await schoolOf(tx, boardId, schoolId),
  }))
  if (!found.contact) return drop('contact-gone')
  const token = parentToken(keys, id)
  const waits = await withTenant(ctx.db, { boardId: reservedBoard, role: 'system' }, tx =>
    tx.pending.count({ where: { boardId: reservedBoard, kind: parentLinkKind, tag: tagOf(token) } }),
  )
  if (waits === 0) return drop('link-gone')
  const { email } = openContact(keys, contactId, found.contact.contactSealed)
  if (!isAddress(email)) return drop('no-address')
  const language: MailLanguage = found.contact.language === 'en' ? 'en' : 'nl'
  const href = new URL(`/ouder/l/${token}${language === 'en' ? '?taal=en' : ''}`, ctx.url).href
  const link = { href, until: lastDay(createdAt, language) }
  const letter = letterOf('parent-link', { school: found.school.name, page: href, link, language })
  return { now: 'send', to: email.trim(), letter, language }
}

/** As cases/contacts.ts seals it. */
export interface ContactFacts {
  name: string
  email: string
}

export const contactPlace = (contactId: string) => ({ table: 'CaseContact', row: contactId, column: 'contactSealed' })

export const openContact = (keys: BoardKeys, contactId: string, sealed: Uint8Array): ContactFacts =>
  JSON.parse(keys.open(contactPlace(contactId), sealed)) as ContactFacts
