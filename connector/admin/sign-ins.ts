/** The school's own sign-ins: which OpenID providers, as which client, and which claim names a person of the roster. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { RosterKey } from '../../adapters/roster.ts'
import { AppError } from '../errors.ts'
import { issuerFor, kindNames, signInKinds } from '../sign-in-kinds.ts'
import type { Tx } from '../store/database.ts'
import { addRoute, removeRoute } from '../store/routes.ts'
import { schoolOf } from '../store/schools.ts'
import { type AdminContext, type By, doing, reading } from './context.ts'
import { checked, Label, orConflict } from './input.ts'
import { tellLeaders } from './tell-leaders.ts'

const useInstead =
  'an e-mail address alone never links anybody. Use sis-id, the key in the roster (leerling:50001, leerkracht:12), or username'

const NewSignIn = z
  .object({
    kind: z.enum(kindNames).default('oidc'),
    label: Label,
    /** Where the kind has one of its own: left out. */
    issuer: z.string().max(500).optional(),
    tenant: z.string().trim().toLowerCase().max(200).optional(),
    clientId: z.string().min(1).max(300),
    secret: z.string().min(1).max(1000).optional(),
    scopes: z
      .string()
      .regex(/^openid( [\x21\x23-\x5b\x5d-\x7e]+)*$/, 'starts with openid')
      .optional(),
    claim: z.string().min(1).max(200).optional(),
    // connector/entry/link.ts: whoever gets a mailbox would get the person.
    keyType: RosterKey.shape.type.refine(type => type !== 'email', useInstead).optional(),
  })
  .transform((given, ctx) => {
    const kind = signInKinds[given.kind]
    const wrong = (path: string, message: string) => ctx.addIssue({ code: 'custom', path: [path], message })
    const tenant = kind.tenant ? (given.tenant ?? null) : null
    if (given.tenant !== undefined && !kind.tenant) wrong('tenant', `${kind.name} has none`)
    if (kind.tenant && (tenant === null ? kind.tenant.needed : !kind.tenant.form.test(tenant)))
      wrong('tenant', `is ${kind.tenant.says}`)
    const issuer = issuerFor(kind, given.issuer, tenant)
    if (issuer === null) wrong('issuer', issuerSays(kind))
    const [claim, keyType] = [given.claim ?? kind.claim, given.keyType ?? kind.keyType]
    if (claim === null) wrong('claim', 'is needed: the claim that names a person')
    if (keyType === null) wrong('keyType', 'is needed: the key of the roster that the claim has')
    if (issuer === null || claim === null || keyType === null) return z.NEVER
    const { label, clientId, secret, scopes = kind.scopes } = given
    return { kind: given.kind, label, issuer, tenant, clientId, secret, scopes, claim, keyType }
  })

function issuerSays({ name, issuer, issuerHost }: (typeof signInKinds)['oidc']): string {
  if (issuer !== null) return `of ${name} is ${issuer}, and may be left out`
  if (issuerHost !== null) return `of ${name} stands at a host of Kennisnet (…entree.kennisnet.nl)`
  return 'an https address without a query (http on this machine only); Google, Microsoft and Entree have a --kind of their own'
}

export interface NewSignIn extends By, z.input<typeof NewSignIn> {
  boardId: string
  schoolId: string
}

/** Never the secret, only whether there is one. */
export interface SignInFacts {
  id: string
  schoolId: string
  label: string
  kind: string
  issuer: string
  tenant: string | null
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
  const { kind, issuer, claim, keyType } = signIn
  const detail = { kind, issuer, claim, keyType }
  const work = doing(ctx, input, { action: 'sign-in.add', object: () => id, detail }, async tx => {
    await schoolOf(tx, boardId, schoolId)
    await tx.signIn.create({ data: { boardId, id, schoolId, ...signIn, secretSealed } })
    await addRoute(tx, boardId, { kind: 'issuer', value: issuer, toBoardId: boardId, toId: boardId })
    // The issuer's own logout comes with this id and nothing else.
    await addRoute(tx, boardId, { kind: 'sign-in', value: id, toBoardId: boardId, toId: boardId })
    await tellLeaders(tx, { boardId, schoolId, by: input.by, aboutId: id })
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
    // Who is under way by it waits here, and is then refused; who was first is in the list of sessions (entry/logout.ts).
    await tx.$executeRaw`select pg_advisory_xact_lock(5306, hashtext(${signInId}))`
    await tx.signIn.delete({ where: { boardId_id: { boardId, id: signInId } } })
    await removeRoute(tx, boardId, { kind: 'sign-in', value: signInId })
    if ((await tx.signIn.count({ where: { boardId, issuer: row.issuer } })) === 0)
      await removeRoute(tx, boardId, { kind: 'issuer', value: row.issuer })
    await endSessions(tx, { boardId, schoolId: row.schoolId })
    await tellLeaders(tx, { boardId, schoolId: row.schoolId, by: input.by, aboutId: signInId })
  })
}

export async function endSessions(
  tx: Tx,
  where: { boardId: string; schoolId: string } | { boardId: string; personId: string },
): Promise<void> {
  await tx.session.updateMany({ where: { ...where, endedAt: null }, data: { endedAt: new Date() } })
}
