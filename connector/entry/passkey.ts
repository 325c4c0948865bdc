/**
 * Passkeys of staff whose school proves no fresh sign-in. Enrolled in the window after a sign-in at the school; opens nothing until a leader of
 * the school has confirmed it, who asked the person face to face. User verification (PIN, finger, face) is required at every use.
 */
import { randomUUID } from 'node:crypto'
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server'
import { z } from 'zod'
import { queueMail } from '../mail/queue.ts'
import { append } from '../store/audit.ts'
import type { Tx } from '../store/database.ts'
import { putPending, takePending } from '../store/once.ts'
import { withTenant } from '../store/scope.ts'
import { bytes, tagOf } from '../store/seal.ts'
import type { EntryContext } from './context.ts'
import { findOpenHandoff, type OpenHandoff } from './handoff.ts'
import { secret } from './ticket.ts'

const challengeMinutes = 5
/** ES256 and RS256: what platforms and keys have. No post-quantum one until the browsers of schools do. */
const algorithms = [-7, -257]
/** A person with more than these has lost some: those are revoked first. */
const mostPasskeys = 5

/** Loaded by the first who needs it: most connectors never do. */
const webauthn = () => import('@simplewebauthn/server')

const Challenge = z.object({
  handoffId: z.uuid(),
  boardId: z.uuid(),
  schoolId: z.uuid(),
  personId: z.uuid(),
  browser: z.string(),
})

export type Asked = z.infer<typeof Challenge>

const Transport = z.string().regex(/^[a-z-]{1,20}$/)
/** As `toJSON()` of a credential gives it (WebAuthn level 3, §5.1): sizes are held small before anything is decoded. */
const Credential = z.object({
  id: z.string().regex(/^[\w-]{16,1400}$/),
  rawId: z.string(),
  type: z.literal('public-key'),
  clientExtensionResults: z.record(z.string(), z.unknown()).default({}),
  response: z.looseObject({
    clientDataJSON: z.string().max(4000),
    transports: z.array(Transport).max(8).optional().catch(undefined),
  }),
})

export type PasskeyRefusal =
  | 'challenge-gone'
  | 'challenge-elsewhere'
  | 'passkey-unknown'
  | 'passkey-unconfirmed'
  | 'passkey-revoked'
  | 'passkey-counter'
  | 'passkey-answer'
  | 'too-many-passkeys'

/** RP id: the connector's own host. A passkey made at any other never answers here. */
const rpOf = (context: Pick<EntryContext, 'config'>) => ({
  id: context.config.url.hostname,
  origin: context.config.url.origin,
})

async function challenge(context: EntryContext, kind: 'passkey-make' | 'passkey-use', asked: Asked): Promise<string> {
  const value = secret()
  const expiresAt = new Date(context.clock().getTime() + challengeMinutes * 60_000)
  await putPending(context.db, { kind, secret: value, payload: { ...asked }, expiresAt })
  return value
}

/** For `navigator.credentials.create`. Names nobody: the list of passkeys on a shared device is read by all who sit there. */
export async function creationOptions(
  context: EntryContext,
  asked: Asked,
  school: string,
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const { boardId, personId } = asked
  const known = await withTenant(context.db, { boardId, role: 'system' }, tx =>
    tx.passkey.findMany({ where: { boardId, personId, revokedAt: null }, select: { credentialId: true } }),
  )
  const value = await challenge(context, 'passkey-make', asked)
  const { generateRegistrationOptions } = await webauthn()
  const name = `M5 ${school}`
  return generateRegistrationOptions({
    rpName: 'M5',
    rpID: rpOf(context).id,
    userName: name,
    userDisplayName: name,
    userID: tagOf(`passkey ${boardId} ${personId}`),
    challenge: bytes(Buffer.from(value, 'base64url')),
    attestationType: 'none',
    excludeCredentials: known.map(({ credentialId }) => ({ id: Buffer.from(credentialId).toString('base64url') })),
    authenticatorSelection: { residentKey: 'discouraged', userVerification: 'required' },
    supportedAlgorithmIDs: algorithms,
  })
}

/** For `navigator.credentials.get`. @returns null when this person has no passkey that a leader confirmed */
export async function requestOptions(
  context: EntryContext,
  asked: Asked,
): Promise<PublicKeyCredentialRequestOptionsJSON | null> {
  const { boardId, schoolId, personId } = asked
  const usable = await withTenant(context.db, { boardId, role: 'system' }, tx =>
    tx.passkey.findMany({
      where: { boardId, schoolId, personId, revokedAt: null, confirmedAt: { not: null } },
      select: { credentialId: true, transports: true },
    }),
  )
  if (usable.length === 0) return null
  const value = await challenge(context, 'passkey-use', asked)
  const { generateAuthenticationOptions } = await webauthn()
  return generateAuthenticationOptions({
    rpID: rpOf(context).id,
    challenge: bytes(Buffer.from(value, 'base64url')),
    allowCredentials: usable.map(({ credentialId, transports }) => ({
      id: Buffer.from(credentialId).toString('base64url'),
      transports,
    })),
    userVerification: 'required',
  })
}

/** The challenge that the answer says it answers, used up; good only while its window is open, for the person it was asked for. */
async function answered(
  context: EntryContext,
  kind: 'passkey-make' | 'passkey-use',
  text: string,
  browser: string | undefined,
) {
  const credential = Credential.safeParse(readJson(text))
  if (!credential.success) return { refused: 'passkey-answer' as const }
  const { clientDataJSON } = credential.data.response
  const said = z
    .object({ challenge: z.string().max(200) })
    .safeParse(readJson(Buffer.from(clientDataJSON, 'base64url').toString('utf8')))
  if (!said.success) return { refused: 'passkey-answer' as const }
  const asked = Challenge.safeParse(await takePending(context.db, kind, said.data.challenge, context.clock()))
  if (!asked.success) return { refused: 'challenge-gone' as const }
  if (asked.data.browser !== browser) return { refused: 'challenge-elsewhere' as const }
  const handoff = await findOpenHandoff(context, asked.data.handoffId, [kind === 'passkey-use' ? 'fresh' : 'enrol'])
  if (!handoff || handoff.personId !== asked.data.personId) return { refused: 'challenge-gone' as const }
  return { asked: asked.data, handoff, credential: credential.data, challenge: said.data.challenge }
}

export type Enrolled = { passkeyId: string; handoff: OpenHandoff } | { refused: PasskeyRefusal; handoff?: OpenHandoff }

/** @param text what the page's script sent. @param label coarse kind of device, never what somebody typed */
export async function enrolPasskey(
  context: EntryContext,
  answer: { text: string; browser: string | undefined; label: string },
): Promise<Enrolled> {
  const found = await answered(context, 'passkey-make', answer.text, answer.browser)
  if ('refused' in found) return { refused: found.refused ?? 'passkey-answer' }
  const { asked, handoff, credential, challenge: expectedChallenge } = found
  const { verifyRegistrationResponse } = await webauthn()
  const rp = rpOf(context)
  // SAFETY: parsed above as far as we read it; the verifier looks at every other part itself and throws on what it does not know.
  const response = credential as unknown as Parameters<typeof verifyRegistrationResponse>[0]['response']
  const verified = await verifyRegistrationResponse({
    ...{ response, expectedChallenge, expectedOrigin: rp.origin, expectedRPID: rp.id },
    ...{ requireUserVerification: true, supportedAlgorithmIDs: algorithms },
  }).catch(() => ({ verified: false as const }))
  const { boardId, schoolId, personId } = asked
  return withTenant(context.db, { boardId, personId, role: 'person' }, async tx => {
    const entry = { boardId, actor: personId, action: 'passkey.enrol' } as const
    const refuse = async (reason: PasskeyRefusal) => {
      await append(tx, { ...entry, outcome: 'refused', detail: { reason } })
      return { refused: reason, handoff }
    }
    if (!verified.verified) return refuse('passkey-answer')
    // One after the other: 64 at once would each count four.
    await tx.$queryRaw`select from "Person" where "boardId" = ${boardId}::uuid and id = ${personId}::uuid for update`
    if ((await tx.passkey.count({ where: { boardId, personId, revokedAt: null } })) >= mostPasskeys)
      return refuse('too-many-passkeys')
    const { id: credentialId, publicKey, counter } = verified.registrationInfo.credential
    const credentialTag = tagOf(credentialId)
    if ((await tx.passkey.count({ where: { boardId, credentialTag } })) > 0) return refuse('passkey-answer')
    const id = randomUUID()
    await tx.passkey.create({
      data: {
        ...{ boardId, id, personId, schoolId, credentialTag, counter: BigInt(counter), label: answer.label },
        credentialId: bytes(Buffer.from(credentialId, 'base64url')),
        publicKey: bytes(publicKey),
        transports: credential.response.transports ?? [],
        createdAt: context.clock(),
      },
    })
    await append(tx, { ...entry, object: id, outcome: 'done' })
    // Not to oneself: a leader's own is confirmed by another leader.
    await queueMail(tx, {
      ...{ boardId, schoolId, kind: 'passkey-to-confirm', to: ['SCHOOL_LEADER'], except: personId, aboutId: id },
      now: context.clock(),
    })
    return { passkeyId: id, handoff }
  })
}

export type Used = { at: Date; handoff: OpenHandoff } | { refused: PasskeyRefusal; handoff?: OpenHandoff }

/** Verifies one use. The challenge is used up also by what is refused. */
export async function usePasskey(
  context: EntryContext,
  answer: { text: string; browser: string | undefined },
): Promise<Used> {
  const found = await answered(context, 'passkey-use', answer.text, answer.browser)
  if ('refused' in found) return { refused: found.refused ?? 'passkey-answer' }
  const { asked, handoff, credential, challenge: expectedChallenge } = found
  const { boardId, schoolId, personId } = asked
  const refused = (reason: PasskeyRefusal) => refusedUse(context, handoff, personId, reason)
  const row = await withTenant(context.db, { boardId, personId, role: 'person' }, tx =>
    tx.passkey.findFirst({ where: { boardId, schoolId, personId, credentialTag: tagOf(credential.id) } }),
  )
  const standing = judgePasskey(row)
  if (standing || !row) return refused(standing ?? 'passkey-unknown')
  const { verifyAuthenticationResponse } = await webauthn()
  const rp = rpOf(context)
  // SAFETY: as in enrolPasskey.
  const response = credential as unknown as Parameters<typeof verifyAuthenticationResponse>[0]['response']
  // The counter is compared below, by one statement: the library's own look is at what was read a moment ago.
  const stored = { id: credential.id, publicKey: bytes(row.publicKey), counter: 0, transports: row.transports }
  const verified = await verifyAuthenticationResponse({
    ...{ response, expectedChallenge, expectedOrigin: rp.origin, expectedRPID: rp.id, credential: stored },
    requireUserVerification: true,
  }).catch(() => null)
  if (!verified?.verified) return refused('passkey-answer')
  const counter = BigInt(verified.authenticationInfo.newCounter)
  const at = context.clock()
  const used = await withTenant(context.db, { boardId, personId, role: 'person' }, async tx => {
    const moved = await moveCounter(tx, { boardId, id: row.id, counter, at })
    if (moved) await append(tx, { boardId, actor: personId, action: 'passkey.use', object: row.id, outcome: 'done' })
    return moved
  })
  return used ? { at, handoff } : refused('passkey-counter')
}

/** Pure: may this passkey answer at all? */
export function judgePasskey(row: { confirmedAt: Date | null; revokedAt: Date | null } | null): PasskeyRefusal | null {
  if (!row) return 'passkey-unknown'
  if (row.revokedAt) return 'passkey-revoked'
  return row.confirmedAt ? null : 'passkey-unconfirmed'
}

/**
 * WebAuthn §6.1.1: a counter that does not rise says that the passkey exists twice. Those that always say 0 (synced ones) have none. One
 * statement, so that of two uses with one counter one counts, and none after it was revoked.
 */
async function moveCounter(
  tx: Tx,
  { boardId, id, counter, at }: { boardId: string; id: string; counter: bigint; at: Date },
): Promise<boolean> {
  const rises = counter === 0n ? { counter: 0n } : { counter: { lt: counter } }
  const { count } = await tx.passkey.updateMany({
    where: { boardId, id, revokedAt: null, confirmedAt: { not: null }, ...rises },
    data: { counter, lastUsedAt: at },
  })
  return count === 1
}

async function refusedUse(
  context: EntryContext,
  handoff: OpenHandoff,
  personId: string,
  reason: PasskeyRefusal,
): Promise<Used> {
  const { boardId, id: handoffId } = handoff
  await withTenant(context.db, { boardId, personId, role: 'person' }, tx =>
    append(tx, {
      ...{ boardId, actor: personId, action: 'passkey.use', object: handoffId },
      ...{ outcome: 'refused' as const, detail: { reason } },
    }),
  )
  return { refused: reason, handoff }
}

/** Coarse, so that a person knows which of theirs it is. From the browser's own word, and good for nothing else. */
export function deviceLabel(userAgent: string | undefined): string {
  const kinds: [RegExp, string][] = [
    [/iPhone/, 'iPhone'],
    [/iPad/, 'iPad'],
    [/Android/, 'Android'],
    [/CrOS/, 'Chromebook'],
    [/Mac OS X/, 'Mac'],
    [/Windows/, 'Windows'],
    [/Linux/, 'Linux'],
  ]
  return kinds.find(([pattern]) => pattern.test(userAgent ?? ''))?.[1] ?? 'Apparaat'
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
