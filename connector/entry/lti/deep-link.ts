/**
 * Deep linking (LTI-DL 2.0): the LMS asks what to put on a page, a teacher or an administrator chooses here, and a signed answer goes back to it. It opens
 * nothing: what is put there is an address that asks everybody who they are.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { putPending, takePending } from '../../store/once.ts'
import { reservedBoard } from '../../store/scope.ts'
import type { EntryContext } from '../context.ts'
import { secret } from '../ticket.ts'
import { addressOf, type Item, items, toolAddresses } from './addresses.ts'
import type { ToolSigner } from './tool-keys.ts'

/** Somebody chooses, and has coffee meanwhile. */
const chooseMinutes = 60
const responseSeconds = 300
const longestData = 50_000

/** Some platforms write booleans as text. */
const Truth = z.union([z.boolean(), z.string().transform(text => text.toLowerCase() === 'true')]).catch(false)

const Settings = z.object({
  deep_link_return_url: z.string(),
  accept_types: z.array(z.string()).max(100),
  accept_presentation_document_targets: z.array(z.string()).max(100).catch([]),
  accept_multiple: Truth.default(false),
  data: z
    .unknown()
    .refine(data => JSON.stringify(data).length <= longestData)
    .optional(),
})

/** What is asked, as far as we answer it. */
export interface Choice {
  returnUrl: string
  /** How an item may be handed over: as a launch, or as a plain link. */
  as: 'ltiResourceLink' | 'link'
  several: boolean
  ownWindow: boolean
  /** To be given back as it came; absent where nothing came. */
  data?: unknown
}

export type DeepLinkProblem = 'settings' | 'return-address' | 'no-kind' | 'not-allowed'

/** Pure. @param settings the claim, as it came */
export function readChoice(settings: unknown, own: URL): Choice | { problem: DeepLinkProblem } {
  const parsed = Settings.safeParse(settings)
  if (!parsed.success) return { problem: 'settings' }
  const asked = parsed.data
  const returnUrl = addressOf(asked.deep_link_return_url, own)
  if (!returnUrl) return { problem: 'return-address' }
  const as = (['ltiResourceLink', 'link'] as const).find(kind => asked.accept_types.includes(kind))
  if (!as) return { problem: 'no-kind' }
  return {
    returnUrl: returnUrl.href,
    as,
    several: asked.accept_multiple,
    ownWindow: asked.accept_presentation_document_targets.includes('window'),
    ...(asked.data === undefined ? {} : { data: asked.data }),
  }
}

/**
 * Whether a platform's roles are those of somebody who arranges a page. Roles open nothing; they can only say that somebody is not asked this. Without
 * any role the platform itself has decided.
 */
export function mayChoose(roles: readonly string[]): boolean {
  if (roles.length === 0) return true
  return roles.some(role =>
    /(?:^|[#/])(?:Instructor|Administrator|ContentDeveloper|Staff|Faculty|Manager|Mentor|SysAdmin)$/.test(role),
  )
}

const Kept = z.object({
  boardId: z.uuid(),
  schoolId: z.uuid(),
  issuer: z.string(),
  clientId: z.string(),
  deploymentId: z.string(),
  origins: z.array(z.string()),
  choice: z.object({
    returnUrl: z.string(),
    as: z.enum(['ltiResourceLink', 'link']),
    several: z.boolean(),
    ownWindow: z.boolean(),
    data: z.unknown().optional(),
  }),
})
export type Kept = z.infer<typeof Kept>

const kind = 'deep-link'
const place = (row: string) => ({ table: 'Pending', row, column: 'sealed' })

/** Until somebody has chosen. Sealed: what the LMS wants back may be anything. @returns the secret of the form */
export async function keepChoice(context: EntryContext, asked: Kept): Promise<string> {
  const key = secret()
  const row = randomUUID()
  const keys = await context.keyring.board(reservedBoard)
  const sealed = Buffer.from(keys.seal(place(row), JSON.stringify(asked))).toString('base64')
  const expiresAt = new Date(context.clock().getTime() + chooseMinutes * 60_000)
  await putPending(context.db, { kind, secret: key, payload: { row, sealed }, expiresAt })
  return key
}

const Sealed = z.object({ row: z.uuid(), sealed: z.string() })

/** Uses it up. @returns null when it is used, too old or unknown */
export async function takeChoice(context: EntryContext, key: string): Promise<Kept | null> {
  const found = Sealed.safeParse(await takePending(context.db, kind, key, context.clock()))
  if (!found.success) return null
  const keys = await context.keyring.board(reservedBoard)
  return Kept.parse(JSON.parse(keys.open(place(found.data.row), Buffer.from(found.data.sealed, 'base64'))))
}

/** @param chosen none: nothing is placed, and the LMS is told. @returns the JWT for the form field `JWT` */
export function signResponse(
  context: Pick<EntryContext, 'config' | 'clock'>,
  signer: Pick<ToolSigner, 'sign'>,
  { issuer, clientId, deploymentId, choice }: Kept,
  chosen: { items: readonly Item[]; schoolKey: string },
): Promise<string> {
  const iat = Math.floor(context.clock().getTime() / 1000)
  const lti = (name: string) => `https://purl.imsglobal.org/spec/lti/claim/${name}`
  const dl = (name: string) => `https://purl.imsglobal.org/spec/lti-dl/claim/${name}`
  return signer.sign({
    // Blackboard wants to see the application twice (docs.anthology.com, "Building the JWT token with the content").
    ...(issuer === 'https://blackboard.com' ? { sub: clientId } : {}),
    ...{ iss: clientId, aud: issuer, iat, exp: iat + responseSeconds, nonce: secret() },
    [lti('message_type')]: 'LtiDeepLinkingResponse',
    [lti('version')]: '1.3.0',
    [lti('deployment_id')]: deploymentId,
    ...(choice.data === undefined ? {} : { [dl('data')]: choice.data }),
    [dl('content_items')]: chosen.items.map(item => contentItem(item, choice, context.config.url, chosen.schoolKey)),
  })
}

/** No line item: nothing of this is marked. */
function contentItem(item: Item, { as, ownWindow }: Kept['choice'], own: URL, schoolKey: string) {
  const { title, text } = items[item]
  const address = toolAddresses(own)[item]
  const url = as === 'link' ? `${address}?s=${schoolKey}` : address
  // A report is made in a window of its own; a panel stands beside the rest.
  const window = ownWindow && item === 'stopknop' ? { window: { targetName: 'm5-stopknop' } } : {}
  return { type: as, title, text, url, ...window }
}
