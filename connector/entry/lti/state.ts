/**
 * Between login initiation and launch: who began, in which browser, with which nonce. A row of ten minutes; state, nonce and browser are compared
 * and used up by one DELETE. The browser proves itself by a cookie of this one launch, else by what the platform's page keeps for us; without
 * either there is no launch. The platform's hints wait sealed: they may name a person.
 */
import { z } from 'zod'
import { putPending, takePending } from '../../store/once.ts'
import { reservedBoard, withTenant } from '../../store/scope.ts'
import { tagOf } from '../../store/seal.ts'
import type { EntryContext } from '../context.ts'
import { secret } from '../ticket.ts'

/** Longer than a token of a minute with a clock that is a minute off; long enough for a person to press "open in a new window". */
export const stateMinutes = 10
const kind = 'lti'
const scope = { boardId: reservedBoard, role: 'system' } as const
const place = (tag: string) => ({ table: 'Pending', row: tag, column: 'payload' })

const hex = (text: string) => Buffer.from(tagOf(text)).toString('hex')

/** What the authorisation request needs. */
const Request = z.object({
  authUrl: z.url(),
  clientId: z.string(),
  loginHint: z.string(),
  messageHint: z.string().nullable(),
})

const Row = z.object({
  issuer: z.string(),
  clientId: z.string(),
  /** As the login request said it; the launch must say the same. */
  deploymentId: z.string().nullable(),
  /** Fingerprints. */
  browser: z.string(),
  nonce: z.string(),
  /** The frame that keeps values for tools: `_parent` or its name; null when the platform did not say that it has one. */
  storage: z.string().nullable(),
  storageOrigin: z.string(),
  sealed: z.string(),
})

export interface Begun {
  issuer: string
  clientId: string
  deploymentId: string | null
  storage: string | null
  storageOrigin: string
}

export interface Beginning extends Begun {
  request: z.infer<typeof Request>
}

export interface BegunState extends Begun {
  state: string
  /** What this browser has to bring back. */
  browser: string
  /** Where it goes next. */
  authorisation: URL
}

export async function beginState(context: EntryContext, beginning: Beginning): Promise<BegunState> {
  const { request, ...begun } = beginning
  const [state, browser, nonce] = [secret(), secret(), secret()]
  const keys = await context.keyring.board(reservedBoard)
  const sealed = keys.seal(place(hex(state)), JSON.stringify({ ...request, nonce }))
  const payload = { ...begun, browser: hex(browser), nonce: hex(nonce), sealed: Buffer.from(sealed).toString('base64') }
  const expiresAt = new Date(context.clock().getTime() + stateMinutes * 60_000)
  await putPending(context.db, { kind, secret: state, payload, expiresAt })
  return { ...begun, state, browser, authorisation: authorisation(context, request, { state, nonce }) }
}

/**
 * For a browser that came without its cookie: all of it anew, and the old one is used up. Whoever sends somebody the address of a launch of their own
 * has a token for the old nonce, and that is good for nothing here (login CSRF).
 * @returns null when it is unknown, used or too old
 */
export async function renewState(context: EntryContext, state: string): Promise<BegunState | null> {
  const row = Row.safeParse(await takePending(context.db, kind, state, context.clock()))
  if (!row.success) return null
  const { sealed, browser: _browser, nonce: _nonce, ...begun } = row.data
  const { nonce: _old, ...request } = await openRequest(context, state, sealed)
  return beginState(context, { ...begun, request })
}

export interface Waiting extends Begun {
  /** Where the browser goes next. */
  authorisation: URL
  /** This browser is the one that began. */
  same: boolean
}

/** Looks without using up. @returns null when it is unknown, used or too old */
export async function findState(
  context: EntryContext,
  state: string,
  browser: string | undefined,
): Promise<Waiting | null> {
  const found = await withTenant(context.db, scope, tx =>
    tx.pending.findUnique({ where: { boardId_kind_tag: { boardId: reservedBoard, kind, tag: tagOf(state) } } }),
  )
  const row = found && found.expiresAt > context.clock() ? Row.safeParse(found.payload) : null
  if (!row?.success) return null
  const { sealed, browser: expected, nonce: _nonce, ...begun } = row.data
  const { nonce, ...request } = await openRequest(context, state, sealed)
  const same = browser !== undefined && hex(browser) === expected
  return { ...begun, same, authorisation: authorisation(context, request, { state, nonce }) }
}

async function openRequest(context: EntryContext, state: string, sealed: string) {
  const keys = await context.keyring.board(reservedBoard)
  const opened = JSON.parse(keys.open(place(hex(state)), Buffer.from(sealed, 'base64')))
  return Request.extend({ nonce: z.string() }).parse(opened)
}

/** Exactly what Moodle takes (mod/lti/auth.php): any other scope, mode or prompt it refuses. */
function authorisation(
  { config }: Pick<EntryContext, 'config'>,
  { authUrl, clientId, loginHint, messageHint }: z.infer<typeof Request>,
  ours: { state: string; nonce: string },
): URL {
  const url = new URL(authUrl)
  const fields = {
    scope: 'openid',
    response_type: 'id_token',
    response_mode: 'form_post',
    prompt: 'none',
    client_id: clientId,
    redirect_uri: new URL('/lti/launch', config.url).href,
    login_hint: loginHint,
    ...(messageHint === null ? {} : { lti_message_hint: messageHint }),
    state: ours.state,
    nonce: ours.nonce,
  }
  for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value)
  return url
}

export type Used = { begun: Begun } | { problem: 'state-gone' | 'state-browser' | 'state-nonce' }

/** Uses state and nonce up together, for the browser that began: of many that come at once, one. */
export async function useState(
  context: EntryContext,
  { state, nonce, browser }: { state: string; nonce: string; browser: string },
): Promise<Used> {
  const [tag, nonceTag, browserTag] = [tagOf(state), hex(nonce), hex(browser)]
  const now = context.clock()
  return withTenant(context.db, scope, async tx => {
    const rows = await tx.$queryRaw<{ payload: unknown; expiresAt: Date }[]>`
      delete from "Pending" where "boardId" = ${reservedBoard}::uuid and kind = ${kind} and tag = ${tag}
      and payload->>'nonce' = ${nonceTag} and payload->>'browser' = ${browserTag}
      returning payload, "expiresAt"`
    const [used] = rows
    if (used) {
      const row = used.expiresAt > now ? Row.safeParse(used.payload) : null
      if (!row?.success) return { problem: 'state-gone' }
      const { sealed: _sealed, browser: _browser, nonce: _nonce, ...begun } = row.data
      return { begun }
    }
    // Why, for the administrator alone: nothing is used up any more here.
    const left = await tx.pending.findUnique({ where: { boardId_kind_tag: { boardId: reservedBoard, kind, tag } } })
    const row = left && left.expiresAt > now ? Row.safeParse(left.payload) : null
    if (!row?.success) return { problem: 'state-gone' }
    return { problem: row.data.browser === browserTag ? 'state-nonce' : 'state-browser' }
  })
}

/** One for each launch, so that two at once do not meet; `__Host-`: nobody else on our site's name could have set it. */
export const cookieName = (state: string) => `__Host-lti_${hex(state).slice(0, 16)}`
