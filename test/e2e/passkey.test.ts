/** A passkey in a real browser with an authenticator of its own: made, confirmed, used; and the window in which that happens. */
import type { Browser, CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Handoff, MyProof } from '../../connector/api/contract.ts'
import { type SignedIn, signInAs } from '../support/frame.ts'
import { account, type SeededPerson, seedGrant, seedPerson } from '../support/seed.ts'
import { openWorld, type World } from '../support/world.ts'
import { launch, withPage } from '../widgets/browser.ts'
import { contextOptions } from './visit.ts'

let w: World
let browser: Browser
let boss: SignedIn
let me: SignedIn
let owner: SeededPerson
beforeAll(async () => {
  w = await openWorld()
  browser = await launch()
  const leader = await seedPerson(w.t, w.schools.own, { role: 'staff' })
  await seedGrant(w.t, w.schools.own, leader.id, { role: 'SCHOOL_LEADER' })
  w.upstream.setPeople([account(leader)])
  boss = await signInAs(w.origin, w.schools.own.key, leader.subject)
})
beforeEach(async () => {
  owner = await seedPerson(w.t, w.schools.own, { role: 'staff', names: { preferred: 'Els', family: 'Eigenaar' } })
  w.upstream.setPeople([account(owner)])
  me = await signInAs(w.origin, w.schools.own.key, owner.subject)
})
afterAll(async () => {
  await browser?.close()
  await w?.close()
})

async function post(who: SignedIn, path: string, body: object = {}): Promise<Response> {
  const url = w.origin + path
  const headers = {
    ...{ 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    Authorization: `DPoP ${who.tokens.access}`,
    DPoP: await who.frame.proof('POST', url, { token: who.tokens.access }),
  }
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
}
const ask = async (purpose: 'fresh' | 'enrol') =>
  (await (await post(me, '/entry/fresh', { purpose })).json()) as Handoff
const proofOf = async () => (await (await me.get('/api/me/proof')).json()) as MyProof

interface Authenticator {
  cdp: CDPSession
  authenticatorId: string
}
async function plugIn(page: Page): Promise<Authenticator> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true } as const
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { ...options, isUserVerified: true, automaticPresenceSimulation: true },
  })
  return { cdp, authenticatorId }
}

/** At the school's sign-in. */
async function choose(page: Page): Promise<void> {
  await page.getByRole('heading', { name: /^Inloggen bij/ }).waitFor()
  const button = page.getByRole('button', { name: new RegExp(owner.subject) })
  if (!(await button.isVisible())) await page.locator('summary').first().click()
  await button.click()
}

async function make(page: Page): Promise<string> {
  const handoff = await ask('enrol')
  await page.goto(w.origin + handoff.openPath)
  await page.getByRole('link', { name: /^Inloggen met/ }).click()
  await choose(page)
  await page.getByRole('button', { name: 'Passkey maken' }).click()
  await page.getByRole('heading', { name: 'Je passkey is gemaakt' }).waitFor()
  expect(await me.frame.claim(handoff)).toEqual({ state: 'enrolled' })
  return (await proofOf()).passkeys[0]?.id ?? ''
}
const open = async (page: Page) => {
  const handoff = await ask('fresh')
  await page.goto(w.origin + handoff.openPath)
  await page.getByRole('heading', { name: 'Laat zien dat jij het bent' }).waitFor()
  return handoff
}

describe.for([
  ['a telephone', { width: 375, height: 740 }],
  ['a desktop', { width: 1280, height: 860 }],
] as const)('on %s, a passkey', ([, viewport]) => {
  const options = { ...contextOptions, viewport }

  it('is made, waits for a leader, and then shows that it is you', () =>
    withPage(
      browser,
      async page => {
        await plugIn(page)
        const id = await make(page)
        await open(page)
        expect(await page.getByRole('button', { name: 'Met mijn passkey' }).count()).toBe(0)
        expect((await post(boss, `/api/passkeys/${id}/confirm`)).status).toBe(204)
        const handoff = await open(page)
        await page.getByRole('button', { name: 'Met mijn passkey' }).click()
        await page.getByLabel('Typ het getal dat in het andere scherm staat.').fill(handoff.code)
        await page.getByRole('button', { name: 'Klaar' }).click()
        await page.getByRole('heading', { name: 'Gelukt!' }).waitFor()
        expect(await me.frame.claim(handoff)).toMatchObject({ state: 'proven' })
        expect((await proofOf()).fresh?.by).toBe('passkey')
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
      },
      options,
    ))
})

describe('a passkey', () => {
  it('that does not see who it is proves nothing, and can be tried again', () =>
    withPage(
      browser,
      async page => {
        const { cdp, authenticatorId } = await plugIn(page)
        await post(boss, `/api/passkeys/${await make(page)}/confirm`)
        const handoff = await open(page)
        await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
        const button = page.getByRole('button', { name: 'Met mijn passkey' })
        await button.click()
        await page.getByText('Dat lukte niet').waitFor()
        expect((await proofOf()).fresh).toBeNull()
        await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true })
        await button.click()
        await page.getByLabel('Typ het getal dat in het andere scherm staat.').waitFor()
        expect(await me.frame.claim(handoff)).toEqual({ state: 'open' })
      },
      contextOptions,
    ))

  it('that is not on this device proves nothing', () =>
    withPage(
      browser,
      async page => {
        const { cdp, authenticatorId } = await plugIn(page)
        await post(boss, `/api/passkeys/${await make(page)}/confirm`)
        await cdp.send('WebAuthn.clearCredentials', { authenticatorId })
        await open(page)
        await page.getByRole('button', { name: 'Met mijn passkey' }).click()
        await page.getByText('Dat lukte niet').waitFor()
        expect((await proofOf()).fresh).toBeNull()
      },
      contextOptions,
    ))

  it('whose copy was used on another device is refused', () =>
    withPage(
      browser,
      async page => {
        const { cdp, authenticatorId } = await plugIn(page)
        await post(boss, `/api/passkeys/${await make(page)}/confirm`)
        const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId })
        const [copy] = credentials
        if (!copy) throw new Error('the authenticator has no passkey')
        const use = async () => {
          await open(page)
          await page.getByRole('button', { name: 'Met mijn passkey' }).click()
        }
        await use()
        await page.getByLabel('Typ het getal dat in het andere scherm staat.').waitFor()
        await cdp.send('WebAuthn.clearCredentials', { authenticatorId })
        await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: { ...copy, signCount: 0 } })
        await use()
        await page.getByText('Deze passkey bestaat misschien twee keer').waitFor()
      },
      contextOptions,
    ))

  it('works in a browser without the JSON of WebAuthn level 3', () =>
    withPage(
      browser,
      async page => {
        await page.addInitScript(`
          delete PublicKeyCredential.parseCreationOptionsFromJSON
          delete PublicKeyCredential.parseRequestOptionsFromJSON
          delete PublicKeyCredential.prototype.toJSON`)
        await plugIn(page)
        await post(boss, `/api/passkeys/${await make(page)}/confirm`)
        await open(page)
        await page.getByRole('button', { name: 'Met mijn passkey' }).click()
        await page.getByLabel('Typ het getal dat in het andere scherm staat.').waitFor()
      },
      contextOptions,
    ))

  it('cannot be asked for in a frame', async () => {
    const handoff = await ask('fresh')
    for (const path of [handoff.openPath, handoff.goPath, '/entry/passkey.js']) {
      const response = await fetch(w.origin + path)
      expect([path, response.headers.get('content-security-policy')]).toEqual([
        path,
        expect.stringContaining("frame-ancestors 'none'"),
      ])
    }
  })
})

describe('the sign-in of the school, once more', () => {
  it('asks for the password in the window, and shows that it is you', () =>
    withPage(
      browser,
      async page => {
        const handoff = await open(page)
        await page.getByRole('link', { name: /^Inloggen met/ }).click()
        await choose(page)
        await page.getByLabel('Typ het getal dat in het andere scherm staat.').fill(handoff.code)
        await page.getByRole('button', { name: 'Klaar' }).click()
        await page.getByRole('heading', { name: 'Gelukt!' }).waitFor()
        expect(await me.frame.claim(handoff)).toMatchObject({ state: 'proven' })
      },
      contextOptions,
    ))
})
