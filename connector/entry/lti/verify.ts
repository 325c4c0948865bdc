/** From what was posted to a launch that holds: every check of launch.ts in its order, with the keys fetched and the state used up in between. */
import { AppError } from '../../errors.ts'
import { type Platform, platformsOf } from '../../store/lti.ts'
import type { EntryContext } from '../context.ts'
import type { KeyFinder } from '../key-sets.ts'
import {
  checkSignature,
  checkTimes,
  type Launch,
  nonceOf,
  Refused,
  readLaunch,
  readToken,
  type Token,
} from './launch.ts'
import { type Placed, placeLaunch } from './platforms.ts'
import type { LtiTrouble } from './refusals.ts'
import { useState } from './state.ts'

/** A refusal with where it belongs, as far as that is known. */
export class LaunchFailed extends Error {
  override readonly name = 'LaunchFailed'
  readonly code: LtiTrouble
  readonly facts: Record<string, string | number | boolean>
  readonly platform: Platform | undefined

  constructor(code: LtiTrouble, facts: Record<string, string | number | boolean> = {}, platform?: Platform) {
    super(code)
    this.code = code
    this.facts = facts
    this.platform = platform
  }
}

export interface Verified {
  token: Token
  /** Registrations by whose keys the token holds. */
  platforms: [Platform, ...Platform[]]
}

/** Checks 1 to 4: the token itself. Uses nothing up. @throws LaunchFailed, Refused */
export async function verifyToken(context: EntryContext, keyAt: KeyFinder, text: string): Promise<Verified> {
  const token = readToken(text)
  const registered = await platformsOf(context.db, token.issuer, token.clientId)
  if (registered.length === 0) throw new LaunchFailed('launch-unknown')
  const problems: LaunchFailed[] = []
  const platforms: Platform[] = []
  for (const platform of registered) {
    const problem = await holdsFor(keyAt, token, platform)
    if (problem) problems.push(problem)
    else platforms.push(platform)
  }
  const [first, ...more] = platforms
  if (!first) throw problems[0] ?? new LaunchFailed('token-signature')
  checkTimes(token, context.clock())
  return { token, platforms: [first, ...more] }
}

async function holdsFor(keyAt: KeyFinder, token: Token, platform: Platform): Promise<LaunchFailed | null> {
  try {
    const key = await keyAt(new URL(platform.jwksUrl), token.kid)
    if (!key) return new LaunchFailed('token-key', {}, platform)
    checkSignature(token, key)
    return null
  } catch (cause) {
    if (cause instanceof Refused) return new LaunchFailed(cause.code, cause.facts, platform)
    if (cause instanceof AppError && (cause.reason === 'keys-unreachable' || cause.reason === 'keys-unreadable'))
      return new LaunchFailed(cause.reason, {}, platform)
    throw cause
  }
}

/** Checks 5 to 7, for the browser that began: from here on this launch was used. @throws LaunchFailed, Refused */
export async function finishLaunch(
  context: EntryContext,
  { token, platforms }: Verified,
  { state, browser }: { state: string; browser: string },
): Promise<{ launch: Launch; placed: Placed }> {
  const [platform] = platforms
  const used = await useState(context, { state, browser, nonce: nonceOf(token) })
  if ('problem' in used) throw new LaunchFailed(used.problem, {}, platform)
  const { begun } = used
  if (begun.issuer !== token.issuer || begun.clientId !== token.clientId)
    throw new LaunchFailed('state-mix-up', {}, platform)
  const launch = readLaunch(token, context.config.url)
  if (begun.deploymentId !== null && begun.deploymentId !== launch.deploymentId)
    throw new LaunchFailed('state-deployment', {}, platform)
  return { launch, placed: await placeLaunch(context, platforms, launch.deploymentId) }
}
