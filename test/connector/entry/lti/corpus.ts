/** Launches that must not be let in: what is changed, and which refusals are right for it. Each is otherwise whole, signed and in time. */
import { createHmac, randomBytes } from 'node:crypto'
import { generateKeyPair, SignJWT } from 'jose'
import type { LtiTrouble } from '../../../../connector/entry/lti/refusals.ts'
import type { Claims, Lms } from '../../../school/lms.ts'

export interface Broken {
  name: string
  /** Any of these. */
  codes: LtiTrouble[]
  make: (claims: Claims, lms: Lms) => Promise<string> | string
}

export const lti = (name: string) => `https://purl.imsglobal.org/spec/lti/claim/${name}`
const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const now = () => Math.floor(Date.now() / 1000)

/** Signed by the platform's own key, over exactly these texts. */
async function raw(lms: Lms, header: string, body: string): Promise<string> {
  const [key] = lms.keys
  if (!key) throw new Error('no key')
  const text = `${encode(header)}.${encode(body)}`
  const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', key.privateKey, Buffer.from(text))
  return `${text}.${Buffer.from(signature).toString('base64url')}`
}
const headerOf = (lms: Lms, more: Record<string, unknown> = {}) => ({
  alg: 'RS256',
  typ: 'JWT',
  kid: lms.keys[0]?.kid,
  ...more,
})

const claimCase = (name: string, codes: LtiTrouble[], change: (claims: Claims) => Claims): Broken => ({
  name,
  codes,
  make: (claims, lms) => raw(lms, JSON.stringify(headerOf(lms)), JSON.stringify(change({ ...claims }))),
})
const set = (claim: string, value: unknown, codes: LtiTrouble[]): Broken =>
  claimCase(`${claim.replace(/.*claim\//, '')} ${shown(value)}`, codes, claims => ({ ...claims, [claim]: value }))
const without = (claim: string, codes: LtiTrouble[]): Broken =>
  claimCase(`without ${claim.replace(/.*claim\//, '')}`, codes, claims => {
    const { [claim]: _gone, ...rest } = claims
    return rest as Claims
  })
const headerCase = (name: string, codes: LtiTrouble[], more: Record<string, unknown>): Broken => ({
  name: `header ${name}`,
  codes,
  make: (claims, lms) => raw(lms, JSON.stringify(headerOf(lms, more)), JSON.stringify(claims)),
})
const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 60) ?? 'undefined'

const algorithms: Broken[] = [
  ...[
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    ' RS256',
    'rs256',
    'RS256 ',
    'RS1',
    'HS1',
    null,
    0,
    true,
    ['RS256'],
    { a: 1 },
  ].map((alg): Broken => headerCase(`alg ${shown(alg)}`, ['token-algorithm'], { alg })),
  ...['RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA', 'HS256', 'HS384', 'HS512'].map(
    (alg): Broken => headerCase(`alg ${alg} over a real signature`, ['token-algorithm'], { alg }),
  ),
  {
    name: 'alg none without a signature',
    codes: ['token-form', 'token-algorithm'],
    make: claims => `${encode({ alg: 'none' })}.${encode(claims)}.`,
  },
  {
    name: 'alg none with an invented signature',
    codes: ['token-algorithm'],
    make: claims => `${encode({ alg: 'none' })}.${encode(claims)}.${encode('x')}`,
  },
  ...(['n', 'whole'] as const).map(
    (what): Broken => ({
      name: `HS256 keyed with the public key (${what})`,
      codes: ['token-algorithm'],
      make: (claims, lms) => {
        const jwk = lms.keys[0]?.jwk
        const text = `${encode({ alg: 'HS256', kid: jwk?.kid })}.${encode(claims)}`
        const key = what === 'n' ? String(jwk?.n) : JSON.stringify(jwk)
        return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
      },
    }),
  ),
  {
    name: 'RS256 in the header, HMAC in the signature',
    codes: ['token-signature'],
    make: (claims, lms) => {
      const text = `${encode(headerOf(lms))}.${encode(claims)}`
      return `${text}.${createHmac('sha256', String(lms.keys[0]?.jwk.n)).update(text).digest('base64url')}`
    },
  },
]

/** Each with a key of the attacker's own. */
const foreignKeys: Broken[] = (
  [
    ['of the same name', (lms: Lms) => ({ kid: lms.keys[0]?.kid }), ['token-signature']],
    ['of another name', () => ({ kid: 'mine' }), ['token-key']],
    ['with jku', (lms: Lms) => ({ kid: lms.keys[0]?.kid, jku: 'http://127.0.0.9/jwks' }), ['token-signature']],
    ['with jku and a name of its own', () => ({ kid: 'mine', jku: 'http://127.0.0.9/jwks' }), ['token-key']],
    ['with x5u', (lms: Lms) => ({ kid: lms.keys[0]?.kid, x5u: 'http://127.0.0.9/cert' }), ['token-signature']],
    ['with x5c', (lms: Lms) => ({ kid: lms.keys[0]?.kid, x5c: ['MIIB'] }), ['token-signature']],
    ['with x5t', (lms: Lms) => ({ kid: lms.keys[0]?.kid, x5t: 'abc' }), ['token-signature']],
    [
      'with itself in the header',
      (lms: Lms) => ({ kid: lms.keys[0]?.kid, jwk: { kty: 'RSA', n: 'x', e: 'AQAB' } }),
      ['token-signature'],
    ],
    ['named after a path', () => ({ kid: '../../../../etc/passwd' }), ['token-key']],
    ['named after a statement', () => ({ kid: "' or 1=1 --" }), ['token-key']],
    ['named after a property', () => ({ kid: '__proto__' }), ['token-key']],
    ['named constructor', () => ({ kid: 'constructor' }), ['token-key']],
    ['with an address as name', () => ({ kid: 'http://169.254.169.254/' }), ['token-key']],
  ] as [string, (lms: Lms) => Record<string, unknown>, LtiTrouble[]][]
).map(([name, more, codes]) => ({
  name: `a key ${name}`,
  codes,
  make: async (claims, lms) => {
    const { privateKey } = await generateKeyPair('RS256')
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...more(lms) } as { alg: string })
      .sign(privateKey)
  },
}))

const headers: Broken[] = [
  ...[undefined, '', null, 7, [], {}, 'a\u0000b', 'a\nb', 'x'.repeat(301)].map(
    (kid): Broken => headerCase(`kid ${shown(kid)}`, ['token-header'], { kid }),
  ),
  ...['at+jwt', 'dpop+jwt', 'logout+jwt', 'JWS', '', 7, null, ['JWT'], 'JWT\u0000', 'application/jwt'].map(
    (typ): Broken => headerCase(`typ ${shown(typ)}`, ['token-header'], { typ }),
  ),
  headerCase('crit', ['token-header'], { crit: ['exp'], exp: 1 }),
  headerCase('crit empty', ['token-header'], { crit: [] }),
  headerCase('b64 false', ['token-header'], { b64: false, crit: ['b64'] }),
]

const forms: Broken[] = [
  ...[
    '',
    '.',
    '..',
    '...',
    'a',
    'a.b',
    'a.b.c',
    'a.b.c.d',
    ' ',
    'null',
    '{}',
    '\u0000',
    'é.é.é',
    'x'.repeat(120_000),
  ].map((text): Broken => ({ name: `text ${shown(text)}`, codes: ['token-form'], make: () => text })),
  ...['null', '[]', '"x"', '7', 'true', '', '{', '{"alg":"RS256"', '\ufeff{}', '{"alg":"RS256"}x'].map(
    (header): Broken => ({
      name: `header text ${shown(header)}`,
      codes: ['token-form'],
      make: (claims, lms) => raw(lms, header, JSON.stringify(claims)),
    }),
  ),
  ...['null', '[]', '"x"', '7', '', '{', '{"iss":1,}', "{'iss':1}", '[{"iss":1}]'].map(
    (body): Broken => ({
      name: `body text ${shown(body)}`,
      codes: ['token-form'],
      make: (_claims, lms) => raw(lms, JSON.stringify(headerOf(lms)), body),
    }),
  ),
  {
    name: 'bytes that are no UTF-8',
    codes: ['token-form'],
    make: (_claims, lms) => `${encode(headerOf(lms))}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.AAAA`,
  },
  {
    name: 'padding',
    codes: ['token-form'],
    make: async (claims, lms) => `${await lms.sign(claims)}==`,
  },
  {
    name: 'white space around it',
    codes: ['token-form'],
    make: async (claims, lms) => ` ${await lms.sign(claims)} `,
  },
  {
    name: 'a nested token',
    codes: ['token-form'],
    make: async (claims, lms) => raw(lms, JSON.stringify(headerOf(lms)), JSON.stringify(await lms.sign(claims))),
  },
  { name: 'five parts, as if encrypted', codes: ['token-form'], make: async (c, lms) => `${await lms.sign(c)}.x.y` },
  {
    name: 'a body that is larger than allowed',
    codes: ['token-form'],
    make: (claims, lms) => lms.sign({ ...claims, more: 'x'.repeat(110_000) }),
  },
  {
    name: 'nesting without end',
    codes: ['token-form'],
    make: (_claims, lms) => raw(lms, JSON.stringify(headerOf(lms)), '['.repeat(30_000) + ']'.repeat(30_000)),
  },
]

/** One name twice: the second is the right one, for whoever believes the last. */
const repeated: Broken[] = [
  ...['iss', 'aud', 'sub', 'exp', 'iat', 'nonce', lti('deployment_id'), lti('target_link_uri'), lti('version')].map(
    (claim): Broken => ({
      name: `${claim.replace(/.*claim\//, '')} twice`,
      codes: ['token-repeated'],
      make: (claims, lms) =>
        raw(lms, JSON.stringify(headerOf(lms)), `{${JSON.stringify(claim)}:"other",${JSON.stringify(claims).slice(1)}`),
    }),
  ),
  {
    name: 'iss twice, once escaped',
    codes: ['token-repeated'],
    make: (claims, lms) =>
      raw(lms, JSON.stringify(headerOf(lms)), `{"\\u0069ss":"other",${JSON.stringify(claims).slice(1)}`),
  },
  {
    name: 'alg twice in the header',
    codes: ['token-repeated'],
    make: (claims, lms) => raw(lms, `{"alg":"none",${JSON.stringify(headerOf(lms)).slice(1)}`, JSON.stringify(claims)),
  },
  {
    name: 'a name twice inside a claim',
    codes: ['token-repeated'],
    make: (claims, lms) =>
      raw(lms, JSON.stringify(headerOf(lms)), `{"x":[{"a":1,"a":2}],${JSON.stringify(claims).slice(1)}`),
  },
]

const signatures: Broken[] = [
  ...(
    [
      ['empty', () => ''],
      ['of one byte', () => encode('x')],
      ['all zero', () => Buffer.alloc(256).toString('base64url')],
      ['all ones', () => Buffer.alloc(256, 255).toString('base64url')],
      ['cut short', (signature: string) => signature.slice(0, -8)],
      ['with a tail', (signature: string) => `${signature}AAAA`],
      ['of random bytes', () => randomBytes(256).toString('base64url')],
      ['turned around', (signature: string) => [...signature].reverse().join('')],
    ] as [string, (signature: string) => string][]
  ).map(
    ([name, change]): Broken => ({
      name: `signature ${name}`,
      codes: ['token-signature', 'token-form'],
      make: async (claims, lms) => {
        const [head, body, signature = ''] = (await lms.sign(claims)).split('.')
        return `${head}.${body}.${change(signature)}`
      },
    }),
  ),
  ...['sub', 'nonce', 'exp', lti('roles'), lti('deployment_id')].map(
    (claim): Broken => ({
      name: `${claim.replace(/.*claim\//, '')} changed after signing`,
      codes: ['token-signature'],
      make: async (claims, lms) => {
        const [head, , signature] = (await lms.sign(claims)).split('.')
        return `${head}.${encode({ ...claims, [claim]: claim === 'exp' ? now() + 9999 : 'changed' })}.${signature}`
      },
    }),
  ),
  {
    name: 'the signature of another token',
    codes: ['token-signature'],
    make: async (claims, lms) => {
      const [head, body] = (await lms.sign(claims)).split('.')
      return `${head}.${body}.${(await lms.sign({ ...claims, sub: 'p2' })).split('.')[2]}`
    },
  },
]

const control = ['a\u0000b', '\u0000', 'a\nb', 'a\u007f', 'x'.repeat(301)]
const registration: Broken[] = [
  without('iss', ['token-issuer']),
  ...[null, 7, '', [], {}, ['x'], ...control].map(value => set('iss', value, ['token-issuer'])),
  ...['https://evil.example', 'http://127.0.0.3', 'HTTP://127.0.0.3:1', "'; drop table", '%', '*'].map(value =>
    set('iss', value, ['launch-unknown']),
  ),
  claimCase('iss with a slash at its end', ['launch-unknown'], claims => ({ ...claims, iss: `${claims.iss}/` })),
  claimCase('iss with a space and the client', ['launch-unknown'], claims => ({
    ...claims,
    iss: `${claims.iss} m5-tool`,
  })),
  without('aud', ['token-audience']),
  ...[null, 7, '', [], {}, [[]], [null], [''], ['m5-tool', 7], Array(11).fill('m5-tool'), ...control].map(value =>
    set('aud', value, ['token-audience']),
  ),
  ...['another-tool', 'M5-TOOL', 'm5-tool ', 'm5', '%', ['another-tool']].map(value =>
    set('aud', value, ['launch-unknown']),
  ),
  set('aud', ['m5-tool', 'another'], ['token-party']),
  claimCase('several audiences, azp of somebody else', ['token-party'], c => ({
    ...c,
    aud: ['m5-tool', 'another'],
    azp: 'third',
  })),
  claimCase('several audiences, azp the other one', ['launch-unknown'], c => ({
    ...c,
    aud: ['m5-tool', 'another'],
    azp: 'another',
  })),
  ...['another', null, 7, '', ['m5-tool'], 'm5-tool\u0000'].map(value => set('azp', value, ['token-party'])),
]

const times: Broken[] = [
  ...['exp', 'iat'].map(claim => without(claim, ['token-time'])),
  ...[null, 'x', '', -1, 0, [], {}, true, 1e300, 1e12].flatMap(value => [
    set('exp', value, ['token-time']),
    set('iat', value, ['token-time', 'token-early']),
  ]),
  claimCase('exp as text', ['token-time'], claims => ({ ...claims, exp: String(now() + 60) as unknown as number })),
  ...[62, 300, 3600, 86_400].map(seconds =>
    claimCase(`expired ${seconds} s ago`, ['token-expired'], c => ({
      ...c,
      iat: now() - seconds - 60,
      exp: now() - seconds,
    })),
  ),
  ...[70, 300, 3600, 86_400].map(seconds =>
    claimCase(`made in ${seconds} s`, ['token-early'], c => ({
      ...c,
      iat: now() + seconds,
      exp: now() + seconds + 60,
    })),
  ),
  claimCase('not before an hour from now', ['token-early'], c => ({ ...c, nbf: now() + 3600 })),
  claimCase('nbf no number', ['token-time'], c => ({ ...c, nbf: 'x' as unknown as number })),
  claimCase('ends before it begins', ['token-time'], c => ({ ...c, iat: now(), exp: now() - 30 })),
]

const nonces: Broken[] = [
  without('nonce', ['token-nonce']),
  ...[null, 7, '', [], {}, 'a\u0000b', 'x'.repeat(201)].map(value => set('nonce', value, ['token-nonce'])),
  ...['guessed', 'x'.repeat(43), '%'].map(value => set('nonce', value, ['state-nonce'])),
  claimCase('nonce with a space', ['state-nonce'], c => ({ ...c, nonce: `${String(c.nonce)} ` })),
]

const messages: Broken[] = [
  without(lti('version'), ['version']),
  ...['1.3', '1.1', '1.3.0 ', '2.0.0', 1.3, null, ['1.3.0'], ''].map(value => set(lti('version'), value, ['version'])),
  without(lti('message_type'), ['message-type']),
  ...[
    'LtiStartProctoring',
    'LtiEndAssessment',
    'LtiSubmissionReviewRequest',
    'basic-lti-launch-request',
    'ltiresourcelinkrequest',
    '',
    null,
    7,
  ].map(value => set(lti('message_type'), value, ['message-type'])),
  set(lti('message_type'), 'LtiDeepLinkingResponse', ['message-type']),
  without(lti('deployment_id'), ['deployment']),
  ...[null, 7, '', [], {}, ['7'], 'a\u0000b', 'x'.repeat(256)].map(value =>
    set(lti('deployment_id'), value, ['deployment']),
  ),
  // The login request said 7.
  ...['8', '07', '7 ', '%'].map(value => set(lti('deployment_id'), value, ['state-deployment'])),
  without(lti('target_link_uri'), ['target']),
  ...[
    null,
    7,
    '',
    [],
    '/meld',
    'meld',
    '//evil.example/meld',
    'https://evil.example/meld',
    'javascript:alert(1)',
    'data:text/html,x',
    'http://localhost.evil.example/meld',
    'http://localhost:1/meld',
    'http://user:pass@localhost/meld',
    'x'.repeat(2001),
  ].map(value => set(lti('target_link_uri'), value, ['target'])),
  ...[null, 7, '', [], {}, 'a\u0000b', 'a\nb', 'x'.repeat(256)].map(value => set('sub', value, ['subject'])),
]

export const corpus: Broken[] = [
  ...algorithms,
  ...foreignKeys,
  ...headers,
  ...forms,
  ...repeated,
  ...signatures,
  ...registration,
  ...times,
  ...nonces,
  ...messages,
]
