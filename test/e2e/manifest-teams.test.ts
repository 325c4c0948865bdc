/** The Teams app as Teams shows it: silent sign-in to the view, the ordinary sign-in where that fails, and the making of a tab. */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { Browser, Frame, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addTeamsTenant } from '../../connector/admin/teams-tenants.ts'
import { openApp } from '../../connector/app.ts'
import { readConfig } from '../../connector/config.ts'
import { withTenant } from '../../connector/store/scope.ts'
import { type TeamsHost, teamsHost, teamsHostPage } from '../school/teams-host.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { type SeededPerson, type SeededSchool, seedBoard, seedGroup, seedPerson, seedSchool } from '../support/seed.ts'
import { launch, withoutThirdPartyCookies, withPage } from '../widgets/browser.ts'
import { contextOptions, desktop } from './visit.ts'

const [tenant, clientId, oid] = [randomUUID(), randomUUID(), randomUUID()]
const sharePoint = 'https://deproef.sharepoint.com'
const pair = await generateKeyPair('RS256')
const jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', use: 'sig', alg: 'RS256' }] }

let t: TestDatabase
let browser: Browser
let school: SeededSchool
let teacher: SeededPerson
let connector: string
let close: () => Promise<void>

beforeAll(async () => {
  t = await testDatabase()
  const boardId = await seedBoard(t)
  school = await seedSchool(t, boardId, { name: 'De Proefschool', origins: [sharePoint] })
  const group = await seedGroup(t, school, '7A')
  teacher = await seedPerson(t, school, {
    role: 'staff',
    names: { preferred: 'Karin', family: 'de Boer' },
    groups: [{ id: group, role: 'teacher' }],
  })
  await knowAs(teacher, oid)
  await addTeamsTenant(t, { boardId, schoolId: school.id, tenant, clientId })
  ;({ connector, close } = await start())
  // A page on the web may not reach this very machine, unless the browser is told that this is a test.
  browser = await launch(withoutThirdPartyCookies, '--disable-features=Translate,LocalNetworkAccessChecks')
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await close?.()
  await t?.close()
})

/** The connector with a network in which Microsoft's keys are ours. */
async function start() {
  const server = createServer()
  await new Promise<void>(done => server.listen(0, 'localhost', done))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  const config = readConfig({ M5_URL: origin, M5_LOG: 'silent', M5_DATA: join(tmpdir(), `m5-teams-${randomUUID()}`) })
  const outward = (at: URL) => {
    expect(at.href).toBe(`https://login.microsoftonline.com/${tenant}/discovery/v2.0/keys`)
    return () => Promise.resolve(Response.json(jwks))
  }
  server.on('request', await openApp({ config, ...t, outward }))
  return {
    connector: origin,
    close: () =>
      new Promise<void>(done => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

async function knowAs(person: SeededPerson, value: string): Promise<void> {
  const { boardId, id: schoolId, sourceId } = school
  const keys = await t.keyring.board(boardId)
  const valueTag = keys.fingerprint('roster-key', `object-id:${value}`)
  const row = { boardId, id: randomUUID(), schoolId, sourceId, personId: person.id, type: 'object-id', valueTag }
  await withTenant(t.db, { boardId, role: 'system' }, tx => tx.rosterKey.create({ data: { ...row, stable: true } }))
}

/** As Entra writes one for our own API. */
const token = (more: Record<string, unknown> = {}) => {
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    ...{
      iss: `https://login.microsoftonline.com/${tenant}/v2.0`,
      aud: clientId,
      tid: tenant,
      oid,
      sub: 'x',
      ver: '2.0',
    },
    ...{ scp: 'access_as_user', iat: now - 5, nbf: now - 5, exp: now + 3600, uti: randomUUID(), azp: clientId },
  }
  return new SignJWT({ ...claims, ...more })
    .setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'JWT' })
    .sign(pair.privateKey)
}

const tab = (view: string) => `${connector}/teams/tab?s=${school.key}&view=${view}`

/** Opens the host with our pages in it. What anybody asks of any other address is noted, and fails the test. */
async function inTeams(page: Page, host: TeamsHost, at = teamsHost): Promise<string[]> {
  const elsewhere: string[] = []
  await page.context().route('**/*', route => {
    const { origin, href } = new URL(route.request().url())
    if (origin === at) return route.fulfill({ contentType: 'text/html', body: teamsHostPage(host) })
    if (origin === connector) return route.continue()
    elsewhere.push(href)
    return route.abort()
  })
  page.on('console', message => {
    if (message.type() === 'error') elsewhere.push(message.text())
  })
  await page.goto(`${at}/_#/apps/m5`)
  return elsewhere
}
const view = (page: Page, path: string) =>
  expect.poll(() => ours(page).filter(frame => new URL(frame.url()).pathname === path).length, { timeout: 15_000 })
const ours = (page: Page): Frame[] => page.frames().filter(frame => frame.url().startsWith(connector))
const options = { ...contextOptions, viewport: desktop }
const heard = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as { told: { func: string; args: unknown[] }[] }).told)

describe('a tab in Teams', () => {
  it('opens the panel for its teacher, who presses nothing', () =>
    withPage(
      browser,
      async page => {
        const elsewhere = await inTeams(page, { frames: [tab('groep')], token: await token() })
        await view(page, '/groep').toBe(1)
        await page.frameLocator('iframe').getByText('Karin de Boer').first().waitFor()
        const [frame] = ours(page)
        expect(frame?.url()).toBe(`${connector}/groep?s=${school.key}`)
        expect(elsewhere).toEqual([])
      },
      options,
    ))

  it('works twice on one page, with the one token that Teams gives both', () =>
    withPage(
      browser,
      async page => {
        const elsewhere = await inTeams(page, { frames: [tab('groep'), tab('meld')], token: await token() })
        await view(page, '/groep').toBe(1)
        await view(page, '/meld').toBe(1)
        for (const n of [0, 1])
          await page
            .frameLocator('iframe')
            .nth(n)
            .getByText(/Karin de Boer/)
            .first()
            .waitFor()
        expect(elsewhere).toEqual([])
      },
      options,
    ))

  it('shows in the SharePoint that the school listed, and in no other', () =>
    withPage(
      browser,
      async page => {
        const elsewhere = await inTeams(page, { frames: [tab('groep')], token: await token() }, sharePoint)
        await page.frameLocator('iframe').getByText('Karin de Boer').first().waitFor()
        expect(elsewhere).toEqual([])
        const other = await page.context().newPage()
        const refused = await inTeams(
          other,
          { frames: [tab('groep')], token: await token() },
          'https://ander.sharepoint.com',
        )
        await expect.poll(() => refused.some(text => /frame-ancestors/.test(text))).toBe(true)
        expect(ours(other)).toEqual([])
      },
      options,
    ))

  it.for([
    ['without consent', { token: null }],
    ['where nobody answers as Teams does', { token: 'x', silent: true }],
  ] as const)('goes on to the ordinary sign-in %s', ([, host]) =>
    withPage(
      browser,
      async page => {
        const elsewhere = await inTeams(page, { frames: [tab('groep')], ...host })
        await view(page, '/groep').toBe(1)
        await page.frameLocator('iframe').getByRole('heading', { level: 1 }).first().waitFor()
        expect(elsewhere).toEqual([])
      },
      options,
    ),
  )

  it('says that Teams could not sign somebody in, with a number, and lets them go on', () =>
    withPage(
      browser,
      async page => {
        const elsewhere = await inTeams(page, { frames: [tab('meld')], token: await token({ aud: 'api://other/app' }) })
        const frame = page.frameLocator('iframe')
        await frame.getByRole('heading', { name: 'Teams kon je niet inloggen' }).waitFor()
        await expect.poll(() => frame.locator('[data-number]').textContent()).toMatch(/^[A-Z0-9]{3}-[A-Z0-9]{3}$/)
        await frame.getByRole('link', { name: 'Verder' }).click()
        await view(page, '/meld').toBe(1)
        // The refusal itself is a 401, which the console names.
        expect(elsewhere.filter(text => !/401/.test(text))).toEqual([])
      },
      options,
    ))

  it('is an ordinary page outside Teams', () =>
    withPage(
      browser,
      async page => {
        await page.goto(tab('meld'))
        await page.waitForURL(`${connector}/meld?s=${school.key}`)
        await page.getByRole('heading', { level: 1 }).first().waitFor()
      },
      options,
    ))

  it('leads on by a link where JavaScript is off', () =>
    withPage(
      browser,
      async page => {
        await page.goto(tab('meld'))
        await page.getByRole('link', { name: /nieuw venster/ }).waitFor()
      },
      { ...options, javaScriptEnabled: false },
    ))
})

describe('making a tab', () => {
  const configPage = () => `${connector}/teams/config?s=${school.key}`

  it('offers both views and saves the one that was chosen', () =>
    withPage(
      browser,
      async page => {
        const host = { frames: [configPage()], token: null, context: 'settings' } as const
        const elsewhere = await inTeams(page, { ...host, frames: [...host.frames] })
        const frame = page.frameLocator('iframe')
        await frame.getByRole('radio', { name: /Groepspaneel/ }).check()
        await expect.poll(() => page.locator('#save').isEnabled()).toBe(true)
        await page.locator('#save').click()
        await expect.poll(async () => (await heard(page)).map(({ func }) => func)).toContain('settings.save.success')
        const saved = (await heard(page)).find(({ func }) => func === 'settings.setSettings')
        expect(saved?.args[0]).toEqual({
          entityId: 'groep',
          suggestedDisplayName: 'Groepspaneel',
          contentUrl: tab('groep'),
          websiteUrl: `${connector}/groep?s=${school.key}`,
        })
        expect(elsewhere).toEqual([])
      },
      options,
    ))

  it('says outside Teams where it belongs', () =>
    withPage(
      browser,
      async page => {
        await page.goto(configPage())
        await page.getByRole('alert').filter({ hasText: 'hoort in Teams' }).waitFor({ timeout: 12_000 })
      },
      options,
    ))
})
