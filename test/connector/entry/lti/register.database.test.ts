import express from 'express'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { listDeployments, listPlatforms } from '../../../../connector/admin/lti.ts'
import { readConfig } from '../../../../connector/config.ts'
import { registerRoutes } from '../../../../connector/entry/lti/register.ts'
import { invite } from '../../../../connector/entry/lti/register-invitation.ts'
import { toolClaim } from '../../../../connector/entry/lti/register-request.ts'
import { routesTo } from '../../../../connector/store/routes.ts'
import { withTenant } from '../../../../connector/store/scope.ts'
import { type Lms, startLms } from '../../../school/lms.ts'
import { type LmsServices, serveLms } from '../../../school/lms-services.ts'
import { listen } from '../../../school/site.ts'
import { endOf, launch, postingOf } from '../../../support/launch.ts'
import { seedSchool, tablesHolding } from '../../../support/seed.ts'
import { openWorld, type World } from '../../../support/world.ts'

let w: World
let lms: Lms
let services: LmsServices
beforeAll(async () => {
  w = await openWorld()
})
beforeEach(async () => {
  lms = await startLms()
  services = serveLms(lms)
})
afterEach(async () => {
  w.shift(0)
  await lms.close()
})
afterAll(() => w.close())

const entry = () => ({ db: w.t.db, config: w.service.config, clock: () => new Date() })
const inviteTo = async (school = w.schools.own) =>
  (await invite(entry(), { boardId: school.boardId, schoolId: school.id, by: 'operator' })).url
const open = (url: string) => fetch(url, { headers: { 'sec-fetch-dest': 'iframe' } })
const sameOrigin = { 'sec-fetch-site': 'same-origin' }

/** As far as the wizard. */
async function wizardOf(invitation: string, token?: string) {
  const page = await (await open(services.registrationUrl(invitation, token))).text()
  const { action, fields } = postingOf(page)
  return { page, to: new URL(action, w.origin).href, fields }
}
const press = (
  { to, fields }: { to: string; fields: Record<string, string> },
  what = 'register',
  headers: Record<string, string> = sameOrigin,
) => fetch(to, { method: 'POST', headers, body: new URLSearchParams({ ...fields, do: what }) })
const titleOf = (page: string) => /<h1>([^<]*)<\/h1>/.exec(page)?.[1]
const platformsAt = async (school = w.schools.own) =>
  (await listPlatforms(w.t, school.boardId)).filter(each => each.issuer === lms.issuer)
const frameAncestors = (response: Response) =>
  /frame-ancestors ([^;]*)/.exec(response.headers.get('content-security-policy') ?? '')?.[1]

describe('the wizard', () => {
  it('says whom it connects, and what will be asked, before anything is sent', async () => {
    const { page } = await wizardOf(await inviteTo())
    expect(page).toContain('De Eigen School')
    expect(page).toContain(new URL(lms.origin).host)
    expect(page).toContain('Geen naam en geen e-mailadres')
    expect(services.registrations).toEqual([])
    expect(await platformsAt()).toEqual([])
  })

  it('registers after a click: platform, approved deployment, route, log; and the first launch works', async () => {
    const response = await press(await wizardOf(await inviteTo()))
    const page = await response.text()
    expect([response.status, titleOf(page)]).toEqual([200, 'Gekoppeld'])
    expect(page).toContain('/lti/close.js')
    expect(services.registrations).toHaveLength(1)
    expect(services.registrations[0]?.body).toMatchObject({ [toolClaim]: { claims: ['iss', 'sub'] } })
    const [platform] = await platformsAt()
    expect(platform).toMatchObject({
      product: 'moodle',
      jwksUrl: lms.jwksUrl,
      deployments: { approved: 1, quarantined: 0, refused: 0 },
    })
    const routes = await routesTo(w.t.db, 'lti', `${lms.issuer} ${platform?.clientId}`)
    expect(routes.map(route => route.toBoardId)).toEqual([w.schools.own.boardId])
    const tool = [...lms.tools.values()][0]
    if (!tool) throw new Error('not registered')
    lms.people.set('p1', { id: 'p1', name: 'Zofia Kowalczyk', email: 'z@x.nl', sourcedId: w.people.pupil.sisId })
    const end = endOf(await launch({ lms, tool }, { person: 'p1' }))
    expect([end.path, end.ticket === null]).toEqual([`/meld?s=${w.schools.own.key}`, false])
    const { boardId } = w.schools.own
    const entries = await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.auditEntry.findMany({ where: { action: 'lti.register', object: platform?.id ?? '' } }),
    )
    expect(entries.map(e => [e.actor, e.outcome])).toEqual([['operator', 'done']])
  })

  it('shows in a frame of that LMS alone, errors too, and never without one', async () => {
    const url = services.registrationUrl(await inviteTo())
    const only = `'self' ${lms.origin}`
    expect(frameAncestors(await open(url))).toBe(only)
    const broken = new URL(url)
    broken.pathname = `/lti/register/${'x'.repeat(43)}`
    const unknown = await open(broken.href)
    expect([unknown.status, frameAncestors(unknown)]).toEqual([410, only])
    broken.searchParams.set('openid_configuration', 'http://evil.example/c')
    const plain = await open(broken.href)
    expect([frameAncestors(plain), plain.headers.get('x-frame-options')]).toEqual(["'none'", 'DENY'])
  })

  it('stops when the administrator does not want it', async () => {
    const wizard = await wizardOf(await inviteTo())
    expect(titleOf(await (await press(wizard, 'stop')).text())).toBe('Niet gekoppeld')
    expect(services.registrations).toEqual([])
    expect(titleOf(await (await press(wizard)).text())).toBe('Gekoppeld')
  })

  it('says where to paste it when a browser opens it by itself', async () => {
    const response = await open(await inviteTo())
    expect([response.status, titleOf(await response.text())]).toEqual([200, 'Plak dit adres in de leeromgeving'])
    expect(response.headers.get('x-frame-options')).toBe('DENY')
  })

  it('takes a press from its own page alone', async () => {
    const wizard = await wizardOf(await inviteTo())
    for (const site of ['cross-site', 'same-site', 'none'])
      expect((await press(wizard, 'register', { 'sec-fetch-site': site })).status).toBe(403)
    expect((await press(wizard, 'register', { origin: lms.origin })).status).toBe(403)
    expect(services.registrations).toEqual([])
  })

  it('leaves neither invitation nor registration token where they can be read', async () => {
    const invitation = await inviteTo()
    const token = services.registrationToken()
    await press(await wizardOf(invitation, token))
    expect(await tablesHolding(w.t, token)).toEqual([])
    expect(await tablesHolding(w.t, invitation.split('/').at(-1) ?? '')).toEqual([])
  })
})

describe('an invitation', () => {
  it('ends after seven days', async () => {
    const invitation = await inviteTo()
    const wizard = await wizardOf(invitation)
    w.shift(7 * 86_400_000 + 1000)
    expect((await open(services.registrationUrl(invitation))).status).toBe(410)
    expect((await press(wizard)).status).toBe(410)
    expect(services.registrations).toEqual([])
  })

  it('is of its own school and board, whatever the form says', async () => {
    const wizard = await wizardOf(await inviteTo(w.schools.foreign))
    Object.assign(wizard.fields, { boardId: w.schools.own.boardId, schoolId: w.schools.own.id })
    await press(wizard)
    expect(await platformsAt()).toEqual([])
    expect(await platformsAt(w.schools.foreign)).toHaveLength(1)
    expect((await listDeployments(w.t, w.schools.foreign.boardId))[0]).toMatchObject({
      schoolId: w.schools.foreign.id,
      state: 'approved',
    })
  })

  it('is good once, of 64 that come together', async () => {
    const wizard = await wizardOf(await inviteTo())
    const answers = await Promise.all(Array.from({ length: 64 }, () => press(wizard).then(r => r.text())))
    expect(services.registrations).toHaveLength(1)
    expect(await platformsAt()).toHaveLength(1)
    expect(new Set(answers.map(titleOf))).toContain('Gekoppeld')
    expect([...new Set(answers.map(titleOf))].filter(t => t !== 'Gekoppeld' && t !== 'Even geduld')).toEqual([])
  })

  it('sent again after a lost answer says that it was done', async () => {
    const wizard = await wizardOf(await inviteTo())
    await press(wizard)
    expect(titleOf(await (await press(wizard)).text())).toBe('Gekoppeld')
    expect(services.registrations).toHaveLength(1)
  })

  it('may be tried again after the LMS broke off, and leaves one platform', async () => {
    const invitation = await inviteTo()
    const wizard = await wizardOf(invitation)
    services.misbehave({ registration: 'lost' })
    const lost = await (await press(wizard)).text()
    expect(lost).toContain('geen duidelijk antwoord')
    expect(await platformsAt()).toEqual([])
    services.misbehave(null)
    expect(titleOf(await (await press(await wizardOf(invitation))).text())).toBe('Gekoppeld')
    expect(await platformsAt()).toHaveLength(1)
  })

  it('does it over for the same LMS, in place of the one before', async () => {
    const invitation = await inviteTo()
    await press(await wizardOf(invitation))
    const [first] = await platformsAt()
    const again = await wizardOf(invitation)
    expect(again.page).toContain('Opnieuw koppelen')
    await press(again)
    const [second, ...more] = await platformsAt()
    expect(more).toEqual([])
    expect(second?.clientId).not.toBe(first?.clientId)
    expect(await routesTo(w.t.db, 'lti', `${lms.issuer} ${first?.clientId}`)).toEqual([])
  })

  it('keeps the row of an LMS that keeps its client id', async () => {
    const invitation = await inviteTo()
    await press(await wizardOf(invitation))
    const [first] = await platformsAt()
    services.misbehave({ registered: answer => ({ ...answer, client_id: first?.clientId }) })
    await press(await wizardOf(invitation))
    expect((await platformsAt()).map(each => each.id)).toEqual([first?.id])
  })

  it('is not for another LMS once it is done', async () => {
    const invitation = await inviteTo()
    const early = await wizardOf(invitation)
    await press(early)
    const other = await startLms({ host: '127.0.0.5' })
    const elsewhere = serveLms(other)
    const url = new URL(invitation)
    url.searchParams.set('openid_configuration', other.configurationUrl)
    url.searchParams.set('registration_token', elsewhere.registrationToken())
    const response = await open(url.href)
    expect([response.status, await response.text()]).toEqual([
      409,
      expect.stringContaining('al een andere leeromgeving'),
    ])
    // Nor by a form that was filled in by hand.
    const fields = { ...early.fields, ...Object.fromEntries(url.searchParams) }
    expect((await press({ ...early, fields })).status).toBe(400)
    expect(elsewhere.registrations).toEqual([])
    await other.close()
  })

  it('updates a platform that was registered by hand', async () => {
    const school = await seedSchool(w.t, w.schools.own.boardId)
    const first = await inviteTo(school)
    await press(await wizardOf(first))
    const [row] = await platformsAt()
    services.misbehave({ registered: answer => ({ ...answer, client_id: row?.clientId }) })
    await press(await wizardOf(await inviteTo(w.schools.sister)))
    expect((await platformsAt()).map(each => each.id)).toEqual([row?.id])
    const schools = (await listDeployments(w.t, school.boardId))
      .filter(each => each.platformId === row?.id)
      .map(each => each.schoolId)
    expect(new Set(schools)).toEqual(new Set([school.id, w.schools.sister.id]))
  })
})

describe('a configuration that is not to be trusted', () => {
  const openAt = async (configuration: string) => {
    const url = new URL(await inviteTo())
    url.searchParams.set('openid_configuration', configuration)
    const response = await open(url.href)
    return { response, page: await response.text() }
  }
  const beginsThere = () => new URL(lms.configurationUrl)

  it.for([
    'http://192.168.1.10/c',
    'http://moodle.school.nl/c',
    'https://user:pass@moodle.school.nl/c',
    'ftp://moodle.school.nl/c',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'gopher://127.0.0.1:25/',
    'nothing',
  ])('is not asked for: %s', async address => {
    const { response, page } = await openAt(address)
    expect([response.status, page]).toEqual([400, expect.stringContaining('https://')])
  })

  it.for([
    'https://10.0.0.1/c',
    'https://192.168.1.10/c',
    'https://169.254.169.254/latest/meta-data',
    'https://172.16.0.1/c',
    'https://[::1]/c',
    'https://[fd00::1]/c',
    'https://[fe80::1]/c',
    'https://0.0.0.0/c',
    'https://[::ffff:10.0.0.1]/c',
    'https://2130706433.example.invalid/c',
  ])('is not reached inside a network: %s', async address => {
    const { response, page } = await openAt(address)
    expect([response.status, page]).toEqual([503, expect.stringContaining('geeft geen antwoord')])
    expect(page).not.toContain('<form')
  })

  it.for([
    ['redirect', 'stuurt ons door'],
    ['huge', 'veel te veel'],
    ['broken', 'geen leesbare gegevens'],
    ['away', 'geeft geen antwoord'],
    ['forbidden', 'laat ons haar gegevens niet lezen'],
    ['slow', 'te langzaam'],
  ] as const)('that answers %s is explained in words', async ([how, words]) => {
    services.misbehave({ answers: how })
    const { response, page } = await openAt(beginsThere().href)
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(page).toContain(words)
    expect(page).not.toContain('<form')
  })

  it.for([
    ['issuer', 'https://canvas.instructure.com'],
    ['issuer', 'http://127.0.0.1:1'],
    ['jwks_uri', 'http://127.0.0.4/keys'],
    ['registration_endpoint', 'http://169.254.169.254/'],
    ['token_endpoint', 'https://evil.example/token'],
    ['authorization_endpoint', 'http://127.0.0.3:1/auth'],
  ] as const)('with %s at %s is refused', async ([field, address]) => {
    services.misbehave({ configuration: document => ({ ...document, [field]: address }) })
    const { response, page } = await openAt(beginsThere().href)
    expect([response.status, page]).toEqual([400, expect.stringContaining('van een andere server')])
    expect(page).toContain(field)
    expect(page).not.toContain('<form')
  })

  it('that changes between reading and asking is not asked', async () => {
    const wizard = await wizardOf(await inviteTo())
    services.misbehave({ configuration: document => ({ ...document, jwks_uri: `${lms.origin}/other-keys` }) })
    const response = await press(wizard)
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('zijn veranderd')])
    expect(services.registrations).toEqual([])
  })

  it('is not believed to be our own machine, and asked without an invitation it is not asked at all', async () => {
    let reads = 0
    lms.handlers.set('/counted', (_request, response) => {
      reads += 1
      response.writeHead(200).end('{}')
    })
    await open(
      `${w.origin}/lti/register/${'y'.repeat(43)}?openid_configuration=${encodeURIComponent(`${lms.origin}/counted`)}`,
    )
    expect(reads).toBe(0)
  })
})

describe('a registration that the LMS refuses', () => {
  it.for([
    ['refused', 'wil de koppeling niet opslaan'],
    ['canvas', 'wil de koppeling niet opslaan'],
    ['empty', 'geen duidelijk antwoord'],
    ['redirect', 'geen duidelijk antwoord'],
  ] as const)('(%s) is told in words, stores nothing, and may be tried again', async ([how, words]) => {
    const invitation = await inviteTo()
    const wizard = await wizardOf(invitation)
    services.misbehave({ registration: how })
    const response = await press(wizard)
    const page = await response.text()
    expect(response.status).toBe(400)
    expect(page).toContain(words)
    expect(page).not.toContain('<b>niet goed')
    expect(await platformsAt()).toEqual([])
    services.misbehave(null)
    expect(titleOf(await (await press(await wizardOf(invitation))).text())).toBe('Gekoppeld')
  })

  it('takes no word of the answer into the page', async () => {
    services.misbehave({
      registered: answer => ({ ...answer, client_name: '<script>x</script>', client_id: '<b>1</b>' }),
    })
    const page = await (await press(await wizardOf(await inviteTo()))).text()
    expect(page).not.toMatch(/<script>x|<b>1<\/b>/)
  })

  it('keeps the deployment waiting where the answer names none', async () => {
    services.misbehave({ registered: ({ [toolClaim]: _config, ...answer }) => answer })
    const page = await (await press(await wizardOf(await inviteTo()))).text()
    expect(page).toContain('m5 lti deployment approve')
    expect((await platformsAt())[0]?.deployments).toEqual({ approved: 0, quarantined: 0, refused: 0 })
  })
})

/** Canvas answers on its own host, registers at the school's, and frames us there. Its hosts are played; all else is real. */
describe('a platform with one issuer for all its customers', () => {
  const sso = 'https://sso.canvaslms.com'
  const canvas = 'https://canvas.instructure.com'
  const customer = 'https://school.instructure.com'
  const asked = `${canvas}/api/lti/security/openid-configuration?registration_token=t`

  async function played(document: Record<string, unknown> = {}) {
    const sent: { url: string; authorization: string | null; body: string }[] = []
    const said = {
      issuer: canvas,
      authorization_endpoint: `${sso}/api/lti/authorize_redirect`,
      token_endpoint: `${sso}/login/oauth2/token`,
      jwks_uri: `${sso}/api/lti/security/jwks`,
      registration_endpoint: `${customer}/api/lti/registrations`,
      'https://purl.imsglobal.org/spec/lti-platform-configuration': { product_family_code: 'canvas' },
      ...document,
    }
    const network: typeof fetch = async (input, init) => {
      const url = String(input)
      sent.push({ url, authorization: new Headers(init?.headers).get('authorization'), body: String(init?.body ?? '') })
      return Response.json(url === asked ? said : { ...JSON.parse(String(init?.body)), client_id: '10000000000001' })
    }
    const { db, keyring, log } = w.t
    const config = readConfig({ M5_URL: 'https://m5.example' })
    const clock = () => new Date()
    const app = express().use('/lti', registerRoutes({ config, db, keyring, log, clock, outward: () => network }))
    const site = await listen(app, '127.0.0.1', 0)
    const invitation = await seedSchool(w.t, w.schools.own.boardId).then(async school => {
      const { url } = await invite(
        { db, config, clock },
        { boardId: school.boardId, schoolId: school.id, by: 'operator' },
      )
      return { school, path: new URL(url).pathname }
    })
    return { site, sent, ...invitation }
  }

  it('registers at the school, lists where its pages are, and may be framed there', async () => {
    const { site, sent, school, path } = await played()
    const query = new URLSearchParams({ openid_configuration: asked, registration_token: 'token-of-canvas' })
    const opened = await fetch(`${site.origin}${path}?${query}`)
    const page = await opened.text()
    expect(frameAncestors(opened)).toBe(`'self' ${canvas} ${customer}`)
    expect(page).toContain('<b>school.instructure.com</b>')
    expect(page).toContain(`mogen te zien zijn op ${customer}`)
    const { fields } = postingOf(page)
    const body = new URLSearchParams({ ...fields, do: 'register' })
    const response = await fetch(`${site.origin}${path}`, { method: 'POST', headers: sameOrigin, body })
    expect([response.status, titleOf(await response.text())]).toEqual([200, 'Gekoppeld'])
    expect(sent.map(each => [new URL(each.url).origin, each.authorization])).toEqual([
      [canvas, 'Bearer token-of-canvas'],
      [canvas, 'Bearer token-of-canvas'],
      [customer, 'Bearer token-of-canvas'],
    ])
    const { boardId, id: schoolId } = school
    const rows = await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.origin.findMany({ where: { boardId, schoolId } }),
    )
    expect(rows.map(each => each.origin)).toEqual([customer])
    const [platform] = (await listPlatforms(w.t, boardId)).filter(each => each.issuer === canvas)
    expect(platform).toMatchObject({ clientId: '10000000000001', product: 'canvas', tokenAudience: null })
    await site.close()
  })

  it('is refused, and told where it can be read, when its addresses are of others', async () => {
    const { site, path } = await played({ jwks_uri: `${customer}/files/1/keys.json` })
    const query = new URLSearchParams({ openid_configuration: asked, registration_token: 'token-of-canvas' })
    const opened = await fetch(`${site.origin}${path}?${query}`)
    expect([opened.status, frameAncestors(opened)]).toEqual([400, `'self' ${canvas} https://*.instructure.com`])
    expect(await opened.text()).not.toContain('<form')
    await site.close()
  })
})
