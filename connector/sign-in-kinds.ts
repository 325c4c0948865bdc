/**
 * The kinds of sign-in that a school may have, as rows of one table: where the issuer stands, what must be in its answer, and what that answer
 * is worth. A new kind is a new row. Facts of the vendors: design notes "Ways in", §5 and §11.
 */
import { isLoopback } from './loopback.ts'

export const kindNames = ['google', 'entra', 'entree', 'oidc'] as const
export type KindName = (typeof kindNames)[number]

/** Of the ID token, or of userinfo where a kind keeps them there. */
export type Claims = Readonly<Record<string, unknown>>

/** What the school's own row says. */
export interface Expected {
  /** Google's domain (more with commas between), Entra's tenant id, Entree's realm. */
  tenant: string | null
  /** Four characters, and two. */
  brin: string
  location: string
}

/**
 * Why a good answer is not one of this school: another school's account, one of nobody's school, or an account of which the sign-in does not say
 * what it must.
 */
export type Misfit = 'other-school' | 'private-account' | 'claims-missing'

export interface SignInKind {
  /** What an administrator calls it. */
  name: string
  /** `{tenant}` is filled in. Null: the administrator gives it. */
  issuer: string | null
  /** Who the administrator's own issuer may be at, where that is not everybody. */
  issuerHost: RegExp | null
  /** Where its endpoints may stand; null: where its discovery says. */
  hosts: readonly string[] | null
  tenant: { says: string; form: RegExp; needed: boolean } | null
  scopes: string
  claimsFrom: 'id-token' | 'userinfo'
  /** The claim that is the identity's subject from now on. */
  subject: string
  /** The claim that names a person of the roster, and as which key. Null: the administrator says. */
  claim: string | null
  keyType: string | null
  /** What the roster would have, of what the claim has. */
  toKey: (value: string, tenant: string | null) => string | null
  check: (claims: Claims, expected: Expected) => Misfit | null
  /** Devices are shared: nobody comes in as the child who sat here before. */
  prompt: 'select_account' | 'login'
  /** Makes it ask for the password again; null where nothing does. */
  promptAgain: 'login' | null
  /** Its `auth_time` is when somebody proved who they are, and `max_age` is honoured. */
  provesAuthTime: boolean
  /** Sent along with the request. */
  hints: (expected: Pick<Expected, 'tenant'>) => Record<string, string>
}

/** Pupils and colleagues may have one each: `school.nl,leerling.school.nl`. */
const domains = (tenant: string | null): string[] => (tenant ?? '').split(',').filter(Boolean)
const asItIs = (value: string) => value
const none = () => ({})

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export const signInKinds: Readonly<Record<KindName, SignInKind>> = {
  google: {
    name: 'Google Workspace',
    issuer: 'https://accounts.google.com',
    issuerHost: null,
    hosts: ['accounts.google.com', 'oauth2.googleapis.com', 'www.googleapis.com', 'openidconnect.googleapis.com'],
    tenant: {
      says: 'the domain of the school’s accounts, as voorbeeld.nl; of more with commas between',
      form: /^[a-z0-9-]+(\.[a-z0-9-]+)+(,[a-z0-9-]+(\.[a-z0-9-]+)+)*$/,
      needed: true,
    },
    // Nothing more: for pupils under 18 Google lets through who asks for sign-in alone. The address is not read.
    scopes: 'openid email',
    claimsFrom: 'id-token',
    subject: 'sub',
    claim: 'sub',
    // Google's directory and its sign-in call somebody by one number (adapters/google/map.ts).
    keyType: 'object-id',
    toKey: asItIs,
    check: ({ hd }, { tenant }) => {
      if (hd === undefined || hd === '') return 'private-account'
      return typeof hd === 'string' && domains(tenant).includes(hd.toLowerCase()) ? null : 'other-school'
    },
    prompt: 'select_account',
    promptAgain: null,
    provesAuthTime: false,
    // Spares the choice among accounts of elsewhere; proves nothing, so `hd` is checked in the answer.
    hints: ({ tenant }) => ({ hd: domains(tenant).length === 1 ? domains(tenant).join() : '*' }),
  },
  entra: {
    name: 'Microsoft Entra',
    // Never `common` or `organizations`: there everybody's tenant signs in.
    issuer: 'https://login.microsoftonline.com/{tenant}/v2.0',
    issuerHost: null,
    hosts: ['login.microsoftonline.com', 'graph.microsoft.com'],
    tenant: { says: 'the tenant id of the school, a uuid in small letters', form: uuid, needed: true },
    // `oid` comes with profile (Microsoft's reference of ID token claims).
    scopes: 'openid profile',
    claimsFrom: 'id-token',
    // `sub` is another one for each app; `oid` is also what the roster and Teams call somebody.
    subject: 'oid',
    claim: 'oid',
    keyType: 'object-id',
    toKey: asItIs,
    check: ({ tid, oid }, { tenant }) => {
      if (typeof tid !== 'string' || typeof oid !== 'string' || oid === '') return 'claims-missing'
      return tid === tenant ? null : 'other-school'
    },
    prompt: 'select_account',
    promptAgain: 'login',
    provesAuthTime: true,
    hints: none,
  },
  entree: {
    name: 'Entree Federatie',
    issuer: null,
    issuerHost: /\.(entree|entree-s)\.kennisnet\.nl$/,
    hosts: null,
    tenant: {
      says: 'the realm of the school, when the roster has user names without it',
      form: /^[\w.-]{2,100}$/,
      needed: false,
    },
    scopes: 'openid',
    claimsFrom: 'userinfo',
    subject: 'uid',
    // On agreement only, and only to know somebody the first time. What somebody is at school (eduPersonAffiliation) is read nowhere.
    claim: 'nlEduPersonRealId',
    keyType: 'username',
    toKey: (value, tenant) => {
      const [name, realm, more] = value.split('@')
      if (tenant === null) return value
      return name && more === undefined && realm?.toLowerCase() === tenant.toLowerCase() ? name : null
    },
    check: (claims, expected) => {
      if (single(claims.uid) === null) return 'claims-missing'
      const homes = several(claims.nlEduPersonHomeOrganizationId)
      if (homes.length === 0) return 'claims-missing'
      return homes.some(home => isHome(home, expected)) ? null : 'other-school'
    },
    // Behind Entree stand the schools' own sign-ins, by SAML: that they show a choice, or ask again, is not said anywhere.
    prompt: 'login',
    promptAgain: 'login',
    provesAuthTime: false,
    hints: none,
  },
  oidc: {
    name: 'another OpenID provider',
    issuer: null,
    issuerHost: null,
    hosts: null,
    tenant: null,
    scopes: 'openid profile',
    claimsFrom: 'id-token',
    subject: 'sub',
    claim: null,
    keyType: null,
    toKey: asItIs,
    check: () => null,
    prompt: 'select_account',
    promptAgain: 'login',
    provesAuthTime: true,
    hints: none,
  },
}

/** A kind that this program does not know (any more) lets nobody in. */
export const kindOf = (name: string): SignInKind | undefined =>
  Object.hasOwn(signInKinds, name) ? signInKinds[name as KindName] : undefined

/** BRIN of four characters: the school. Of six: this location of it. Source: Kennisnet, attributes for service providers. */
function isHome(home: string, { brin, location }: Expected): boolean {
  const said = home.trim().toUpperCase()
  const own = brin.toUpperCase()
  return said === own || (said.length === 6 && said === `${own}${location.toUpperCase()}`)
}

/** A claim as text: of a list of one, that one; a list of more names nobody. */
export function single(value: unknown): string | null {
  const one = Array.isArray(value) && value.length === 1 ? value[0] : value
  if (typeof one === 'string' && one !== '') return one
  return typeof one === 'number' && Number.isSafeInteger(one) ? String(one) : null
}

const several = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string' && one !== '')

/**
 * The issuer that a row of this kind has. On this very machine (tests, demo) any kind may stand, at the path that its own has.
 * @param given as the administrator typed it
 * @returns null where it cannot be one of this kind
 */
export function issuerFor(kind: SignInKind, given: string | undefined, tenant: string | null): string | null {
  const own = kind.issuer?.replace('{tenant}', tenant ?? '') ?? null
  if (given === undefined) return own
  const url = URL.parse(given)
  if (!url || url.search || url.hash || url.username || url.password) return null
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) return null
  if (isLoopback(url.hostname)) return own === null || new URL(own).pathname === url.pathname ? given : null
  if (own !== null) return own === given ? given : null
  if (kind.issuerHost !== null) return kind.issuerHost.test(url.hostname) ? given : null
  // With the kind comes the check of whose account it is.
  return hasItsOwnKind(url.hostname) ? null : given
}

const hasItsOwnKind = (hostname: string): boolean =>
  Object.values(signInKinds).some(
    ({ issuer, issuerHost }) =>
      (issuer !== null && new URL(issuer).hostname === hostname) || issuerHost?.test(hostname),
  )
