/** The school's own sign-ins: which OpenID providers, as which client, and which claim names a person of the roster. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { RosterKey } from '../../adapters/roster.ts'
import { AppError } from '../errors.ts'
import { isLoopback } from '../loopback.ts'
import type { Tx } from '../store/database.ts'
import { addRoute, removeRoute } from '../store/routes.ts'
import { schoolOf } from '../store/schools.ts'
import { type AdminContext, type By, doing, reading } from './context.ts'
import { checked, Label, orConflict } from './input.ts'

const useInstead =
  'an e-mail address alone never links anybody. Use sis-id, the key in the roster (leerling:50001, leerkracht:12), or username'

const NewSignIn = z.object({
  label: Label,
  issuer: z.string().refine(isIssuer, 'an https address without a query (http on this machine only)'),
  clientId: z.string().min(1).max(300),
  secret: z.string().min(1).max(1000).optional(),
  scopes: z
    .string()
    .regex(/^openid( [\x21\x23-\x5b\x5d-\x7e]+)*$/, 'starts with openid')
    .default('openid profile'),
  claim: z.string().min(1).max(200),
  // connector/entry/link.ts: whoever gets a mailbox would get the person.
  keyType: RosterKey.shape.type.refine(type => type !== 'email', useInstead),
})

export interface NewSignIn extends By, z.input<typeof NewSignIn> {
  boardId: string
  schoolId: string
}

/** Never the secret, only whether there is one. */
export interface SignInFacts {
  id: string
  schoolId: string
  label: string
  issuer: string
  clientId: string
  hasSecret: boolean
  scopes: string
  claim: string
  keyType: string
}

export const signInSecretPlace = (id: string) => ({ table: 'SignIn', row: id, column: 'secretSealed' })

/** @throws AppError `invalid-input`; `conflict` when the school has this issuer and client already */
export async function addSignIn(ctx: AdminContext, input: NewSignIn): Promise<SignInFacts> {
  const { boardId, schoolId, by: _by, ...rest } = input
  const { secret, ...signIn } = checked(NewSignIn, rest, 'sign-in')
  const keys = await ctx.keyring.board(boardId)
  const id = randomUUID()
  const secretSealed = secret === undefined ? null : keys.seal(signInSecretPlace(id), secret)
  const detail = { issuer: signIn.issuer, claim: signIn.claim, keyType: signIn.keyType }
  const work = doing(ctx, input, { action: 'sign-in.add', object: () => id, detail }, async tx => {
    await schoolOf(tx, boardId, schoolId)
    await tx.signIn.create({ data: { boardId, id, schoolId, ...signIn, secretSealed } })
    await addRoute(tx, boardId, { kind: 'issuer', value: signIn.issuer, toBoardId: boardId, toId: boardId })
    return { id, schoolId, hasSecret: secret !== undefined, ...signIn }
  })
  return orConflict(work, 'This school has a sign-in with this issuer and client already.')
}

export function listSignIns(
  ctx: Pick<AdminContext, 'db'>,
  { boardId, schoolId }: { boardId: string; schoolId: string },
): Promise<SignInFacts[]> {
  return reading(ctx, boardId, async tx => {
    const rows = await tx.signIn.findMany({ where: { boardId, schoolId }, orderBy: [{ label: 'asc' }, { id: 'asc' }] })
    return rows.map(({ boardId: _board, secretSealed, createdAt: _at, ...facts }) => ({
      ...facts,
      hasSecret: secretSealed !== null,
    }))
  })
}

/** Ends every session of the school: who was let in by it is not, until they come in by another. @throws AppError `not-found` */
export function removeSignIn(ctx: AdminContext, input: By & { boardId: string; signInId: string }): Promise<void> {
  const { boardId, signInId } = input
  return doing(ctx, input, { action: 'sign-in.remove', object: () => signInId }, async tx => {
    const row = await tx.signIn.findUnique({ where: { boardId_id: { boardId, id: signInId } } })
    if (!row) throw new AppError('not-found', 'There is no such sign-in.')
    await tx.signIn.delete({ where: { boardId_id: { boardId, id: signInId } } })
    if ((await tx.signIn.count({ where: { boardId, issuer: row.issuer } })) === 0)
      await removeRoute(tx, boardId, { kind: 'issuer', value: row.issuer })
    await endSessions(tx, { boardId, schoolId: row.schoolId })
  })
}

export async function endSessions(
  tx: Tx,
  where: { boardId: string; schoolId: string } | { boardId: string; personId: string },
): Promise<void> {
  await tx.session.updateMany({ where: { ...where, endedAt: null }, data: { endedAt: new Date() } })
}

/** OpenID Connect Discovery 1.0, section 2: https, no query, no fragment. Compared exactly, so it is kept as it was given. */
function isIssuer(text: string): boolean {
  const url = URL.parse(text)
  if (!url || url.search || url.hash || url.username || url.password) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}
