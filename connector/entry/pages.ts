/** What the sign-in window says. One thing on each page, and always who can help. */

import type { RefusalReason } from './handoff.ts'
import { type Html, html, page } from './page.ts'

export interface Where {
  school: string
}

/**
 * Links, not forms: where a sign-in sends its visitors on (a school's own sign-in behind Microsoft's) cannot be known, and a form's way is fixed by
 * the page's policy. What was chosen last in this browser comes first, and somebody still has to choose: devices are shared.
 */
export function choosePage(
  where: Where,
  handoffId: string,
  { signIns, last }: { signIns: { id: string; label: string }[]; last: string | undefined },
): string {
  const inOrder = [...signIns.filter(({ id }) => id === last), ...signIns.filter(({ id }) => id !== last)]
  const links = inOrder.map(({ id, label }) => {
    const to = `/entry/start?${new URLSearchParams({ h: handoffId, w: id })}`
    const note = id === last ? html`<small>Vorige keer op dit apparaat</small>` : html``
    return html`<li><a class="button${id === last ? '' : ' second'}" href="${to}">${label}${note}</a></li>`
  })
  return page(
    'Inloggen',
    html`<h1>Inloggen bij ${where.school}</h1>
<p>Kies waarmee je op school inlogt.</p>
<ul class="choices">${links}</ul>`,
  )
}

export const donePage = () =>
  page(
    'Gelukt',
    html`<h1>Gelukt!</h1><p>Je bent ingelogd. Dit venster gaat vanzelf dicht. Gebeurt dat niet? Dan mag je het sluiten.</p>`,
    ['/entry/close.js'],
  )

const refusals: Record<RefusalReason | 'gone', { title: string; text: Html }> = {
  'nobody-found': {
    title: 'We kennen je nog niet',
    text: html`<p>Je bent goed ingelogd, maar je staat niet in de lijst van deze school. Dat is niet jouw fout.</p>
<p>Vraag je juf, meester of mentor om hulp. Ben je medewerker? Vraag het aan de ICT-beheerder van de school:
die kan zien of jouw account bij jouw naam in het leerlingsysteem hoort.</p>
<p>Wil je nu iets melden? Dat kan ook zonder inloggen: ga terug en kies ‘Liever niet’.</p>`,
  },
  conflict: {
    title: 'Dit moet een mens uitzoeken',
    text: html`<p>Twee mensen hebben hetzelfde account of dezelfde code. We laten niemand binnen tot dat klopt.</p>
<p>Vraag de ICT-beheerder van de school om hulp. Iets melden kan ook zonder inloggen.</p>`,
  },
  declined: {
    title: 'Er is niet ingelogd',
    text: html`<p>Je hebt gestopt. Er is niets gebeurd. Je kunt dit venster sluiten en het opnieuw proberen.</p>`,
  },
  'wrong-code': {
    title: 'Dat getal klopt niet',
    text: html`<p>We hebben je voor de zekerheid niet ingelogd. Sluit dit venster en begin opnieuw.</p>
<p>Kreeg je een link van iemand anders? Klik er dan niet meer op en vertel het op school.</p>`,
  },
  'other-person': {
    title: 'Dit is een ander account',
    text: html`<p>Je bent nu ingelogd als iemand anders dan in M5. Sluit dit venster en probeer het met je eigen account.</p>`,
  },
  'not-fresh': {
    title: 'Dit lukte niet',
    text: html`<p>We konden niet zien dat jij het nu bent. Sluit dit venster en probeer het nog eens.</p>`,
  },
  'sign-in-failed': {
    title: 'Inloggen lukte niet',
    text: html`<p>Het inloggen van school gaf een fout. Sluit dit venster en probeer het nog eens.</p>
<p>Lukt het weer niet? Vraag hulp op school. Iets melden kan ook zonder inloggen.</p>`,
  },
  'other-school': {
    title: 'Dit is een account van een andere school',
    text: html`<p>Je bent ingelogd met een account van een andere school. Daarom lukt het hier niet.</p>
<p>Sluit dit venster, druk opnieuw op ‘Inloggen’ en kies het account van déze school. Weet je niet welk account dat is? Vraag het op school.</p>`,
  },
  'private-account': {
    title: 'Dit is geen account van school',
    text: html`<p>Je bent ingelogd met een eigen account, van thuis. Hier heb je je account van school nodig.</p>
<p>Sluit dit venster, druk opnieuw op ‘Inloggen’ en kies het account dat je van school hebt gekregen.</p>`,
  },
  gone: {
    title: 'Dit duurde te lang',
    text: html`<p>Deze link werkt niet meer. Sluit dit venster en druk opnieuw op ‘Inloggen’.</p>`,
  },
}

/** @param number under which the administrator finds what was wrong (trouble.ts) */
export function refusedPage(reason: RefusalReason | 'gone', number?: string): string {
  const { title, text } = refusals[reason]
  const told = number === undefined ? html`` : html`<p class="quiet">Nummer voor de ICT-beheerder: <b>${number}</b></p>`
  return page(title, html`<h1>${title}</h1>${text}${told}`)
}

/** The whole of close.js: a window that a script opened may close itself. */
export const closeScript = 'setTimeout(() => window.close(), 1200)\n'
