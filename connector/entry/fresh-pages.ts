/** What the window says when somebody shows once more who they are, or makes a passkey. For staff, on a telephone or a desktop. */
import type { AuthTimeTrouble } from './fresh.ts'
import { type Html, html, page } from './page.ts'
import type { PasskeyRefusal } from './passkey.ts'

export interface FreshAsked {
  school: string
  handoffId: string
  signIns: { id: string; label: string }[]
}

/** @param options of `navigator.credentials.get`, where this person has a confirmed passkey */
export function freshPage({ school, handoffId, signIns }: FreshAsked, options: object | null): string {
  const none = signIns.length === 0 && options === null
  return page(
    'Laat zien dat jij het bent',
    html`<h1>Laat zien dat jij het bent</h1>
<p>Je gaat iets openen waar we bij ${school} extra voorzichtig mee zijn. Daarom vragen we nog één keer wie je bent.
Het telt vijf minuten.</p>
${options ? passkeyForm('/entry/passkey/prove', 'get', options, 'Met mijn passkey') : ''}
${signIns.length > 0 ? signInLinks(handoffId, signIns, options !== null) : ''}
${
  none
    ? html`<p>Dat kan hier alleen met een passkey, en jij hebt er nog geen die bevestigd is. Maak er een in M5, en vraag je
schoolleider om hem te bevestigen.</p>`
    : ''
}
<p class="quiet">Stuurde iemand je deze link? Sluit dit venster dan, en vertel het op school.</p>`,
    options ? ['/entry/passkey.js'] : [],
  )
}

/** Before a passkey is made: by the school's sign-in, as always. */
export function enrolStartPage({ school, handoffId, signIns }: FreshAsked): string {
  return page(
    'Een passkey maken',
    html`<h1>Een passkey maken</h1>
<p>Met een passkey laat je met je vinger, je gezicht of je pincode zien dat jij het bent. Hij blijft op jouw apparaat.</p>
<p>Log eerst in bij ${school}, zoals altijd.</p>
${signInLinks(handoffId, signIns, false)}
<p class="quiet">Doe dit op je eigen apparaat, niet op een apparaat dat je deelt.</p>`,
  )
}

/** @param options of `navigator.credentials.create` */
export function enrolPage(school: string, options: object): string {
  return page(
    'Een passkey maken',
    html`<h1>Bijna klaar</h1>
<p>Druk op de knop. Je apparaat vraagt om je vinger, je gezicht of je pincode.</p>
${passkeyForm('/entry/passkey/enrol', 'create', options, 'Passkey maken')}
<p class="quiet">Daarna moet een schoolleider van ${school} hem bevestigen. Pas dan kun je hem gebruiken.</p>`,
    ['/entry/passkey.js'],
  )
}

export const enrolledPage = () =>
  page(
    'Gelukt',
    html`<h1>Je passkey is gemaakt</h1>
<p>Vraag nu je schoolleider om hem te bevestigen. Ga even langs: die moet zeker weten dat jij het bent.</p>
<p>Je mag dit venster sluiten.</p>`,
  )

function signInLinks(handoffId: string, signIns: { id: string; label: string }[], second: boolean): Html {
  const links = signIns.map(({ id, label }) => {
    const to = `/entry/fresh/start?${new URLSearchParams({ h: handoffId, w: id })}`
    return html`<li><a class="button${second ? ' second' : ''}" href="${to}">Inloggen met ${label}</a></li>`
  })
  return html`<ul class="choices">${links}</ul>`
}

/** The script puts the browser's answer into the form and sends it, so that what comes next is a page like every other. */
function passkeyForm(action: string, ceremony: 'get' | 'create', options: object, label: string): Html {
  return html`<form method="post" action="${action}" data-passkey="${ceremony}" data-options="${JSON.stringify(options)}">
<input type="hidden" name="answer">
<button type="button" disabled>${label}</button>
<p class="warn" role="alert" hidden>Dat lukte niet. Je kunt het nog eens proberen.</p>
<noscript><p class="warn">Zet JavaScript aan om een passkey te gebruiken.</p></noscript>
</form>`
}

const passkeyTrouble: Record<PasskeyRefusal, string> = {
  'challenge-gone': 'Dit duurde te lang, of het was al gebruikt.',
  'challenge-elsewhere': 'Dit begon in een andere browser.',
  'passkey-unknown': 'Deze passkey is niet van jou, of niet van deze school.',
  'passkey-unconfirmed': 'Je schoolleider heeft deze passkey nog niet bevestigd.',
  'passkey-revoked': 'Deze passkey is ingetrokken.',
  'passkey-counter':
    'Deze passkey bestaat misschien twee keer. Vraag je schoolleider om hem in te trekken, en maak een nieuwe.',
  'passkey-answer': 'Je apparaat gaf geen goed antwoord.',
  'too-many-passkeys': 'Je hebt er al vijf. Trek er eerst een in.',
}

/** @param again where to begin once more, while the hand-off is open */
export function passkeyRefusedPage(reason: PasskeyRefusal, again: string | null): string {
  return page(
    'Dat lukte niet',
    html`<h1>Dat lukte niet</h1><p>${passkeyTrouble[reason]}</p>
${again ? html`<p><a class="button" href="${again}">Probeer opnieuw</a></p>` : html`<p>Sluit dit venster en begin opnieuw.</p>`}`,
  )
}

export type ProofRefusal = AuthTimeTrouble | 'other-person'

const proofTrouble: Record<ProofRefusal, string> = {
  'other-person': 'Je bent nu ingelogd als iemand anders dan in M5. Log in met je eigen account.',
  'auth-time-missing': 'Het inloggen van school zegt niet wanneer je je wachtwoord hebt ingevuld. Gebruik een passkey.',
  'auth-time-old':
    'Het inloggen van school heeft je niet opnieuw om je wachtwoord gevraagd. Probeer het nog eens, of gebruik een passkey.',
  'auth-time-future': 'De klok van het inloggen van school loopt niet goed. Vertel het aan de ICT-beheerder.',
}

export function proofRefusedPage(reason: ProofRefusal): string {
  return page(
    'Dat lukte niet',
    html`<h1>Dat lukte niet</h1><p>${proofTrouble[reason]}</p><p>Er is niets geopend. Je kunt dit venster sluiten.</p>`,
  )
}

/** The whole of passkey.js. JSON both ways as WebAuthn level 3 has it, by hand where a browser is older. */
export const passkeyScript = `const bytes = text => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0))
const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
const listed = list => list?.map(each => ({ ...each, id: bytes(each.id) }))
const read = {
  create: o => PublicKeyCredential.parseCreationOptionsFromJSON?.(o) ?? { ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: listed(o.excludeCredentials) },
  get: o => PublicKeyCredential.parseRequestOptionsFromJSON?.(o) ?? { ...o, challenge: bytes(o.challenge), allowCredentials: listed(o.allowCredentials) },
}
const written = credential => {
  if (credential.toJSON) return credential.toJSON()
  const { id, rawId, type, response } = credential
  const parts = ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'].filter(name => response[name])
  const fields = Object.fromEntries(parts.map(name => [name, text(response[name])]))
  return { id, rawId: text(rawId), type, clientExtensionResults: {}, response: { ...fields, transports: response.getTransports?.() } }
}
const form = document.querySelector('[data-passkey]')
const button = form.querySelector('button')
const problem = form.querySelector('[role=alert]')
if (window.PublicKeyCredential) button.disabled = false
else problem.hidden = false
button.addEventListener('click', async () => {
  button.disabled = true
  problem.hidden = true
  try {
    const publicKey = read[form.dataset.passkey](JSON.parse(form.dataset.options))
    form.elements.answer.value = JSON.stringify(written(await navigator.credentials[form.dataset.passkey]({ publicKey })))
    form.submit()
  } catch {
    problem.hidden = false
    button.disabled = false
  }
})
`
