/**
 * What a platform says of itself at dynamic registration (LTI-DR 1.0 §3.5), and whether to believe it. Who registers under an issuer's name speaks for
 * all its accounts: so issuer and every address must be of the host that was asked, or of the one table of those who keep them apart. Pure.
 */
import { z } from 'zod'
import { addressOf } from './addresses.ts'

const platformClaim = 'https://purl.imsglobal.org/spec/lti-platform-configuration'

const Words = z.array(z.string().max(300)).max(1000)
const Document = z.object({
  issuer: z.string().max(300),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  jwks_uri: z.string(),
  registration_endpoint: z.string(),
  authorization_server: z.string().max(300).optional().catch(undefined),
  scopes_supported: Words.optional().catch(undefined),
  [platformClaim]: z
    .object({
      product_family_code: z.string().max(100).optional(),
      messages_supported: z
        .array(z.object({ type: z.string().max(100), placements: Words.optional().catch(undefined) }))
        .max(100)
        .optional(),
    })
    .optional()
    .catch(undefined),
})

export interface Configuration {
  /** Of the school's own LMS: where it registers. */
  host: string
  /** Where its pages are, and so who may frame ours. */
  origins: string[]
  issuer: string
  authUrl: string
  tokenUrl: string
  jwksUrl: string
  registrationUrl: string
  tokenAudience: string | null
  /** `moodle`, `canvas` …: a word of theirs, lower case. */
  product: string | null
  /** Undefined: it does not say. */
  scopes: string[] | undefined
  /** Placements by message type; undefined: it does not say which messages it knows. */
  messages: Map<string, string[]> | undefined
}

export type ConfigurationProblem =
  | { problem: 'form' }
  /** Not https, or of another host than was asked. */
  | { problem: 'address'; field: AddressField }

type AddressField = 'issuer' | 'authorization_endpoint' | 'token_endpoint' | 'jwks_uri' | 'registration_endpoint'

/**
 * Platforms with one issuer for all customers: at which hosts it answers, and where customers have their pages. The configuration must come from one
 * of those hosts; then it may name the customer's own host for registering. Sources: instructure/canvas-lms (security_controller.rb,
 * dynamic_registration_controller.rb), developerdocs.instructure.com (Configuring), docs.anthology.com (LTI 1.3).
 */
const sharedIssuers: { issuer: string; hosts: string[]; pages: string }[] = [
  ...['', 'beta.', 'test.'].map(environment => ({
    issuer: `https://canvas.${environment}instructure.com`,
    hosts: [`sso.${environment}canvaslms.com`, `canvas.${environment}instructure.com`],
    pages: 'https://*.instructure.com',
  })),
  { issuer: 'https://blackboard.com', hosts: ['developer.blackboard.com'], pages: 'https://*.blackboard.com' },
]

/** Where a page without any button may be framed while nothing of the platform has been read yet. */
export const framesBefore = (asked: URL): string[] => [
  asked.origin,
  ...sharedIssuers.filter(({ hosts }) => hosts.includes(asked.host)).map(({ pages }) => pages),
]

/** Token servers that many sites share: what goes there is a proof of us, for that server alone. */
const sharedTokenHosts = ['auth.brightspace.com']

/** @param asked the address that was read; @param own our own */
export function readConfiguration(document: unknown, asked: URL, own: URL): Configuration | ConfigurationProblem {
  const parsed = Document.safeParse(document)
  if (!parsed.success) return { problem: 'form' }
  const said = parsed.data
  const wrong = (field: AddressField) => ({ problem: 'address' as const, field })
  const issuer = addressOf(said.issuer, own)
  if (!issuer || issuer.search) return wrong('issuer')
  const shared = sharedIssuers.find(each => each.issuer === said.issuer)
  const holds = (field: AddressField, url: URL): boolean => {
    if (!shared) return url.host === asked.host || (field === 'token_endpoint' && sharedTokenHosts.includes(url.host))
    return field === 'registration_endpoint' || shared.hosts.includes(url.host)
  }
  if (shared ? !shared.hosts.includes(asked.host) : issuer.host !== asked.host) return wrong('issuer')
  const fields = ['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'registration_endpoint'] as const
  const urls: Partial<Record<AddressField, string>> = {}
  for (const field of fields) {
    const url = addressOf(said[field], own)
    if (!url || !holds(field, url)) return wrong(field)
    urls[field] = said[field]
  }
  const platform = said[platformClaim]
  const registersAt = new URL(said.registration_endpoint)
  return {
    host: registersAt.host,
    origins: [...new Set([asked.origin, registersAt.origin])],
    issuer: said.issuer,
    authUrl: said.authorization_endpoint,
    tokenUrl: said.token_endpoint,
    jwksUrl: said.jwks_uri,
    registrationUrl: said.registration_endpoint,
    // Canvas writes a host name here, and wants the token address all the same.
    tokenAudience: addressOf(said.authorization_server, own) ? (said.authorization_server ?? null) : null,
    product: /^[a-z0-9 ._-]{1,40}$/i.exec(platform?.product_family_code ?? '')?.[0].toLowerCase() ?? null,
    scopes: said.scopes_supported,
    messages:
      platform?.messages_supported && new Map(platform.messages_supported.map(m => [m.type, m.placements ?? []])),
  }
}
