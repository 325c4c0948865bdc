import { describe, expect, it } from 'vitest'
import { readConfiguration } from '../../../../connector/entry/lti/register-configuration.ts'
import { readRegistered, registrationRequest, toolClaim } from '../../../../connector/entry/lti/register-request.ts'

const own = new URL('https://m5.example')
const site = 'https://moodle.school.nl'
const asked = new URL(`${site}/mod/lti/openid-configuration.php`)
const platformClaim = 'https://purl.imsglobal.org/spec/lti-platform-configuration'
const moodle = {
  issuer: site,
  authorization_endpoint: `${site}/mod/lti/auth.php`,
  token_endpoint: `${site}/mod/lti/token.php`,
  jwks_uri: `${site}/mod/lti/certs.php`,
  registration_endpoint: `${site}/mod/lti/openid-registration.php`,
  [platformClaim]: {
    product_family_code: 'moodle',
    messages_supported: [
      { type: 'LtiResourceLinkRequest' },
      { type: 'LtiDeepLinkingRequest', placements: ['ContentArea'] },
    ],
  },
}
const sso = 'https://sso.canvaslms.com'
const canvas = {
  issuer: 'https://canvas.instructure.com',
  authorization_endpoint: `${sso}/api/lti/authorize_redirect`,
  token_endpoint: `${sso}/login/oauth2/token`,
  jwks_uri: `${sso}/api/lti/security/jwks`,
  registration_endpoint: 'https://school.instructure.com/api/lti/registrations',
  authorization_server: 'canvas.instructure.com',
}
const canvasAsked = new URL('https://canvas.instructure.com/api/lti/security/openid-configuration?registration_token=x')

describe('the configuration of a platform', () => {
  it('is believed when issuer and addresses are of the host that was asked', () => {
    expect(readConfiguration(moodle, asked, own)).toMatchObject({
      issuer: site,
      host: 'moodle.school.nl',
      product: 'moodle',
      tokenAudience: null,
    })
  })

  const fields = ['issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri', 'registration_endpoint'] as const
  const elsewhere = [
    'https://evil.example/x',
    'https://moodle.school.nl.evil.example/x',
    'https://moodle.school.nl:8443/x',
    'https://moodle.school.nl@evil.example/x',
    'http://moodle.school.nl/x',
    'javascript:alert(1)',
    'file:///etc/passwd',
    '//moodle.school.nl/x',
    '',
  ]
  it.for(fields.flatMap(field => elsewhere.map(address => [field, address] as const)))(
    'is not believed with %s at %s',
    ([field, address]) => {
      const said = readConfiguration({ ...moodle, [field]: address }, asked, own)
      expect(said).toEqual({ problem: 'address', field })
    },
  )

  it.for([
    null,
    [],
    'text',
    {},
    { ...moodle, jwks_uri: undefined },
    { ...moodle, issuer: ['a'] },
    { ...moodle, token_endpoint: 5 },
  ])('is not believed when it lacks what LTI needs: %j', document => {
    expect(readConfiguration(document, asked, own)).toEqual({ problem: 'form' })
  })

  it('speaks plain http only on this very machine', () => {
    const local = 'http://127.0.0.3:81'
    const said = Object.fromEntries(
      Object.entries(moodle).map(([k, v]) => [k, typeof v === 'string' ? v.replace(site, local) : v]),
    )
    const at = new URL(`${local}/c`)
    expect(readConfiguration(said, at, own)).toMatchObject({ problem: 'address' })
    expect(readConfiguration(said, at, new URL('http://localhost:4400'))).toMatchObject({ issuer: local })
  })
})

describe('a platform with one issuer for all its customers', () => {
  it('is believed at the hosts that the table names', () => {
    expect(readConfiguration(canvas, canvasAsked, own)).toMatchObject({
      issuer: 'https://canvas.instructure.com',
      host: 'school.instructure.com',
      tokenAudience: null,
    })
  })

  it('may register at the host of the customer, which then frames us', () => {
    const vanity = { ...canvas, registration_endpoint: 'https://leren.school.nl/api/lti/registrations' }
    expect(readConfiguration(vanity, canvasAsked, own)).toMatchObject({
      host: 'leren.school.nl',
      origins: ['https://canvas.instructure.com', 'https://leren.school.nl'],
    })
  })

  it.for([
    ['keys at the customer', { jwks_uri: 'https://school.instructure.com/files/1/keys.json' }, canvasAsked, 'jwks_uri'],
    ['keys elsewhere', { jwks_uri: 'https://evil.example/keys' }, canvasAsked, 'jwks_uri'],
    [
      'registration in the clear',
      { registration_endpoint: 'http://school.nl/x' },
      canvasAsked,
      'registration_endpoint',
    ],
    ['asked at a customer', {}, new URL('https://school.instructure.com/files/1/c'), 'issuer'],
    ['asked elsewhere', {}, new URL('https://evil.example/c'), 'issuer'],
    ['asked at a look-alike', {}, new URL('https://canvas.instructure.com.evil.example/c'), 'issuer'],
    ['asked at another environment', {}, new URL('https://canvas.test.instructure.com/c'), 'issuer'],
    ['asked on another port', {}, new URL('https://canvas.instructure.com:8443/c'), 'issuer'],
  ] as const)('is not believed with %s', ([, change, at, field]) => {
    expect(readConfiguration({ ...canvas, ...change }, at, own)).toEqual({ problem: 'address', field })
  })

  it('lets nobody borrow its name on a host of their own', () => {
    const borrowed = { ...moodle, issuer: 'https://canvas.instructure.com' }
    expect(readConfiguration(borrowed, asked, own)).toEqual({ problem: 'address', field: 'issuer' })
  })

  it('may have the token server of Brightspace, and tells its audience', () => {
    const said = {
      ...moodle,
      token_endpoint: 'https://auth.brightspace.com/core/connect/token',
      authorization_server: 'https://api.brightspace.com/auth/token',
    }
    expect(readConfiguration(said, asked, own)).toMatchObject({
      tokenUrl: 'https://auth.brightspace.com/core/connect/token',
      tokenAudience: 'https://api.brightspace.com/auth/token',
    })
  })
})

describe('what is asked of a platform', () => {
  const configurationOf = (document: unknown, at: URL) => {
    const found = readConfiguration(document, at, own)
    if ('problem' in found) throw new Error(found.problem)
    return found
  }
  const asks = (document: unknown, at = asked) => registrationRequest(configurationOf(document, at), own)

  it('is a number for who clicks, and nothing else of anybody', () => {
    const body = asks(moodle)
    expect(body).toMatchObject({ [toolClaim]: { claims: ['iss', 'sub'], domain: 'm5.example' } })
    expect(JSON.stringify(body)).not.toMatch(/given_name|family_name|email|lti-ags|picture|\$Person|\$User/)
  })

  it('names our addresses once, literally', () => {
    expect(asks(moodle)).toMatchObject({
      application_type: 'web',
      response_types: ['id_token'],
      grant_types: ['implicit', 'client_credentials'],
      initiate_login_uri: 'https://m5.example/lti/login',
      redirect_uris: ['https://m5.example/lti/launch'],
      jwks_uri: 'https://m5.example/lti/jwks',
      token_endpoint_auth_method: 'private_key_jwt',
    })
  })

  it('asks only for messages and placements that the platform knows', () => {
    const messages = (body: Record<string, unknown>) =>
      (body[toolClaim] as { messages: { type: string; placements?: string[] }[] }).messages
    expect(messages(asks(moodle)).map(m => [m.type, m.placements])).toEqual([
      ['LtiResourceLinkRequest', undefined],
      ['LtiResourceLinkRequest', undefined],
      ['LtiDeepLinkingRequest', ['ContentArea']],
    ])
    const old = { ...moodle, [platformClaim]: { messages_supported: [{ type: 'LtiResourceLinkRequest' }] } }
    expect(messages(asks(old)).map(m => m.type)).toEqual(['LtiResourceLinkRequest', 'LtiResourceLinkRequest'])
  })

  it('asks for the member list where it is there', () => {
    expect(asks(moodle).scope).toMatch(/contextmembership\.readonly$/)
    expect(asks({ ...moodle, scopes_supported: ['openid'] }).scope).toBe('')
  })

  it('asks Canvas for a launch without a name, and the panel for teachers alone', () => {
    const known = {
      ...canvas,
      [platformClaim]: {
        product_family_code: 'canvas',
        messages_supported: [
          { type: 'LtiResourceLinkRequest', placements: ['global_navigation', 'course_navigation'] },
        ],
      },
    }
    expect(asks(known, canvasAsked)).toMatchObject({
      [toolClaim]: {
        'https://canvas.instructure.com/lti/privacy_level': 'anonymous',
        messages: [
          { placements: ['global_navigation'], target_link_uri: 'https://m5.example/meld' },
          {
            placements: ['course_navigation'],
            target_link_uri: 'https://m5.example/groep',
            'https://canvas.instructure.com/lti/visibility': 'admins',
          },
        ],
      },
    })
  })
})

describe('the answer', () => {
  it.for([
    [
      { client_id: 'abc', [toolClaim]: { deployment_id: '7' } },
      { clientId: 'abc', deploymentId: '7' },
    ],
    [{ client_id: 10000000000001 }, { clientId: '10000000000001', deploymentId: null }],
    [
      { client_id: 'abc', [toolClaim]: { deployment_id: 7 } },
      { clientId: 'abc', deploymentId: '7' },
    ],
    [
      { client_id: 'abc', [toolClaim]: 'x' },
      { clientId: 'abc', deploymentId: null },
    ],
    [{ client_id: '' }, null],
    [{ client_id: 'a b' }, null],
    [{}, null],
    [null, null],
  ])('%j says %j', ([answer, expected]) => {
    expect(readRegistered(answer)).toEqual(expected)
  })
})
