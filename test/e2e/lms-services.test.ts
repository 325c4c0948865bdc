/** What an administrator and a teacher see of the LMS's offers, in a real browser without third-party cookies: connecting, and placing. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listPlatforms } from '../../connector/admin/lti.ts'
import { invite } from '../../connector/entry/lti/register-invitation.ts'
import { type Lms, startLms } from '../school/lms.ts'
import { type LmsServices, serveLms } from '../school/lms-services.ts'
import { openWorld, type World } from '../support/world.ts'
import { launch, withoutThirdPartyCookies, withPage } from '../widgets/browser.ts'
import { contextOptions, desktop } from './visit.ts'

let w: World
let lms: Lms
let services: LmsServices
let browser: Browser
beforeAll(async () => {
  w = await openWorld()
  lms = await startLms({ people: [{ id: 't1', name: 'Karin', roles: ['Instructor'] }] })
  services = serveLms(lms)
  browser = await launch(withoutThirdPartyCookies)
})
afterAll(async () => {
  await browser?.close()
  await lms?.close()
  await w?.close()
})

const invitation = async () => {
  const { boardId, id: schoolId } = w.schools.own
  const { url } = await invite(
    { db: w.t.db, config: w.service.config, clock: () => new Date() },
    { boardId, schoolId, by: 'operator' },
  )
  return url
}
const pasted = async () => `${lms.origin}/koppelen?${new URLSearchParams({ invitation: await invitation() })}`

/** No error of any kind may stand in the console. */
const look = (act: (page: Page) => Promise<void>, options: Parameters<typeof withPage>[2] = {}) => {
  const errors: string[] = []
  return withPage(
    browser,
    async page => {
      page.on('console', message => {
        if (message.type() === 'error') errors.push(message.text())
      })
      await act(page)
      expect(errors).toEqual([])
    },
    { ...contextOptions, ...options },
  )
}

/** Nothing sticks out sideways, in a frame on a telephone neither. */
async function fits(page: Page): Promise<void> {
  for (const frame of page.frames()) {
    const [wide, seen] = (await frame.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as number[]
    expect(wide).toBeLessThanOrEqual(seen ?? 0)
  }
}

describe.for([
  ['a telephone', { width: 375, height: 740 }],
  ['a desktop', desktop],
] as const)('on %s', ([, viewport]) => {
  it('an administrator connects the LMS by its invitation', async () => {
    await look(
      async page => {
        await page.goto(await pasted())
        const frame = page.frameLocator('#tool')
        await frame.getByRole('heading', { name: 'De Stopknop koppelen' }).waitFor()
        await fits(page)
        await frame.getByRole('button', { name: 'Koppelen' }).click()
        await frame.getByRole('heading', { name: 'Gekoppeld' }).waitFor()
        await fits(page)
        await frame.getByRole('button', { name: 'Sluiten' }).click()
        await page.getByRole('heading', { name: 'De tool is toegevoegd' }).waitFor()
      },
      { viewport },
    )
    expect((await listPlatforms(w.t, w.schools.own.boardId)).at(-1)?.deployments.approved).toBe(1)
  })

  it('a teacher places the Stopknop', async () => {
    const tool = [...lms.tools.keys()].at(-1) ?? ''
    const before = services.returned.length
    await look(
      async page => {
        await page.goto(lms.page({ person: 't1', messageType: 'LtiDeepLinkingRequest', tool }))
        const frame = page.frameLocator('#tool')
        await frame.getByRole('heading', { name: 'Wat wil je plaatsen?' }).waitFor()
        await fits(page)
        await frame.getByRole('button', { name: 'Stopknop, informatie en hulp' }).click()
        await frame.getByText('Geplaatst: Stopknop, informatie en hulp').waitFor()
      },
      { viewport },
    )
    expect(services.returned).toHaveLength(before + 1)
  })
})

describe('without JavaScript', () => {
  it('an administrator connects, and a teacher places with one more button', async () => {
    await look(
      async page => {
        await page.goto(services.registrationUrl(await invitation()))
        await page.getByRole('button', { name: 'Koppelen' }).click()
        await page.getByRole('heading', { name: 'Gekoppeld' }).waitFor()
        expect(await page.getByText('Je kunt dit venster nu sluiten').isVisible()).toBe(true)
      },
      { javaScriptEnabled: false },
    )
  })
})

describe('a page of somebody else', () => {
  it('does not get the wizard into its frame', async () => {
    const other = await startLms({ host: '127.0.0.6' })
    const url = services.registrationUrl(await invitation())
    other.handlers.set('/page', (_request, response) => {
      response
        .writeHead(200, { 'Content-Type': 'text/html' })
        .end(`<iframe id="tool" src="${url.replaceAll('&', '&amp;')}"></iframe>`)
    })
    const page = await browser.newPage()
    const refused = page.waitForEvent('console', message => message.text().includes('frame-ancestors'))
    await page.goto(`${other.origin}/page`)
    await refused
    expect(await page.frameLocator('#tool').getByRole('button').count()).toBe(0)
    await page.context().close()
    await other.close()
  })
})
