import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { mayChoose, readChoice } from '../../../../connector/entry/lti/deep-link.ts'
import { withTenant } from '../../../../connector/store/scope.ts'
import type { Launch } from '../../../school/lms.ts'
import { type LmsServices, serveLms } from '../../../school/lms-services.ts'
import { launch, postingOf, type Registered, registerAt } from '../../../support/launch.ts'
import { tablesHolding } from '../../../support/seed.ts'
import { openWorld, type World } from '../../../support/world.ts'

const settingsClaim = 'https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings'
const itemsClaim = 'https://purl.imsglobal.org/spec/lti-dl/claim/content_items'
const dataClaim = 'https://purl.imsglobal.org/spec/lti-dl/claim/data'
const lti = (name: string) => `https://purl.imsglobal.org/spec/lti/claim/${name}`
const instructor = 'http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor'

let w: World
let at: Registered
let services: LmsServices
beforeAll(async () => {
  w = await openWorld()
  at = await registerAt(w.t, w.origin, w.schools.own)
  services = serveLms(at.lms)
  at.lms.people.set('t1', { id: 't1', name: 'Karin Personeel', roles: [instructor], email: 'k@x.nl' })
  at.lms.people.set('p1', { id: 'p1', name: 'Zofia Kowalczyk' })
})
beforeEach(() => w.shift(0))
afterAll(async () => {
  await at.lms.close()
  await w.close()
})

const settings = (more: Record<string, unknown> = {}) => ({
  deep_link_return_url: services.returnUrl,
  accept_types: ['ltiResourceLink'],
  accept_presentation_document_targets: ['iframe', 'window'],
  accept_multiple: true,
  data: 'terug-zoals-het-was',
  ...more,
})
const ask = (more: Record<string, unknown> = {}, options: Launch = {}) =>
  launch(at, {
    ...{ person: 't1', messageType: 'LtiDeepLinkingRequest' },
    ...options,
    claims: { [settingsClaim]: settings(more), ...options.claims },
  })
const own = { 'sec-fetch-site': 'same-origin' }
async function choose(page: string, item: string, headers: Record<string, string> = own) {
  const { action, fields } = postingOf(page)
  const body = new URLSearchParams({ ...fields, item })
  return fetch(new URL(action, w.origin), { method: 'POST', headers, body })
}
const jwtOf = async (response: Response) => postingOf(await response.text()).fields.JWT ?? ''
const itemsOf = (jwt: string) => decodeJwt(jwt)[itemsClaim] as Record<string, unknown>[]
const titleOf = (page: string) => /<h1>([^<]*)<\/h1>/.exec(page)?.[1]

describe('deep linking', () => {
  it('lets a teacher choose, and brings the LMS a signed answer that it believes', async () => {
    const asked = await ask()
    const page = await asked.text()
    expect([asked.status, titleOf(page)]).toEqual([200, 'Wat wil je plaatsen?'])
    const answer = await choose(page, 'stopknop')
    const sent = postingOf(await answer.text())
    expect(sent.action).toBe(services.returnUrl)
    const back = await fetch(sent.action, { method: 'POST', body: new URLSearchParams(sent.fields) })
    expect([back.status, await back.text()]).toEqual([200, expect.stringContaining('Stopknop, informatie en hulp')])
    expect(services.returned.at(-1)).toMatchObject({
      iss: at.tool.clientId,
      aud: at.lms.issuer,
      [lti('message_type')]: 'LtiDeepLinkingResponse',
      [lti('version')]: '1.3.0',
      [lti('deployment_id')]: '7',
      [dataClaim]: 'terug-zoals-het-was',
      [itemsClaim]: [
        {
          type: 'ltiResourceLink',
          title: 'Stopknop, informatie en hulp',
          url: `${w.origin}/meld`,
          window: { targetName: 'm5-stopknop' },
        },
      ],
    })
    expect(services.returned.at(-1)?.nonce).toMatch(/^[\w-]{43}$/)
  })

  it('signs with a key of our key set, for five minutes', async () => {
    const jwt = await jwtOf(await choose(await (await ask()).text(), 'groep'))
    const { keys } = (await (await fetch(`${w.origin}/lti/jwks`)).json()) as { keys: { kid: string }[] }
    const { kid, alg } = decodeProtectedHeader(jwt)
    expect([alg, keys.map(key => key.kid)]).toEqual(['RS256', expect.arrayContaining([kid])])
    const { iat = 0, exp = 0 } = decodeJwt(jwt)
    expect(exp - iat).toBe(300)
    expect(itemsOf(jwt)).toMatchObject([{ title: 'Groepspaneel', url: `${w.origin}/groep` }])
  })

  it('holds nothing of whoever chose', async () => {
    const jwt = await jwtOf(await choose(await (await ask()).text(), 'stopknop'))
    expect(JSON.stringify(decodeJwt(jwt))).not.toMatch(/Karin|Personeel|k@x|"t1"|sub/)
  })

  it('places both, or nothing', async () => {
    expect(itemsOf(await jwtOf(await choose(await (await ask()).text(), 'beide'))).map(i => i.url)).toEqual([
      `${w.origin}/meld`,
      `${w.origin}/groep`,
    ])
    expect(itemsOf(await jwtOf(await choose(await (await ask()).text(), 'niets')))).toEqual([])
  })

  it.for([false, 'false', 'False', undefined, null, 0])(
    'offers one item alone where several are not taken: %j',
    async several => {
      const page = await (await ask({ accept_multiple: several })).text()
      expect(page).not.toContain('Allebei')
      expect((await choose(page, 'beide')).status).toBe(410)
    },
  )

  it.for([true, 'true'])('offers both where several are taken: %j', async several => {
    expect(await (await ask({ accept_multiple: several })).text()).toContain('Allebei')
  })

  it('gives plain links where launches are not taken, with the school in them', async () => {
    const page = await (await ask({ accept_types: ['file', 'link'] })).text()
    expect(itemsOf(await jwtOf(await choose(page, 'stopknop')))).toMatchObject([
      { type: 'link', url: `${w.origin}/meld?s=${w.schools.own.key}` },
    ])
  })

  it.for([
    ['nothing that we have', { accept_types: ['file', 'html'] }, 'Dat kan op deze plek niet'],
    ['no return address', { deep_link_return_url: undefined }, 'Dit lukt niet'],
    ['a script as return address', { deep_link_return_url: 'javascript:alert(1)' }, 'Dit lukt niet'],
    ['plain http elsewhere', { deep_link_return_url: 'http://evil.example/x' }, 'Dit lukt niet'],
    ['no kinds', { accept_types: undefined }, 'Dit lukt niet'],
    ['data without end', { data: 'x'.repeat(60_000) }, 'Dit lukt niet'],
  ] as const)('is told in words when the LMS asks for %s', async ([, more, title]) => {
    const response = await ask(more)
    const page = await response.text()
    expect([response.status, titleOf(page)]).toEqual([400, title])
    expect(page).not.toContain('<form')
  })

  it('gives data back as it came, of any shape, and nothing where nothing came', async () => {
    const data = { a: [1, 'é', null], 'b"': '<script>' }
    const jwt = await jwtOf(await choose(await (await ask({ data })).text(), 'groep'))
    expect(decodeJwt(jwt)[dataClaim]).toEqual(data)
    const without = await jwtOf(await choose(await (await ask({ data: undefined })).text(), 'groep'))
    expect(dataClaim in decodeJwt(without)).toBe(false)
  })

  it('keeps what the LMS wants back sealed meanwhile', async () => {
    await ask({ data: 'dit-is-van-de-lms' })
    expect(await tablesHolding(w.t, 'dit-is-van-de-lms')).toEqual([])
  })

  it('is not for a pupil to choose', async () => {
    const response = await ask({}, { person: 'p1' })
    expect([response.status, titleOf(await response.text())]).toEqual([403, 'Dit is voor medewerkers'])
  })

  it('is chosen once, of 64 that press together', async () => {
    const page = await (await ask()).text()
    const answers = await Promise.all(Array.from({ length: 64 }, () => choose(page, 'stopknop')))
    expect(answers.map(each => each.status).sort()).toEqual([200, ...Array.from({ length: 63 }, () => 410)])
  })

  it('is chosen on our own page alone, and within the hour', async () => {
    const page = await (await ask()).text()
    expect((await choose(page, 'stopknop', { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await choose(page, 'stopknop', { origin: at.lms.origin })).status).toBe(403)
    expect((await choose(page, 'iets anders')).status).toBe(410)
    w.shift(61 * 60_000)
    expect((await choose(page, 'stopknop')).status).toBe(410)
  })

  it('shows in frames of that LMS, and its form leads there and nowhere else', async () => {
    const asked = await ask({ deep_link_return_url: 'https://school.instructure.com/return' })
    const policy = asked.headers.get('content-security-policy')
    expect(policy).toContain(`frame-ancestors 'self' ${at.lms.origin} https://school.instructure.com;`)
    expect(policy).toContain("form-action 'self';")
    const answer = await choose(await asked.text(), 'stopknop')
    expect(answer.headers.get('content-security-policy')).toContain("form-action 'self' https://school.instructure.com")
    expect(answer.headers.get('x-frame-options')).toBeNull()
  })

  it('opens nothing: a launch of what was placed asks who it is like any other', async () => {
    const { boardId } = w.schools.own
    const before = await withTenant(w.t.db, { boardId, role: 'system' }, tx => tx.session.count({ where: { boardId } }))
    await choose(await (await ask()).text(), 'groep')
    const after = await withTenant(w.t.db, { boardId, role: 'system' }, tx => tx.session.count({ where: { boardId } }))
    expect(after).toBe(before)
  })

  it('is held back where the deployment is not approved', async () => {
    const other = await registerAt(w.t, w.origin, w.schools.own, { clientId: 'm5-new', approve: false, lms: at.lms })
    const claims = { [settingsClaim]: settings() }
    const response = await launch(other, { person: 't1', messageType: 'LtiDeepLinkingRequest', claims })
    expect([response.status, titleOf(await response.text())]).toEqual([403, 'Bijna klaar'])
  })
})

describe('who may choose', () => {
  it.for([
    [[], true],
    [[instructor], true],
    [['Instructor'], true],
    [['http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator'], true],
    [['http://purl.imsglobal.org/vocab/lis/v2/membership#ContentDeveloper', 'Learner'], true],
    [['http://purl.imsglobal.org/vocab/lis/v2/membership#Learner'], false],
    [['NotAnInstructor'], false],
    [['http://evil/Instructor#Learner'], false],
  ] as const)('%j: %s', ([roles, yes]) => {
    expect(mayChoose(roles)).toBe(yes)
  })
})

describe('what is asked', () => {
  it('may be anything, and is then refused, not thrown', () => {
    const own = new URL('https://m5.example')
    for (const each of [undefined, null, 5, 'x', [], {}, { accept_types: 'link' }])
      expect(readChoice(each, own)).toEqual({ problem: 'settings' })
  })
})
