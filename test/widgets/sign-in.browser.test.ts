/** From nobody to a token in a real browser, and back. */
import { createHash } from 'node:crypto'
import { calculateJwkThumbprint, decodeProtectedHeader, EmbeddedJWK, jwtVerify } from 'jose'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Gallery, openGallery, type Seen } from '../school/gallery.ts'
import { launch, withPage } from './browser.ts'
import { buildWidgets } from './build.ts'

let browser: Browser
let gallery: Gallery

beforeAll(async () => {
  gallery = await openGallery({ dist: await buildWidgets() })
  browser = await launch()
})
afterAll(async () => {
  await browser?.close()
  await gallery?.close()
})
beforeEach(() => {
  gallery.seen.length = 0
  gallery.before = undefined
})

const at = (path: string) => gallery.seen.filter(seen => seen.path === path)
const proofOf = async (seen: Seen | undefined) => {
  const proof = String(seen?.headers.dpop)
  const { payload } = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256'] })
  const { jwk } = decodeProtectedHeader(proof)
  return { payload, jkt: await calculateJwkThumbprint(jwk ?? {}), private: jwk && 'd' in jwk }
}
const signIn = async (page: Page, key: string) => {
  await page.goto(`${gallery.origin}/meld?s=${key}`)
  const popup = page.waitForEvent('popup')
  await page.getByRole('button', { name: 'Inloggen met school' }).click()
  return popup
}

describe('sign-in', () => {
  it('opens the window within the click, claims, exchanges and says who is signed in', () =>
    withPage(browser, async page => {
      const popup = await signIn(page, 'demo')
      await page.getByText('42', { exact: true }).waitFor()
      expect(popup.url()).toBe(`${gallery.origin}/entry/go?h=demo`)
      await page.getByText('Je bent ingelogd als Noor Bakker.').waitFor()
      const [claim] = gallery.seen.filter(({ path }) => path.endsWith('/claim'))
      const [token] = at('/oidc/token')
      const [me] = at('/api/me')
      const asked = JSON.parse(at('/entry/handoffs')[0]?.body ?? '') as { school: string; jkt: string }
      expect(asked.school).toBe('demo')
      for (const [seen, path] of [
        [claim, claim?.path],
        [token, '/oidc/token'],
        [me, '/api/me'],
      ] as const) {
        const proof = await proofOf(seen)
        expect(proof.jkt).toBe(asked.jkt)
        expect(proof.private).toBe(false)
        expect(proof.payload).toMatchObject({ htm: seen?.method, htu: `${gallery.origin}${path}` })
      }
      expect(Object.fromEntries(new URLSearchParams(token?.body))).toEqual({
        grant_type: 'urn:m5:params:oauth:grant-type:entry-ticket',
        ticket: 'demo',
        client_id: 'm5-views',
      })
      expect(me?.headers.authorization).toBe('DPoP access.demo')
      const { payload } = await proofOf(me)
      expect(payload.ath).toBe(createHash('sha256').update('access.demo').digest('base64url'))
    }))

  it('remembers the tab, and comes back silently after a reload', () =>
    withPage(browser, async page => {
      await signIn(page, 'demo')
      await expect.poll(() => at('/entry/remember').length, { timeout: 8000 }).toBe(1)
      const { tab } = JSON.parse(at('/entry/remember')[0]?.body ?? '') as { tab: string }
      await page.reload()
      await page.getByText('Je bent ingelogd als Noor Bakker.').waitFor()
      expect(JSON.parse(at('/entry/silent')[0]?.body ?? '')).toMatchObject({ school: 'demo', tab })
    }))

  it('"Ben jij dit niet?" signs out, forgets the tab and the chosen names', () =>
    withPage(browser, async page => {
      await page.goto(`${gallery.origin}/meld?s=leerling&signed`)
      await page.getByRole('button', { name: 'Ben jij dit niet?' }).click()
      await page.getByRole('heading', { name: 'Wie ben jij?' }).waitFor()
      expect(at('/entry/leave')).toHaveLength(1)
      expect(await page.evaluate('sessionStorage.length')).toBe(0)
    }))

  for (const [key, sentence] of [
    ['declined', 'Je hebt op stoppen gedrukt'],
    ['onbekend', 'de school kent dit account niet'],
    ['conflict', 'meer dan één persoon'],
    ['mislukt', 'Inloggen is niet gelukt'],
    ['code', 'Het getal klopte niet'],
  ] as const) {
    it(`has its own sentence: ${key}`, () =>
      withPage(browser, async page => {
        await signIn(page, key)
        await page.getByText(sentence).waitFor()
        await page.getByRole('button', { name: 'Probeer opnieuw' }).click()
        await page.getByRole('button', { name: 'Inloggen met school' }).waitFor()
      }))
  }

  it.for([
    ['482', 'Je bent ingelogd als Noor Bakker.'],
    ['111', 'Het getal klopte niet'],
  ] as const)('types back what the window shows, where that is in another network: %s', ([digits, then]) =>
    withPage(browser, async page => {
      const replies: unknown[] = []
      gallery.before = ({ path, body }) => {
        if (!path.endsWith('/claim')) return undefined
        const { reply } = JSON.parse(body) as { reply?: string }
        if (reply === undefined) return { body: { state: 'answer' } }
        replies.push(reply)
        return {
          body: reply === '482' ? { state: 'bound', ticket: 'demo' } : { state: 'refused', reason: 'wrong-code' },
        }
      }
      await signIn(page, 'demo')
      await page.getByLabel('Typ het getal dat in jouw andere venster staat').fill(digits)
      await page.getByRole('button', { name: 'Klaar' }).click()
      await page.getByText(then).waitFor()
      expect(replies).toEqual([digits])
    }),
  )

  it('gives its window the key, to a page of our own origin that asks for this very hand-off', () =>
    withPage(browser, async page => {
      const asked = page.waitForResponse(response => response.url().endsWith('/entry/handoffs'))
      const popup = await signIn(page, 'wacht')
      const { id } = (await (await asked).json()) as { id: string }
      const answers = (id: string) =>
        popup.evaluate(
          `new Promise(resolve => {
            addEventListener('message', event => resolve([event.origin === location.origin, event.data]), { once: true })
            opener.postMessage({ m5: 'window-key?', id: ${JSON.stringify(id)} }, location.origin)
            setTimeout(() => resolve('nothing'), 500)
          })`,
        )
      expect(await answers('x')).toBe('nothing')
      expect(await answers(id)).toEqual([true, { m5: 'window-key', id, key: 'demo' }])
    }))

  it('comes in by what an LMS left in the address, and leaves nothing there', () =>
    withPage(browser, async page => {
      const secret = 'a'.repeat(43)
      gallery.before = ({ path, body }) =>
        path === '/entry/arrive' && (JSON.parse(body) as { secret: string }).secret === secret
          ? { body: { ticket: 'demo' } }
          : undefined
      await page.goto(`${gallery.origin}/meld?s=demo#t=${secret}`)
      await page.getByText('Je bent ingelogd als Noor Bakker.').waitFor()
      expect(page.url()).toBe(`${gallery.origin}/meld?s=demo`)
      const [arrive] = at('/entry/arrive')
      expect((await proofOf(arrive)).payload).toMatchObject({ htm: 'POST', htu: `${gallery.origin}/entry/arrive` })
      expect(
        gallery.seen.filter(seen => seen.path !== '/entry/arrive' && JSON.stringify(seen).includes(secret)),
      ).toEqual([])
    }))

  it('offers the ordinary way in when nobody waits behind it any more', () =>
    withPage(browser, async page => {
      gallery.before = ({ path }) =>
        path === '/entry/arrive' ? { status: 401, body: { code: 'arrival-gone' } } : undefined
      await page.goto(`${gallery.origin}/meld?s=demo#t=${'a'.repeat(43)}`)
      await page.getByRole('button', { name: 'Inloggen met school' }).waitFor()
    }))

  for (const [answer, told] of [
    ['Ja, dat ben ik', 1],
    ['Nee, onthoud dit niet', 0],
  ] as const)
    it(`asks whose account it was that an LMS brought: ${answer}`, () =>
      withPage(browser, async page => {
        const secret = 'b'.repeat(43)
        gallery.before = ({ path }) => (path === '/entry/link' ? { status: 204 } : undefined)
        await page.goto(`${gallery.origin}/meld?s=demo#l=${secret}`)
        const popup = page.waitForEvent('popup')
        await page.getByRole('button', { name: 'Inloggen met school' }).click()
        await popup
        await page.getByRole('heading', { name: 'Hoort het account waarmee je kwam bij Noor Bakker?' }).waitFor()
        expect(at('/entry/link')).toHaveLength(0)
        await page.getByRole('button', { name: answer }).click()
        await page.getByText('Je bent ingelogd als Noor Bakker.').waitFor()
        expect(at('/entry/link').map(({ body }) => JSON.parse(body))).toEqual(Array(told).fill({ secret }))
      }))

  it('says so when that account is somebody else’s', () =>
    withPage(browser, async page => {
      gallery.before = ({ path }) =>
        path === '/entry/link' ? { status: 409, body: { code: 'identity-taken' } } : undefined
      await page.goto(`${gallery.origin}/meld?s=demo#l=${'b'.repeat(43)}`)
      await page.getByRole('button', { name: 'Inloggen met school' }).click()
      await page.getByRole('button', { name: 'Ja, dat ben ik' }).click()
      await page.getByText('hoort hier al bij iemand anders').waitFor()
      await page.getByRole('main').getByRole('button', { name: 'Verder' }).click()
      await page.getByText('Je bent ingelogd als Noor Bakker.').waitFor()
    }))

  it('has a link for when the window did not open', () =>
    withPage(browser, async page => {
      await page.addInitScript('window.open = () => null')
      await page.goto(`${gallery.origin}/meld?s=wacht`)
      await page.getByRole('button', { name: 'Inloggen met school' }).click()
      await page.getByRole('link', { name: 'Zie je geen venster? Open het hier' }).waitFor()
    }))

  it('asks again with a nonce when the server wants one', () =>
    withPage(browser, async page => {
      let refused = 0
      gallery.before = ({ path }) =>
        path === '/oidc/token' && refused++ === 0
          ? { status: 400, body: { error: 'use_dpop_nonce' }, headers: { 'DPoP-Nonce': 'n1' } }
          : undefined
      await page.goto(`${gallery.origin}/meld?s=leerling&signed`)
      await page.getByText('Je bent ingelogd als').waitFor()
      expect((await proofOf(at('/oidc/token')[1])).payload.nonce).toBe('n1')
    }))

  it('refreshes once for many callers, and rotates', () =>
    withPage(browser, async page => {
      gallery.before = ({ path, body }) =>
        path === '/oidc/token'
          ? {
              body: {
                access_token: 'access.leerling',
                refresh_token: body.includes('refresh_token=') ? 'refresh.two' : 'refresh.one',
                token_type: 'DPoP',
                expires_in: body.includes('ticket=') ? 5 : 300,
              },
            }
          : undefined
      await page.goto(`${gallery.origin}/meld?s=leerling&signed`)
      await page.getByText('Je bent ingelogd als').waitFor()
      const refreshes = at('/oidc/token').filter(({ body }) => body.includes('grant_type=refresh_token'))
      expect(refreshes).toHaveLength(1)
      expect(refreshes[0]?.body).toContain('refresh_token=refresh.one')
    }))

  it('sends a report with the old token when the refresh is refused: it never waits for a sign-in', () =>
    withPage(browser, async page => {
      let refuse = false
      gallery.before = ({ path, body }) => {
        if (path !== '/oidc/token') return undefined
        if (body.includes('refresh_token') && refuse) return { status: 400, body: { error: 'invalid_grant' } }
        return {
          body: { access_token: 'access.leerling', refresh_token: 'refresh.one', token_type: 'DPoP', expires_in: 31 },
        }
      }
      await page.goto(`${gallery.origin}/meld?s=leerling&signed`)
      await page.getByLabel('Bedreigen').check()
      refuse = true
      await page.waitForTimeout(1500)
      await page.getByRole('button', { name: 'Nu versturen' }).click()
      await page.getByRole('heading', { name: 'Je melding is binnen' }).waitFor()
      expect(at('/api/reports')[0]?.headers.authorization).toBe('DPoP access.leerling')
      expect(at('/api/reports')[0]?.headers.dpop).toBeTruthy()
    }))

  it('offers names of the own group and searches with two letters', () =>
    withPage(browser, async page => {
      await page.goto(`${gallery.origin}/meld?s=leerling&signed`)
      await page.getByLabel('Bedreigen').check()
      await page.getByRole('button', { name: 'Verder' }).click()
      await page.getByLabel('Daan').check()
      await page.getByRole('radio', { name: 'deed mee' }).check()
      const box = page.getByLabel('Zoek iemand anders van school')
      await box.fill('b')
      await page.waitForTimeout(400)
      expect(at('/api/people')).toHaveLength(0)
      await box.fill('br')
      await page.getByLabel('Brenda Smit').check()
      await page.getByRole('button', { name: 'Nu versturen' }).click()
      await page.getByRole('heading', { name: 'Je melding is binnen' }).waitFor()
      const { involved } = JSON.parse(at('/api/reports')[0]?.body ?? '') as {
        involved: { role: string; who: { personId?: string } }[]
      }
      expect(involved.map(({ role }) => role)).toEqual(['JOINER', 'ACTOR'])
      expect(involved.every(({ who }) => who.personId)).toBe(true)
    }))
})
