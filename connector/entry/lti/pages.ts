/** What the frame in the LMS says when it does not show the view: one thing on each page, for a child as for a teacher, and always who can help. */
import { html, page } from '../page.ts'
import type { LtiTrouble } from './refusals.ts'

const help = html`<p class="quiet">Is er gevaar? Bel 112. Wil je praten? Bel de Kindertelefoon: 0800-0432, gratis en elke dag.</p>`

const numbered = (number: string) =>
  html`<p class="quiet">Ben je medewerker? Geef dit nummer aan de ICT-beheerder: <b>${number}</b></p>`

/** New here: somebody of the board has to say whose it is. */
export const quarantinePage = (number: string) =>
  page(
    'Bijna klaar',
    html`<h1>Bijna klaar</h1>
<p>De Stopknop is hier nieuw. De school moet nog zeggen dat dit klopt. Daarna werkt het vanzelf.</p>
<p>Wil je nu iets vertellen? Ga naar je juf, meester of mentor.</p>
${numbered(number)}
${help}`,
  )

const sentences: Partial<Record<LtiTrouble, string>> = {
  'state-gone': 'Dit duurde te lang, of deze pagina is al een keer gebruikt. Ga terug en open het opnieuw.',
  'state-nonce': 'Je had dit twee keer tegelijk open. Ga terug en open het opnieuw.',
  'state-browser': 'Dit begon in een ander venster. Ga terug en open het opnieuw.',
  'cookie-missing': 'Deze browser onthoudt niets in dit venster. Ga terug en open het in een nieuw venster.',
  'platform-says-no': 'De leeromgeving liet je niet door. Log daar opnieuw in en open het nog een keer.',
  'token-expired': 'De klok van de leeromgeving loopt niet gelijk. De ICT-beheerder kan dat oplossen.',
  'token-early': 'De klok van de leeromgeving loopt niet gelijk. De ICT-beheerder kan dat oplossen.',
  'keys-unreachable': 'De leeromgeving gaf geen antwoord. Probeer het over een minuut opnieuw.',
  'deployment-refused': 'De school heeft de Stopknop op deze plek uitgezet.',
}

export const failedPage = (code: LtiTrouble, number: string) =>
  page(
    'Dit openen lukte niet',
    html`<h1>Dit openen lukte niet</h1>
<p>${sentences[code] ?? 'Er klopt iets niet tussen de leeromgeving en de Stopknop. Dat is niet jouw fout.'}</p>
<p>Wil je nu iets vertellen? Ga naar je juf, meester of mentor, of gebruik de Stopknop op de website van school.</p>
${numbered(number)}
${help}`,
  )

export interface StorageView {
  /** `_parent`, the name of a frame, or empty: ask. */
  target: string
  origin: string
  key: string
}

/** The browser kept no cookie. The script asks the platform's page to keep our proof; else a person opens a window of our own. */
export const beginPage = (storage: StorageView & { value: string }, next: string, newWindow: string) =>
  page(
    'Even geduld',
    html`<div id="lti" data-do="put" data-target="${storage.target}" data-origin="${storage.origin}" data-key="${storage.key}" data-value="${storage.value}" data-next="${next}">
<p id="busy" role="status" hidden>Even geduld …</p>
<div id="window"><h1>Nog één klik</h1>
<p>Dit apparaat onthoudt niets in een venster binnen de leeromgeving. Daarom opent de Stopknop in een eigen venster.</p>
<p><a class="button" href="${newWindow}" target="_blank" rel="noopener">Open in een nieuw venster</a></p>
${help}</div></div>`,
    ['/lti/storage.js'],
  )

/** The launch came, the cookie did not: the proof is with the platform's page. The token waits in this form and nowhere else. */
export const fetchPage = (storage: StorageView, fields: { idToken: string; state: string }) =>
  page(
    'Even geduld',
    html`<div id="lti" data-do="get" data-target="${storage.target}" data-origin="${storage.origin}" data-key="${storage.key}">
<form method="post" action="/lti/launch">
<input type="hidden" name="id_token" value="${fields.idToken}"><input type="hidden" name="state" value="${fields.state}">
<input type="hidden" name="browser" value="">
<p id="busy" role="status">Even geduld …</p>
<noscript><p>Zet JavaScript aan, of open de Stopknop op de website van school.</p></noscript>
</form></div>`,
    ['/lti/storage.js'],
  )
