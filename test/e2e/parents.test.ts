/** A parent on a phone without JavaScript, from the mail to the answer and back. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCase, readCase } from '../../connector/cases/cases.ts'
import { addContact, writeTo } from '../../connector/cases/contacts.ts'
import { readConfig } from '../../connector/config.ts'
import { sendDue } from '../../connector/mail/outbox.ts'
import { openTransport } from '../../connector/mail/transport.ts'
import { type MailServer, startMailServer } from '../school/mail-server.ts'
import { openWorld, type World } from '../support/world.ts'
import { launch, withPage } from '../widgets/browser.ts'

let w: World
let server: MailServer
let browser: Browser
beforeAll(async () => {
  w = await openWorld()
  server = await startMailServer()
  browser = await launch()
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
  await w?.close()
})

const context = () => ({ ...w.t, clock: () => new Date() })

async function mailed(language: 'nl' | 'en', text: string) {
  const { boardId, id: schoolId } = w.schools.own
  const asker = { boardId, schoolId, personId: w.people.csv.id, channel: 'oidc' }
  const { id: caseId } = await openCase(context(), asker, w.people.pupil.id)
  const contact = { name: 'Ouder', email: 'ouder@thuis.example', language }
  const { id: contactId } = await addContact(context(), asker, { caseId, contact })
  await writeTo(context(), asker, { caseId, contactId, text })
  const { mail } = readConfig({ M5_SMTP_URL: server.url, M5_MAIL_FROM: 'm5@school.example' })
  if (!mail) throw new Error('mail is off')
  await sendDue({ ...context(), url: new URL(w.origin), transport: openTransport(mail) }, [boardId])
  const link = /\S+\/ouder\/l\/\S+/.exec(server.mails.at(-1)?.text ?? '')?.[0] ?? ''
  const said = async () => {
    const found = await readCase(context(), asker, caseId)
    return found.contacts[0]?.messages.map(message => message.text ?? 'report')
  }
  return { link, said }
}

/** Nothing to scroll sideways for, on a phone and on a desk. */
async function fits(page: Page) {
  for (const width of [375, 1280]) {
    await page.setViewportSize({ width, height: 740 })
    const frame = await page.locator('main').boundingBox()
    expect((frame?.x ?? 0) + (frame?.width ?? 0)).toBeLessThanOrEqual(width)
    expect(await page.locator('body').evaluate(body => body.scrollWidth)).toBeLessThanOrEqual(width)
  }
  await page.setViewportSize({ width: 375, height: 740 })
}

const plain = { javaScriptEnabled: false }

describe('a parent', () => {
  it('reads, answers, reports and stops, without JavaScript', async () => {
    const { link, said } = await mailed('nl', 'Kunnen we morgen bellen?\nDe IB’er')
    await withPage(
      browser,
      async page => {
        await page.goto(link)
        await fits(page)
        await page.getByRole('button', { name: 'Open het bericht' }).click()
        await page.getByText('Kunnen we morgen bellen?').waitFor()
        expect(page.url()).toBe(`${w.origin}/ouder`)
        await fits(page)
        await page.getByLabel('Jouw bericht aan school').fill('Ja, om tien uur.')
        await page.getByRole('button', { name: 'Versturen' }).click()
        await page.getByText('Ja, om tien uur.').waitFor()
        await page.getByRole('link', { name: 'Een melding doen' }).click()
        await fits(page)
        await page.getByLabel('uitschelden').check()
        await page.getByLabel('gisteren').check()
        await page.getByRole('button', { name: 'Versturen' }).click()
        await page.getByText('school heeft je melding').waitFor()
        await fits(page)
        await page.getByRole('link', { name: 'Terug naar de berichten' }).click()
        await page.getByText('Je hebt een melding gedaan.').waitFor()
        await page.getByRole('button', { name: 'Stoppen' }).click()
        await page.getByText('Je bent gestopt').waitFor()
        await page.goBack()
        await page.goto(`${w.origin}/ouder`)
        await page.getByText('Deze pagina is dicht').waitFor()
        expect(await page.getByText('Kunnen we morgen bellen?').count()).toBe(0)
      },
      plain,
    )
    expect(await said()).toEqual(['Kunnen we morgen bellen?\nDe IB’er', 'Ja, om tien uur.', 'report'])
  })

  it('who reads English reads English', async () => {
    const { link } = await mailed('en', 'Can we call you tomorrow?')
    await withPage(
      browser,
      async page => {
        await page.goto(link)
        await page.getByRole('button', { name: 'Open the message' }).click()
        await page.getByText('Can we call you tomorrow?').waitFor()
        await page.getByRole('link', { name: 'Make a report' }).click()
        await page.getByText('A report about your own child').waitFor()
      },
      plain,
    )
  })
})
