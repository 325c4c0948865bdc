/** What somebody sees who puts the tool on a page of the LMS. */
import { html, page } from '../page.ts'
import { type Item, items } from './addresses.ts'
import type { DeepLinkProblem } from './deep-link.ts'

const about: Record<Item, string> = {
  stopknop:
    'Voor iedereen. Hier lees je wat helpt, en hier kun je iets vertellen. Het is één pagina: wie haar opent, valt niet op.',
  groep: 'Voor leerkrachten en mentoren. Iedereen ziet alleen de eigen groep.',
}

export function choosePage(where: { school: string; several: boolean }, key: string): string {
  const button = (
    item: Item,
  ) => html`<button name="item" value="${item}" aria-describedby="${item}">${items[item].title}</button>
<p class="quiet" id="${item}">${about[item]}</p>`
  const both = where.several ? html`<button name="item" value="beide">Allebei</button>` : html``
  return page(
    'Wat wil je plaatsen?',
    html`<h1>Wat wil je plaatsen?</h1>
<p>Kies wat er voor ${where.school} op deze plek komt.</p>
<form method="post" action="/lti/choose">
<input type="hidden" name="key" value="${key}">
${button('stopknop')}
${button('groep')}
${both}
<button class="second" name="item" value="niets">Toch niet</button>
</form>
<p class="quiet">Zet de Stopknop op de startpagina of in het menu, en niet bij één les. Dan kan niemand zien waarom iemand hem opent.</p>`,
  )
}

/** Sends itself; a button where there is no script. */
export const sendPage = (to: string, jwt: string) =>
  page(
    'Even geduld',
    html`<h1>Bijna klaar</h1>
<p role="status">Je gaat terug naar de leeromgeving. Gebeurt er niets? Druk op ‘Verder’.</p>
<form method="post" action="${to}" data-send><input type="hidden" name="JWT" value="${jwt}"><button>Verder</button></form>`,
    ['/lti/send.js'],
  )

export const sendScript = "document.querySelector('form[data-send]')?.submit()\n"

const sentences: Record<DeepLinkProblem | 'gone', { title: string; text: string }> = {
  settings: {
    title: 'Dit lukt niet',
    text: 'De leeromgeving vraagt iets wat we niet begrijpen. Vraag de ICT-beheerder om hulp.',
  },
  'return-address': {
    title: 'Dit lukt niet',
    text: 'De leeromgeving zegt niet goed waar het antwoord heen moet. Vraag de ICT-beheerder om hulp.',
  },
  'no-kind': {
    title: 'Dat kan op deze plek niet',
    text: 'Op deze plek kan de leeromgeving geen link of hulpmiddel plaatsen. Kies een andere plek, zoals de startpagina.',
  },
  'not-allowed': {
    title: 'Dit is voor medewerkers',
    text: 'Een leerkracht of beheerder kiest wat hier komt. Wil je iets vertellen? Open dan de Stopknop.',
  },
  gone: {
    title: 'Dit is al gedaan, of het duurde te lang',
    text: 'Kijk in de leeromgeving of het er staat. Zo niet: begin daar opnieuw.',
  },
}

export function deepLinkProblemPage(problem: DeepLinkProblem | 'gone'): string {
  const { title, text } = sentences[problem]
  return page(title, html`<h1>${title}</h1><p>${text}</p>`)
}
