/** From the page of an LMS to the Stopknop and the panel, in a real browser: with third-party cookies, without, and without any. */
import type { Browser, BrowserContext, FrameLocator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { addOrigin } from '../../connector/admin/origins.ts'
import { type Launch, startLms } from '../school/lms.ts'
import type { Somebody } from '../school/meet.ts'
import { type Registered, registerAt } from '../support/launch.ts'
import { type WholeSchool, wholeSchool } from '../support/whole-school.ts'
import { launch, withoutThirdPartyCookies, withPage } from '../widgets/browser.ts'
import { contextOptions, desktop } from './visit.ts'

let school: WholeSchool
let at: Registered
/** An LMS of many customers: its pages stand on another site than it signs in on. */
let many: Registered
const browsers = new Map<string, Browser>()

beforeAll(async () => {
  school = await wholeSchool()
  at = await registerAt(school.database, school.connector, { boardId: school.boardId, id: school.school.id })
  for (const who of [school.meet.pupil, school.meet.teacher])
    at.lms.people.set(who.subject, { id: who.subject, name: who.name, sourcedId: who.sourceId })
  // Before anybody looks: a new origin counts everywhere within ten seconds only.
  const here = { boardId: school.boardId, id: school.school.id }
  const lms = await startLms({ host: '127.0.0.4', pagesHost: '127.0.0.7' })
  many = await registerAt(school.database, school.connector, here, { lms, clientId: 'many' })
  lms.people.set('p', { id: 'p', name: 'P', sourcedId: school.meet.pupil.sourceId })
  await addOrigin(school.database, { boardId: here.boardId, schoolId: here.id, origin: lms.pagesOrigin })
  browsers.set('allowed', await launch())
  browsers.set('blocked', await launch(withoutThirdPartyCookies))
})
afterEach(() => {
  at.lms.offerStorage(true)
  at.lms.misbehave(null)
})
afterAll(async () => {
  for (const browser of browsers.values()) await browser.close()
  await at?.lms.close()
  await many?.lms.close()
  await school?.close()
})

const browser = (name: string): Browser => browsers.get(name) as Browser

interface Visit {
  page: Page
  frame: FrameLocator
  /** Of our own, in the order they were asked for. */
  asked: string[]
}

/** Opens the page of the LMS. No error may stand in the console. @param options `answers`: the status of a refusal that is expected */
async function visit(
  cookies: string,
  options: Launch & { keeps?: boolean; width?: number; answers?: number },
  act: (visit: Visit) => Promise<void>,
): Promise<void> {
  const { keeps = true, width = 1280, answers, ...opened } = options
  const errors: string[] = []
  const viewport = { ...desktop, width }
  await withPage(
    browser(cookies),
    async page => {
      const asked: string[] = []
      page.context().on('console', message => {
        if (message.type() === 'error') errors.push(message.text())
      })
      page.context().on('request', request => {
        const { origin, pathname } = new URL(request.url())
        if (origin === school.connector && pathname.startsWith('/lti/')) asked.push(`${request.method()} ${pathname}`)
      })
      if (!keeps) await keepNoCookie(page.context())
      await page.goto(at.lms.page(opened))
      await act({ page, frame: page.frameLocator('#tool'), asked })
    },
    { ...contextOptions, viewport },
  )
  // A refusal is an error to a browser: that one, and no other.
  expect(errors).toEqual(answers === undefined ? [] : [expect.stringContaining(`status of ${answers}`)])
}

/** As an iPad before iOS 26.2: what the login request sets in the frame is gone at once. */
async function keepNoCookie(context: BrowserContext): Promise<void> {
  await context.route('**/lti/login', async route => {
    const response = await route.fetch({ maxRedirects: 0 })
    await context.clearCookies()
    const headers = Object.fromEntries(Object.entries(response.headers()).filter(([name]) => name !== 'set-cookie'))
    await route.fulfill({ response, headers })
  })
}

const signedInAs = (frame: FrameLocator, { name }: Somebody) =>
  frame
    .getByText(new RegExp(`ingelogd als ${name}|^Hoi ${name.split(' ')[0]}`))
    .first()
    .waitFor()

const shot = (page: Page, name: string) =>
  process.env.M5_SHOTS ? page.screenshot({ path: `${process.env.M5_SHOTS}/${name}.png` }) : undefined

describe.each(['allowed', 'blocked'])('with third-party cookies %s', cookies => {
  it('the Stopknop opens for a pupil, signed in, and the secret is gone from the address', () =>
    visit(cookies, { person: school.meet.pupil.subject }, async ({ page, frame, asked }) => {
      await frame.getByRole('heading', { level: 1 }).waitFor()
      await signedInAs(frame, school.meet.pupil)
      await shot(page, `stopknop-${cookies}`)
      const url = page
        .frames()
        .find(each => each.url().startsWith(school.connector))
        ?.url()
      expect(url).toBe(`${school.connector}/meld?s=${school.school.publishableKey}`)
      expect(asked).toEqual(['POST /lti/login', 'GET /lti/begin', 'POST /lti/launch'])
    }))

  it('the panel opens for a teacher', () =>
    visit(
      cookies,
      { person: school.meet.teacher.subject, target: `${school.connector}/groep` },
      async ({ page, frame }) => {
        await signedInAs(frame, school.meet.teacher)
        await shot(page, `groep-${cookies}`)
      },
    ))

  it('where the browser keeps nothing, the platform keeps it for us', () =>
    visit(cookies, { person: school.meet.pupil.subject, keeps: false }, async ({ frame, asked }) => {
      await signedInAs(frame, school.meet.pupil)
      expect(asked.filter(each => each === 'POST /lti/launch')).toHaveLength(2)
    }))

  it('where nobody keeps anything, it opens in a new window', () => {
    at.lms.offerStorage(false)
    return visit(cookies, { person: school.meet.pupil.subject, keeps: false, width: 375 }, async ({ page, frame }) => {
      const link = frame.getByRole('link', { name: 'Open in een nieuw venster' })
      await link.waitFor()
      await shot(page, `window-${cookies}`)
      const [window] = await Promise.all([page.context().waitForEvent('page'), link.click()])
      await window
        .getByText(new RegExp(`ingelogd als ${school.meet.pupil.name}`))
        .first()
        .waitFor()
      expect(window.url()).toBe(`${school.connector}/meld?s=${school.school.publishableKey}`)
    })
  })

  it('somebody unknown here is asked to sign in at the school', () => {
    at.lms.people.set('new', { id: 'new', name: 'Nieuw' })
    return visit(cookies, { person: 'new', target: `${school.connector}/groep` }, async ({ page, frame }) => {
      await frame.getByRole('button', { name: 'Inloggen met school' }).waitFor()
      await shot(page, `link-${cookies}`)
    })
  })
})

describe('an LMS that shows its pages on another site than it signs in on', () => {
  it('keeps our proof in a frame of its own, and shows us where the school listed it', async () => {
    const mine = at
    at = many
    try {
      await visit('blocked', { keeps: false, storage: null }, async ({ frame, asked }) => {
        await frame.getByRole('heading', { level: 1 }).waitFor()
        expect(asked.filter(each => each === 'POST /lti/launch')).toHaveLength(2)
      })
    } finally {
      at = mine
    }
  })
})

describe('what is not let in', () => {
  it('says so in the frame, with a number for the administrator', () => {
    at.lms.misbehave({
      claims: claims => ({ ...claims, exp: Number(claims.exp) - 9999, iat: Number(claims.iat) - 9999 }),
    })
    return visit(
      'blocked',
      { person: school.meet.pupil.subject, width: 375, answers: 400 },
      async ({ page, frame }) => {
        await frame.getByRole('heading', { name: 'Dit openen lukte niet' }).waitFor()
        await frame.getByText(/^[A-Z0-9]{3}-[A-Z0-9]{3}$/).waitFor()
        await shot(page, 'failed')
      },
    )
  })

  it('is a new deployment, until somebody approves it', async () => {
    const here = { boardId: school.boardId, id: school.school.id }
    const other = await registerAt(school.database, school.connector, here, {
      ...{ lms: at.lms, clientId: 'quarantined', deploymentId: '99', approve: false },
    })
    await visit('blocked', { tool: other.tool.clientId, width: 375, answers: 403 }, async ({ page, frame }) => {
      await frame.getByRole('heading', { name: 'Bijna klaar' }).waitFor()
      await shot(page, 'quarantine')
    })
  })
})
