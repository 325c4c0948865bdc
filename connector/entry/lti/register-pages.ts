/** The wizard that an administrator of the LMS sees: what is asked, before it is asked; what went wrong, and what to do now. */
import { type Html, html, page } from '../page.ts'
import { items } from './addresses.ts'

export interface Shown {
  school: string
  host: string
  product: string | null
  members: boolean
  deepLinking: boolean
  /** It was done before with this invitation: then it is done over. */
  again: boolean
  /** Where our frames may show from then on, besides where the platform signs in. */
  origins: string[]
}

const list = (lines: string[]) => html`<ul>${lines.map(line => html`<li>${line}</li>`)}</ul>`

/** `moodle` reads better as Moodle; a platform may call itself anything. */
const named = (product: string) => product.charAt(0).toUpperCase() + product.slice(1)

export function wizardPage(shown: Shown, key: string, fields: Record<string, string>): string {
  const { school, host, product, members, deepLinking, again, origins } = shown
  const inputs = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  return page(
    'De Stopknop koppelen',
    html`<h1>De Stopknop koppelen</h1>
<p>Je koppelt <b>${school}</b> aan <b>${host}</b>${product ? html` (${named(product)})` : html``}.
${again ? 'Dat is al eerder gedaan: we doen het over.' : ''}</p>
<h2>Dit vragen we</h2>
${list([
  'Een nummer dat zegt wie er klikt. Geen naam en geen e-mailadres.',
  ...(members
    ? ['De lijst van die nummers, met de sleutel uit het leerlingsysteem. Zo herkennen we wie bij de school hoort.']
    : []),
])}
<p>Geen namen, geen e-mailadressen, geen cijfers. Stuurt de leeromgeving ze toch, dan gooien we ze weg.</p>
<h2>Dit komt erbij</h2>
${list([items.stopknop.title, items.groep.title, ...(deepLinking ? ['Een keuzescherm om ze op een pagina te zetten'] : []), ...origins.map(origin => `De pagina’s van M5 mogen te zien zijn op ${origin}`)])}
<form method="post" action="/lti/register/${key}">${inputs}
<button name="do" value="register">${again ? 'Opnieuw koppelen' : 'Koppelen'}</button>
<button class="second" name="do" value="stop">Niet doen</button>
</form>`,
  )
}

export interface Done {
  school: string
  host: string
  product: string | null
  /** Whether the platform said which deployment it is, and it is approved. */
  approved: boolean
}

const afterwards = (product: string | null): string => {
  if (product === 'moodle')
    return 'Zet de koppeling nu aan in Moodle: Sitebeheer → Plug-ins → Externe tool → Tools beheren → Activeren.'
  if (product === 'canvas') return 'Zet de koppeling nu aan in Canvas, en kies waar hij te zien is.'
  return 'Kijk nu in de leeromgeving of de koppeling aan staat.'
}

export function donePage({ school, host, product, approved }: Done): string {
  const deployment = approved
    ? html`<p>De plek in de leeromgeving is goedgekeurd voor ${school}.</p>`
    : html`<p>Open daarna de Stopknop één keer in de leeromgeving. Er staat dan ‘Bijna klaar’. Keur de plek goed met
<code>m5 lti deployment list</code> en <code>m5 lti deployment approve</code>.</p>`
  return page(
    'Gekoppeld',
    html`<h1>Gekoppeld</h1>
<p>${school} en ${host} kennen elkaar.</p>
<p>${afterwards(product)}</p>
${deployment}
<p>Zet de Stopknop op de startpagina of in het menu, en niet bij één vak. Dan kan niemand zien waarom iemand hem opent.</p>
${closeButton}`,
    ['/lti/close.js'],
  )
}

export const stoppedPage = () =>
  page(
    'Niet gekoppeld',
    html`<h1>Niet gekoppeld</h1><p>Er is niets gevraagd en niets opgeslagen. Je kunt het later opnieuw doen met dezelfde uitnodiging.</p>
${closeButton}`,
    ['/lti/close.js'],
  )

/** Only a script can tell the LMS: without one, the button is not there. */
const closeButton = html`<p class="quiet">Je kunt dit venster nu sluiten.</p>
<form><button type="button" id="close" hidden>Sluiten</button></form>`

/**
 * The platform closes the frame when it is told so (LTI-DR 1.0 §3.7). On a click: what the page says must be read first. To whoever frames us, which
 * the page's policy has decided: the message says nothing, and Canvas frames us on another origin than it is asked at.
 */
export const closeScript = `const button = document.querySelector('#close')
const host = window.opener ?? (window.parent === window ? null : window.parent)
if (button && host) {
  button.hidden = false
  button.addEventListener('click', () => host.postMessage({ subject: 'org.imsglobal.lti.close' }, '*'))
}
`

/** For who opened the address in a browser of their own. */
export const guidePage = (school: string) =>
  page(
    'Plak dit adres in de leeromgeving',
    html`<h1>Plak dit adres in de leeromgeving</h1>
<p>Dit is de uitnodiging om ${school} te koppelen. Ze werkt niet hier, maar in de leeromgeving zelf. Kopieer het adres van deze pagina.</p>
${list([
  'Moodle: Sitebeheer → Plug-ins → Externe tool → Tools beheren. Plak het adres bij ‘Tool-URL’ en kies ‘LTI Advantage toevoegen’.',
  'Canvas: Beheer → Ontwikkelaarssleutels of Apps → LTI-registratie → Dynamische registratie.',
  'Brightspace: Beheer → Uitbreidbaarheid → LTI Advantage → Tool registreren → Dynamisch.',
  'Staat jouw leeromgeving hier niet bij? Gebruik dan het werkblad dat m5 manifest build maakt.',
])}
<p class="quiet">Deel het adres met niemand anders: wie het heeft, kan een leeromgeving aan de school koppelen.</p>`,
  )

export type RegisterProblem =
  | 'invitation'
  | 'invitation-used'
  | 'busy'
  | 'address'
  | 'away'
  | 'slow'
  | 'large'
  | 'moved'
  | 'refused'
  | 'garbled'
  | 'form'
  | 'hosts'
  | 'changed'
  | 'register-refused'
  | 'register-unclear'

const retry = 'Begin opnieuw in de leeromgeving, met dezelfde uitnodiging.'
const sheet =
  'Lukt het niet? Koppel dan met de hand: m5 manifest build maakt een werkblad, en m5 lti platform add doet de rest.'

const sentences: Record<RegisterProblem, string[]> = {
  invitation: ['Deze uitnodiging is niet (meer) geldig. Ze werkt zeven dagen.', 'Vraag een nieuwe: m5 lti invite.'],
  'invitation-used': [
    'Met deze uitnodiging is al een andere leeromgeving gekoppeld.',
    'Vraag voor deze leeromgeving een nieuwe uitnodiging: m5 lti invite.',
  ],
  busy: ['Het koppelen is al bezig in een ander venster.', 'Wacht een halve minuut en kijk dan opnieuw.'],
  address: ['De leeromgeving geeft een adres dat we niet gebruiken. Het moet beginnen met https://.', sheet],
  away: [
    'De leeromgeving geeft geen antwoord. Dat kan ook zo zijn als zij alleen binnen het netwerk van de school te bereiken is.',
    'De beheerder van M5 kan haar naam dan in M5_PRIVATE_HOSTS zetten.',
    retry,
  ],
  slow: ['De leeromgeving antwoordt te langzaam.', retry],
  large: ['De leeromgeving stuurt veel te veel. Dat klopt niet.', sheet],
  moved: [
    'De leeromgeving stuurt ons door naar een ander adres. Dat volgen we niet.',
    'Open de leeromgeving op haar eigen, vaste adres en begin opnieuw.',
  ],
  refused: ['De leeromgeving laat ons haar gegevens niet lezen.', retry],
  garbled: ['De leeromgeving stuurt geen leesbare gegevens.', sheet],
  form: ['In de gegevens van de leeromgeving ontbreekt iets wat voor LTI 1.3 nodig is.', sheet],
  hosts: [
    'De leeromgeving noemt adressen van een andere server dan zijzelf. Voor de zekerheid koppelen we dat niet vanzelf.',
    'Open de leeromgeving op haar eigen, vaste adres en begin opnieuw.',
    sheet,
  ],
  changed: ['De gegevens van de leeromgeving zijn veranderd terwijl je las.', retry],
  'register-refused': [
    'De leeromgeving wil de koppeling niet opslaan. Misschien is de registratie daar al gebruikt of verlopen.',
    retry,
    sheet,
  ],
  'register-unclear': [
    'De leeromgeving gaf geen duidelijk antwoord. Misschien staat de koppeling er daar wel, maar kennen wij haar niet.',
    'Verwijder haar daar, en begin opnieuw met dezelfde uitnodiging.',
  ],
}

/** @param facts words of the protocol: which field, which status */
export function registerProblemPage(problem: RegisterProblem, facts: string[] = [], again?: Html): string {
  const title = problem === 'busy' ? 'Even geduld' : 'Koppelen lukt niet'
  const details =
    facts.length > 0 ? html`<p class="quiet">Voor wie het technisch bekijkt: ${facts.join(', ')}</p>` : html``
  return page(
    title,
    html`<h1>${title}</h1>${sentences[problem].map(text => html`<p>${text}</p>`)}${details}${again ?? html``}`,
  )
}
