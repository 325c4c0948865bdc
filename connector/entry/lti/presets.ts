/**
 * What learning platforms call their addresses, so that an administrator types as little as possible. `{site}` is the address of the school's own
 * LMS, `{client}` the client id. Sources: Moodle 4.1 and later (mod/lti), developerdocs.instructure.com (Configuring), Brightspace's
 * registration page, docs.blackboard.com. itslearning gives its addresses with the tool's registration: they are not guessed here.
 */
export interface Preset {
  /** Of the platform, where all its customers share one. */
  issuer: string | null
  authUrl: string | null
  tokenUrl: string | null
  jwksUrl: string | null
  tokenAudience: string | null
  /** Whether `{site}` must be known. */
  perSite: boolean
  /** Keeps state for tools that ask, also when its login request does not say so. */
  asksForStorage: boolean
  /** For the administrator, after registering. */
  note: string
}

export const presets = {
  moodle: {
    issuer: '{site}',
    authUrl: '{site}/mod/lti/auth.php',
    tokenUrl: '{site}/mod/lti/token.php',
    jwksUrl: '{site}/mod/lti/certs.php',
    tokenAudience: null,
    perSite: true,
    asksForStorage: false,
    note: 'In Moodle: share name never, share e-mail never; key type "Keyset URL". A tool that is registered again has a new deployment id.',
  },
  canvas: {
    issuer: 'https://canvas.instructure.com',
    authUrl: 'https://sso.canvaslms.com/api/lti/authorize_redirect',
    tokenUrl: 'https://sso.canvaslms.com/login/oauth2/token',
    jwksUrl: 'https://sso.canvaslms.com/api/lti/security/jwks',
    tokenAudience: null,
    perSite: false,
    asksForStorage: true,
    note: 'Allow the address of your Canvas to show the frame: m5 origin add https://YOUR-SCHOOL.instructure.com. Each install in a course is a new deployment.',
  },
  brightspace: {
    issuer: '{site}',
    authUrl: '{site}/d2l/lti/authenticate',
    tokenUrl: 'https://auth.brightspace.com/core/connect/token',
    jwksUrl: '{site}/d2l/.well-known/jwks',
    tokenAudience: 'https://api.brightspace.com/auth/token',
    perSite: true,
    asksForStorage: false,
    note: 'In Brightspace: tick no user information under Security Settings.',
  },
  itslearning: {
    issuer: null,
    authUrl: null,
    tokenUrl: null,
    jwksUrl: null,
    tokenAudience: null,
    perSite: false,
    asksForStorage: false,
    note: 'Ask itslearning for LTI 1.3 with privacy level Anonymous. Allow the address of your site to show the frame: m5 origin add https://YOUR-SCHOOL.itslearning.com.',
  },
  blackboard: {
    issuer: 'https://blackboard.com',
    authUrl: 'https://developer.blackboard.com/api/v1/gateway/oidcauth',
    tokenUrl: 'https://developer.blackboard.com/api/v1/gateway/oauth2/jwttoken',
    jwksUrl: 'https://developer.blackboard.com/api/v1/management/applications/{client}/jwks.json',
    tokenAudience: null,
    perSite: false,
    // It keeps state, and does not add lti_storage_target to the address that was registered.
    asksForStorage: true,
    note: 'Allow the address of your Blackboard to show the frame: m5 origin add https://YOUR-BLACKBOARD.',
  },
} as const satisfies Record<string, Preset>

export type Product = keyof typeof presets
export const products = Object.keys(presets) as Product[]

/** The addresses of one platform. @param site origin of the school's LMS, without a slash at the end */
export function filled(product: Product, { site, client }: { site?: string | undefined; client: string }) {
  const preset: Preset = presets[product]
  const fill = (text: string | null) => {
    if (text === null || (site === undefined && text.includes('{site}'))) return undefined
    return text.replace('{site}', site ?? '').replace('{client}', encodeURIComponent(client))
  }
  return {
    issuer: fill(preset.issuer),
    authUrl: fill(preset.authUrl),
    tokenUrl: fill(preset.tokenUrl),
    jwksUrl: fill(preset.jwksUrl),
    tokenAudience: fill(preset.tokenAudience),
  }
}
