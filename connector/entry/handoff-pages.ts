/** The window's own questions: may this go to the screen it came from? One thing on each page, in words for somebody of 6 and of 60. */
import { type Html, html, page } from './page.ts'

/** While the window finds out whether the frame that opened it is in this browser. Goes on by itself; without script by the link. */
export function openPage(handoffId: string, next: string): string {
  return page(
    'Even wachten',
    html`<h1>Even wachten…</h1>
<p>Je gaat zo verder.</p>
<p><a class="button" id="next" data-handoff="${handoffId}" href="${next}">Verder</a></p>`,
    ['/entry/open.js'],
  )
}

export interface Asked {
  /** `enter`: to come in. `fresh`: to show once more who sits here. */
  purpose: 'enter' | 'fresh'
  school: string
  name: string
  /** The listed origin the frame says it shows on. */
  from: string | undefined
}

/** Proven to be the same browser: a press is enough. */
export function pressPage(asked: Asked, token: string): string {
  return page(
    'Klopt dit?',
    html`<h1>Hoi ${asked.name}!</h1>
<p>Je logt in voor de Stopknop en M5 van ${asked.school}.</p>
${startedAt(asked)}
<form method="post" action="/entry/confirm">
<input type="hidden" name="t" value="${token}">
<button name="code" value="yes">Ja, dat ben ik</button>
${no}
</form>
<p class="quiet">Ben jij niet ${asked.name}? Kies dan ‘Nee’.</p>`,
  )
}

/** @param elsewhere the panel is in another network: the page says so, and asks one thing more afterwards */
export function typePage(asked: Asked, token: string, elsewhere: boolean): string {
  return page(
    'Typ het getal',
    html`<h1>Hoi ${asked.name}!</h1>
<p>${asked.purpose === 'enter' ? `Je logt in voor de Stopknop en M5 van ${asked.school}.` : `Je laat aan M5 van ${asked.school} zien dat jij het bent.`}</p>
${elsewhere ? elsewhereWarning : ''}
${twoScreens}
<form method="post" action="/entry/confirm">
<input type="hidden" name="t" value="${token}">
<label for="code">Typ het getal dat in het andere scherm staat.</label>
<input class="digits" id="code" name="code" inputmode="numeric" pattern="[0-9]{2}" minlength="2" maxlength="2" autocomplete="off" required autofocus>
<button>Klaar</button>
</form>
<form method="post" action="/entry/confirm">
<input type="hidden" name="t" value="${token}">
${no}
</form>
${startedAt(asked)}
<p class="quiet">Ben jij niet ${asked.name}? Kreeg je deze link van iemand, of zei iemand welk getal je moet typen?
Kies dan ‘Nee’ en vertel het op school. Niemand hoort je deze link te sturen.</p>`,
  )
}

/** The panel is elsewhere: it has to say something back. */
export function answerPage(digits: string): string {
  return page(
    'Nog één stap',
    html`<h1>Nog één stap</h1>
<p>Typ dit getal in het andere scherm, waar je bent begonnen:</p>
<strong class="code">${digits}</strong>
<p><strong>Dit getal is geheim.</strong> Stuur het aan niemand en zeg het tegen niemand. School vraagt er nooit om.</p>
<p class="quiet">Heb je zelf geen ander scherm? Sluit dan dit venster. Er gebeurt verder niets. Vertel het op school.</p>`,
  )
}

const no = html`<button class="second" name="code" value="no">Nee, dit klopt niet</button>`

const elsewhereWarning = html`<p class="warn">Let op: het andere scherm zit op een ander internet dan dit venster. Daarom vragen we iets meer.
Zie je zelf geen ander scherm voor je? Kies dan ‘Nee’.</p>`

function startedAt({ from }: Asked): Html {
  const host = from && URL.parse(from)?.host
  return host ? html`<p class="quiet">Je begon op <strong>${host}</strong>.</p>` : html``
}

/** Two screens and an arrow: read the one, type in the other. */
const twoScreens = html`<svg class="screens" viewBox="0 0 240 96" role="img" aria-label="Kijk in het andere scherm, en typ hier">
<g fill="none" stroke="#0b5c8a" stroke-width="4" stroke-linejoin="round" stroke-linecap="round">
<rect x="4" y="8" width="88" height="60" rx="8"/><path d="M32 84h32M48 68v16"/>
<path d="M104 40h28M122 30l12 10-12 10"/>
<rect x="148" y="8" width="88" height="60" rx="8" stroke="#f4a300"/><path d="M176 84h32M192 68v16" stroke="#f4a300"/>
<g stroke="#0b5c8a" stroke-width="3" stroke-dasharray="4 5"><rect x="168" y="22" width="20" height="32" rx="4"/><rect x="196" y="22" width="20" height="32" rx="4"/></g>
</g>
<g fill="#0b5c8a"><rect x="24" y="22" width="20" height="32" rx="4"/><rect x="52" y="22" width="20" height="32" rx="4"/></g>
</svg>`
