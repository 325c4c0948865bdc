/** The whole way, as people go it: in a real browser with third-party cookies blocked, on four sites. */
import { randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import type { Browser, FrameLocator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Groups, PanelPage } from '../../connector/api/contract.ts'
import { withTenant } from '../../connector/store/scope.ts'
import { startForeignSite } from '../school/foreign-site.ts'
import { syncAndApprove } from '../school/furnish.ts'
import type { Somebody } from '../school/meet.ts'
import { listen, type Site, send } from '../school/site.ts'
import { makeFrame, signInAs } from '../support/frame.ts'
import { type WholeSchool, wholeSchool } from '../support/whole-school.ts'
import { launch, withoutThirdPartyCookies, withPage } from '../widgets/browser.ts'
import { contextOptions, desktop, openPanel, openStopknop, signIn } from './visit.ts'

let school: WholeSchool
let browser: Browser

/** The same portal, without an opener policy: as most portals are. */
let openPortal: Site

beforeAll(async () => {
  school = await wholeSchool()
  const uncut: RequestListener = async (request, response) => {
    const page = await fetch(school.portal.url + (request.url ?? '/'))
    const policy = page.headers.get('content-security-policy') ?? ''
    const type = page.headers.get('content-type')?.replace(/;.*/, '') ?? 'text/html'
    send(response, page.status, type, await page.text(), { 'Content-Security-Policy': policy })
  }
  openPortal = await listen(uncut, '127.0.0.1', 0)
  const { boardId } = school
  await withTenant(school.database.db, { boardId, role: 'system' }, tx =>
    tx.origin.create({ data: { boardId, id: randomUUID(), schoolId: school.school.id, origin: openPortal.origin } }),
  )
  browser = await launch(withoutThirdPartyCookies)
})
afterAll(async () => {
  await browser?.close()
  await openPortal?.close()
  await school?.close()
})

const sectionOf = ({ subject, group }: Somebody) => {
  if (subject.includes('leerling')) return `Groep ${group}`
  return group ? 'Leerkrachten' : 'Anderen'
}
const enter = (who: Somebody) => ({ name: who.name, section: sectionOf(who) })
const heading = (frame: FrameLocator, name: string) => frame.getByRole('heading', { level: 1, name }).waitFor()
const next = (frame: FrameLocator) => frame.getByRole('button', { name: 'Verder' }).click()

/** Reports by the form, as `meet.pupil`, about `meet.classmate`. @returns the classmate's name on the tile */
async function report(): Promise<string> {
  const { pupil, classmate } = school.meet
  const first = classmate.name.split(' ')[0] ?? ''
  let named = ''
  await withPage(
    browser,
    async page => {
      const frame = await openStopknop(page, school.portal.url)
      await signIn(page, frame, enter(pupil))
      await heading(frame, 'Wat gebeurde er?')
      await frame.getByRole('checkbox').nth(1).check()
      await next(frame)
      await heading(frame, 'Wie deed het?')
      const tile = frame.getByRole('checkbox', { name: new RegExp(`^${first}`) }).first()
      await tile.check()
      named = first
      await next(frame)
      await heading(frame, 'Bij wie gebeurde het?')
      await frame.getByRole('button', { name: 'Nu versturen' }).click()
      await heading(frame, 'Je melding is binnen')
    },
    contextOptions,
  )
  return named
}

describe('a report, from the portal to the panel', () => {
  it('is on the screen of the teacher of that group, and of nobody else', async () => {
    const { meet, portal, connector } = school
    const named = await report()
    expect(named).not.toBe('')

    await withPage(
      browser,
      async page => {
        const frame = await openPanel(page, portal.url)
        await signIn(page, frame, enter(meet.teacher))
        await frame.getByText(/^1 melding in/).waitFor()
        await frame.getByText(named).locator('visible=true').first().waitFor()
        const text = await frame.locator('body').textContent()
        expect(text).not.toContain(meet.pupil.name)
      },
      { ...contextOptions, viewport: desktop },
    )
    await withPage(
      browser,
      async page => {
        const frame = await openPanel(page, portal.url)
        await signIn(page, frame, enter(meet.otherTeacher))
        await frame
          .getByText(/nog geen meldingen/i)
          .first()
          .waitFor()
      },
      contextOptions,
    )
    const group = await groupOf(meet.teacher)
    for (const nobody of [meet.otherTeacher, meet.otherPupil, meet.pupil, meet.itAdmin, meet.parent, meet.trainee]) {
      const asked = await signInAs(connector, school.school.publishableKey, nobody.subject)
      expect((await asked.get(`/api/groups/${group}/reports`)).status, nobody.subject).toBe(404)
    }
    const reader = await signInAs(connector, school.school.publishableKey, meet.teacher.subject)
    const page = (await (await reader.get(`/api/groups/${group}/reports`)).json()) as PanelPage
    expect(page.reports).toHaveLength(1)
  })

  it('shows the IT administrator a page that says whom it is for', () =>
    withPage(
      browser,
      async page => {
        const frame = await openPanel(page, school.portal.url)
        await signIn(page, frame, enter(school.meet.itAdmin))
        await frame
          .getByText(/leerkracht of mentor/i)
          .first()
          .waitFor()
      },
      contextOptions,
    ))

  it('opens for nobody who says no to the code', () =>
    withPage(
      browser,
      async page => {
        const frame = await openStopknop(page, school.portal.url)
        const answer = (popup: Page) => popup.getByRole('button', { name: 'Nee, dit klopt niet' })
        await signIn(page, frame, { ...enter(school.meet.pupil), answer })
        await frame.getByText('Je hebt op stoppen gedrukt').waitFor()
      },
      contextOptions,
    ))

  it('keeps a tab signed in over a reload, and a new tab not', () =>
    withPage(
      browser,
      async page => {
        const frame = await openPanel(page, school.portal.url)
        const remembered = page.waitForResponse(response => response.url().endsWith('/entry/remember'))
        await signIn(page, frame, enter(school.meet.teacher))
        await frame.getByText(`Je bent ingelogd als ${school.meet.teacher.name}`).waitFor()
        await remembered
        await page.reload()
        await page
          .frameLocator('m5-group iframe')
          .getByText(`Je bent ingelogd als ${school.meet.teacher.name}`)
          .waitFor()
        const other = await page.context().newPage()
        const elsewhere = await openPanel(other, school.portal.url)
        await elsewhere.getByRole('button', { name: 'Inloggen met school' }).waitFor()
      },
      contextOptions,
    ))
})

describe('the window of the sign-in', () => {
  const asked = async (popup: Page) => ({
    digits: await popup.getByLabel('Typ het getal dat in het andere scherm staat.').count(),
    yes: await popup.getByRole('button', { name: 'Ja, dat ben ik' }).count(),
  })
  const signInAndSee = async (page: Page, frame: FrameLocator | Page) => {
    const seen: { digits: number; yes: number }[] = []
    const { teacher } = school.meet
    await signIn(page, frame, {
      ...enter(teacher),
      seen: async (popup, step) => void (step === 'confirm' && seen.push(await asked(popup))),
    })
    await frame.getByText(`Je bent ingelogd als ${teacher.name}`).waitFor()
    return seen
  }

  it('of a portal that cuts its windows off asks for the digits of the panel', () =>
    withPage(
      browser,
      async page => {
        const frame = await openPanel(page, school.portal.url)
        expect(await signInAndSee(page, frame)).toEqual([{ digits: 1, yes: 0 }])
      },
      contextOptions,
    ))

  it('of a portal that does not asks for a press: the frame says that it is in this browser', () =>
    withPage(
      browser,
      async page => {
        const frame = await openPanel(page, openPortal.origin)
        expect(await signInAndSee(page, frame)).toEqual([{ digits: 0, yes: 1 }])
      },
      contextOptions,
    ))

  it('of a page of our own asks for a press too', () =>
    withPage(
      browser,
      async page => {
        await page.goto(`${school.connector}/groep?s=${school.school.publishableKey}`)
        expect(await signInAndSee(page, page)).toEqual([{ digits: 0, yes: 1 }])
      },
      contextOptions,
    ))

  it('lets nobody in by the digits of another panel', () =>
    withPage(
      browser,
      async page => {
        const frame = await openPanel(page, school.portal.url)
        const wrong = (popup: Page, code: string) => {
          const other = code === '10' ? '11' : '10'
          void popup.getByLabel('Typ het getal dat in het andere scherm staat.').fill(other)
          return popup.getByRole('button', { name: 'Klaar' })
        }
        await signIn(page, frame, { ...enter(school.meet.teacher), answer: wrong })
        await frame.getByText('Het getal klopte niet').waitFor()
      },
      contextOptions,
    ))
})

describe('the browser of this test', () => {
  it('really withholds an unpartitioned third-party cookie', async () => {
    const cookiesOf = async (visited: Browser) => {
      const sent: string[] = []
      await withPage(
        visited,
        async page => {
          const third = { name: 'third', value: 'party', domain: 'localhost', path: '/' }
          await page.context().addCookies([{ ...third, sameSite: 'None', secure: true }])
          page.on('response', async response => {
            if (response.url().includes('/entry/handoffs'))
              sent.push((await response.request().allHeaders()).cookie ?? '')
          })
          const frame = await openStopknop(page, school.portal.url)
          await frame.getByRole('button', { name: 'Inloggen met school' }).waitFor()
          await expect.poll(() => sent.length).toBeGreaterThan(0)
        },
        contextOptions,
      )
      return sent.join()
    }
    const ordinary = await launch()
    try {
      expect(await cookiesOf(ordinary)).toContain('third=party')
    } finally {
      await ordinary.close()
    }
    expect(await cookiesOf(browser)).not.toContain('third=party')
  })
})

describe('a page of another site', () => {
  it('can neither show the frame nor read frame or API', async () => {
    const foreign = await startForeignSite()
    const { connector } = school
    const key = school.school.publishableKey
    try {
      await withPage(
        browser,
        async page => {
          for (const path of [`/meld?s=${key}`, `/groep?s=${key}`, '/meld?s=pk_unknown_unknown']) {
            await page.goto(foreign.attempt({ frame: connector + path, api: `${connector}/api/form?school=${key}` }))
            await page.locator('#result[data-done]').waitFor()
            const got = await page
              .locator('dd')
              .evaluateAll(cells =>
                Object.fromEntries(
                  (cells as unknown as { dataset: { try: string }; textContent: string }[]).map(c => [
                    c.dataset.try,
                    c.textContent,
                  ]),
                ),
              )
            expect(got, path).toMatchObject({
              'frame-document': 'unreadable',
              'frame-message': 'none',
              api: 'blocked',
              'api-with-cookies': 'blocked',
              'api-post': 'blocked',
            })
            const shown = page.frames().filter(frame => frame.url().startsWith(connector))
            expect(shown, path).toHaveLength(0)
          }
        },
        contextOptions,
        // The refusal is what we want to see; the page's console says so too.
      ).catch(error => {
        if (!/frame-ancestors/.test(String(error))) throw error
      })
    } finally {
      await foreign.close()
    }
  })
})

describe('the roster, once more', () => {
  it('ends the session of a pupil who is gone from it, at once', async () => {
    const { meet, connector, generated, boardId, sourceId, database } = school
    const key = school.school.publishableKey
    const leaver = await signInAs(connector, key, meet.otherPupil.subject)
    expect((await leaver.get('/api/me')).status).toBe(200)
    const gone = generated.pupils.findIndex(p => `leerling:${p.key}` === meet.otherPupil.sourceId)
    generated.pupils.splice(gone, 1)
    const { db, keyring, log } = database
    const later = new Date(Date.now() + 60_000)
    school.turnClock(later)
    await syncAndApprove({ db, keyring, log, clock: () => later }, boardId, sourceId)
    expect((await leaver.get('/api/me')).status).toBe(401)
    const frame = await makeFrame(connector, key)
    expect((await frame.refresh(leaver.tokens.refresh)).status).toBe(400)
  })
})

async function groupOf(teacher: Somebody): Promise<string> {
  const reader = await signInAs(school.connector, school.school.publishableKey, teacher.subject)
  const { groups } = (await (await reader.get('/api/groups')).json()) as Groups
  return groups[0]?.id ?? ''
}
