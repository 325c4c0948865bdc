/** What the sign-in window says. One thing on each page, and always who can help. */

import type { RefusalReason } from './handoff.ts'
import { type Html, html, page } from './page.ts'

export interface Where {
  school: string
}

export function choosePage(where: Where, handoffId: string, signIns: { id: string; label: string }[]): string {
  const buttons = signIns.map(s => html`<button name="signIn" value="${s.id}">${s.label}</button>`)
  return page(
    'Inloggen',
    html`<h1>Inloggen bij ${where.school}</h1>
<p>Kies waarmee je op school inlogt.</p>
<form method="post" action="/entry/start"><input type="hidden" name="h" value="${handoffId}">${buttons}</form>`,
  )
}

/** A pupil says yes or no to the code; staff pick it from three, so that a click in haste opens nothing. */
export function confirmPage(where: Where & { name: string; pick: boolean; codes: string[] }, token: string): string {
  const [code = ''] = where.codes
  const question = where.pick
    ? html`<p>Welk getal staat er in het scherm van school?</p>`
    : html`<p>Staat dit getal ook in het andere scherm?</p><strong class="code">${code}</strong>`
  const choices = where.pick
    ? html`<div class="codes">${where.codes.map(c => html`<button name="code" value="${c}">${c}</button>`)}</div>`
    : html`<button name="code" value="${code}">Ja, dat klopt</button>`
  return page(
    'Klopt dit?',
    html`<h1>Hoi ${where.name}!</h1>
<p>Je logt in voor de Stopknop en M5 van ${where.school}.</p>
${question}
<form method="post" action="/entry/confirm">
<input type="hidden" name="t" value="${token}">
${choices}
<button class="second" name="code" value="no">Nee, dit klopt niet</button>
</form>
<p class="quiet">Ben jij niet ${where.name}? Of stuurde iemand je hierheen, of zei iemand welk getal je moet kiezen?
Kies dan ‘Nee’.</p>`,
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
  'sign-in-failed': {
    title: 'Inloggen lukte niet',
    text: html`<p>Het inloggen van school gaf een fout. Sluit dit venster en probeer het nog eens.</p>
<p>Lukt het weer niet? Vraag hulp op school. Iets melden kan ook zonder inloggen.</p>`,
  },
  gone: {
    title: 'Dit duurde te lang',
    text: html`<p>Deze link werkt niet meer. Sluit dit venster en druk opnieuw op ‘Inloggen’.</p>`,
  },
}

export function refusedPage(reason: RefusalReason | 'gone'): string {
  const { title, text } = refusals[reason]
  return page(title, html`<h1>${title}</h1>${text}`)
}

/** The whole of close.js: a window that a script opened may close itself. */
export const closeScript = 'setTimeout(() => window.close(), 1200)\n'
