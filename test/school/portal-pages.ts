/** The school's website and staff portal, in which the elements stand. */
import { Html, html } from './site.ts'

export interface PortalView {
  school: string
  /** Origin of the connector. */
  connector: string
  schoolKey: string
  today: Date
  /** Its pages tell the elements how to ask who sits there. */
  signs: boolean
}

const menu = [
  ['/', 'Start'],
  ['/onze-school', 'Onze school'],
  ['/nieuws', 'Nieuws'],
  ['/ouders', 'Ouders'],
  ['/leerkracht', 'Team'],
] as const

function layout(view: PortalView, path: string, title: string, body: Html): string {
  return html`<!doctype html>
<html lang="nl">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${view.school}</title>
<link rel="icon" href="/vlinder.svg" type="image/svg+xml">
<link rel="stylesheet" href="/stijl.css">
<script type="module" src="${view.connector}/v/1/m5.js"></script>
${view.signs && new Html('<script type="module" src="/m5-page.js"></script>')}
</head>
<body>
<a class="skip" href="#inhoud">Naar de inhoud</a>
<header>
<a class="brand" href="/"><img src="/vlinder.svg" alt="" width="52" height="44"><span>${view.school}<small>Openbare basisschool · Wilgendijk</small></span></a>
<nav aria-label="Hoofdmenu"><ul>${menu.map(([href, text]) => html`<li><a href="${href}"${href === path && new Html(' aria-current="page"')}>${text}</a></li>`)}</ul></nav>
</header>
<main id="inhoud">
${body}
</main>
<footer>
<div><b>${view.school}</b><br>Vlindertuin 12, Wilgendijk<br>Deze school bestaat niet: zij is er om mee te proberen.</div>
<div><b>Schooltijden</b><br>Maandag tot en met vrijdag<br>8.30 – 14.00 uur</div>
<div><b>Absent melden</b><br>Voor 8.15 uur in de ouderapp<br>of bij de administratie</div>
</footer>
</body>
</html>
`.text
}

const stopButton = ({ connector, schoolKey }: PortalView) =>
  html`<m5-stopknop><a href="${connector}/meld?s=${schoolKey}">Stopknop</a></m5-stopknop>`

interface NewsItem {
  title: string
  daysAgo: number
  text: string
  color: string
}

const news: readonly NewsItem[] = [
  {
    title: 'Fietsen in het donker? Licht aan!',
    daysAgo: 2,
    text: 'Vrijdagochtend staan we om 8.10 uur bij de poort met gratis lampjes. Groep 8 regelt de muziek. Ouders zijn welkom tot 9.15 uur.',
    color: 'red',
  },
  {
    title: 'Nieuwe moestuinbakken',
    daysAgo: 6,
    text: 'De leerlingenraad koos voor zes bakken naast het klimrek. Wie helpt zaterdagochtend met scheppen? De koffie staat klaar.',
    color: 'green',
  },
  {
    title: 'Groep 7 wint de waterschapsprijs',
    daysAgo: 13,
    text: 'Met een dijk van klei, stro en een oude fietsband hielden 7A en 7B het langst droge voeten. De beker staat bij de ingang.',
    color: 'blue',
  },
  {
    title: 'Schoolkoor zoekt lage stemmen',
    daysAgo: 19,
    text: 'Op dinsdag om 14.10 uur oefenen we in de hal. Je hoeft niet te kunnen zingen, wel hard te willen.',
    color: 'violet',
  },
]

const agenda: readonly (readonly [number, string])[] = [
  [4, 'Studiemiddag team, kinderen om 12.00 uur vrij'],
  [8, 'Luizencontrole'],
  [11, 'Ouderavond groep 7 en 8'],
  [23, 'Voorstelling in de hal, groep 1 tot en met 4'],
]

const longDay = new Intl.DateTimeFormat('nl', { day: 'numeric', month: 'long', timeZone: 'Europe/Amsterdam' })
const shortDay = new Intl.DateTimeFormat('nl', { day: 'numeric', month: 'short', timeZone: 'Europe/Amsterdam' })
const daysFrom = (today: Date, days: number) => new Date(today.getTime() + days * 86_400_000)

const newsCards = ({ today }: PortalView) =>
  html`<div class="cards">${news.map(
    item =>
      html`<article class="card ${item.color}"><p class="when">${longDay.format(daysFrom(today, -item.daysAgo))}</p><h3>${item.title}</h3><p>${item.text}</p></article>`,
  )}</div>`

const agendaList = ({ today }: PortalView) =>
  html`<dl class="agenda">${agenda.map(([days, text]) => html`<div><dt>${shortDay.format(daysFrom(today, days))}</dt><dd>${text}</dd></div>`)}</dl>`

export function homePage(view: PortalView): string {
  return layout(
    view,
    '/',
    'Welkom',
    html`<section class="hero"><div><h1>Klein beginnen, ver vliegen</h1><p>Op De Vuurvlinder leren 240 kinderen rekenen, lezen en ruzie bijleggen. In die volgorde lukt het zelden, dus doen we alles tegelijk.</p><p><a class="button" href="/onze-school">Kom een ochtend kijken</a></p></div><img src="/vlinder.svg" alt="" width="260" height="220"></section>
<div class="columns">
<section aria-labelledby="nieuws"><h2 id="nieuws">Nieuws</h2>${newsCards(view)}</section>
<aside>
<section class="panel stop" aria-labelledby="niet-ok"><h2 id="niet-ok">Niet oké gezien?</h2><p>Gebeurt er iets dat niet oké is, met jou of met een ander? Vertel het. Altijd, ook thuis, ook als het maar één keer was.</p>${stopButton(view)}<p class="small">Voor leerlingen, ouders en team. Wij lezen elke melding.</p></section>
<section class="panel" aria-labelledby="agenda"><h2 id="agenda">Agenda</h2>${agendaList(view)}</section>
</aside>
</div>`,
  )
}

export function teacherPage(view: PortalView): string {
  return layout(
    view,
    '/leerkracht',
    'Team',
    html`<h1>Teamportaal</h1>
<div class="tiles"><a href="/nieuws"><b>Weekbrief</b>van deze week</a><a href="/onze-school"><b>Rooster</b>pleinwacht en gymzaal</a><a href="/ouders"><b>Oudergesprekken</b>inschrijven tot vrijdag</a><a href="/nieuws"><b>Verlof en ziekte</b>doorgeven voor 7.15 uur</a></div>
<section class="panel wide" aria-labelledby="groep"><h2 id="groep">Mijn groep</h2><m5-group><a href="${view.connector}/groep?s=${view.schoolKey}">Meldingen van mijn groep</a></m5-group></section>
<section class="panel wide" aria-labelledby="zelf"><h2 id="zelf">Zelf iets gezien of gehoord?</h2><p>Ook wat een kind aan je tafel vertelt, hoort in een melding.</p>${stopButton(view)}</section>`,
  )
}

export function newsPage(view: PortalView): string {
  return layout(view, '/nieuws', 'Nieuws', html`<h1>Nieuws</h1>${newsCards(view)}`)
}

export function schoolPage(view: PortalView): string {
  return layout(
    view,
    '/onze-school',
    'Onze school',
    html`<h1>Onze school</h1><div class="prose"><p>Tien groepen, drieëntwintig collega’s, één konijn. De kleuters zitten bij elkaar in 1/2A en 1/2B; daarna heeft bijna elk jaar zijn eigen groep.</p><h2>Een veilige school</h2><p>Wij leren liever van wat er misgaat dan dat we het niet weten. Daarom heeft elk kind de Stopknop, en gaan directie en veiligheidscoördinator elke paar weken de klassen langs om te vertellen hoe het gaat.</p>${stopButton(view)}</div>`,
  )
}

export function parentsPage(view: PortalView): string {
  return layout(
    view,
    '/ouders',
    'Ouders',
    html`<h1>Ouders</h1><div class="prose"><p>U bent welkom. ’s Ochtends tussen 8.20 en 8.30 uur staat de deur open en de juf of meester in het lokaal.</p><h2>Zorgen over hoe kinderen met elkaar omgaan?</h2><p>Doe een melding, het liefst samen met uw kind. Eén keer is genoeg om gelezen te worden; elke keer opnieuw helpt ons zien wat blijft terugkomen.</p>${stopButton(view)}</div>`,
  )
}

export function missingPage(view: PortalView): string {
  return layout(
    view,
    '',
    'Niet gevonden',
    html`<h1>Deze pagina is weggefladderd</h1><p><a href="/">Terug naar de start</a></p>`,
  )
}

export const butterfly = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 260 220"><g fill="#f2711c"><path d="M124 110C92 20 14 0 10 48s34 66 66 66c-34 4-50 38-34 66 22 36 72-4 82-50z"/><path d="M136 110c32-90 110-110 114-62s-34 66-66 66c34 4 50 38 34 66-22 36-72-4-82-50z"/></g><g fill="#ffc53d"><circle cx="58" cy="58" r="16"/><circle cx="202" cy="58" r="16"/><circle cx="74" cy="160" r="12"/><circle cx="186" cy="160" r="12"/></g><path d="M124 66h12v120c0 8-12 8-12 0z" fill="#4a2370"/><path d="M128 68C120 40 106 30 98 28M132 68c8-28 22-38 30-40" fill="none" stroke="#4a2370" stroke-width="5" stroke-linecap="round"/></svg>`

export const portalStyle = `
:root { --ink: #2b2238; --soft: #5f5670; --violet: #4a2370; --ember: #f2711c; --paper: #fffdf9; --line: #eadfd2; --m5-color: #b42318 }
* { box-sizing: border-box }
html { scroll-behavior: smooth }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.55 "Trebuchet MS", "Segoe UI", Verdana, sans-serif }
header, main, footer { padding-inline: max(1rem, calc((100vw - 72rem) / 2)) }
.skip { position: absolute; left: -100rem } .skip:focus { left: 1rem; top: 1rem; background: #fff; padding: .5rem 1rem; z-index: 2 }
header { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .25rem 2rem; padding-block: .875rem .375rem; background: #fff; border-bottom: 4px solid var(--ember) }
.brand { display: flex; align-items: center; gap: .75rem; color: var(--violet); text-decoration: none; font-size: 1.375rem; font-weight: 700; line-height: 1.15 }
.brand small { display: block; font-size: .8125rem; font-weight: 400; color: var(--soft) }
nav ul { display: flex; flex-wrap: wrap; gap: 0 .25rem; list-style: none; margin: 0; padding: 0 }
nav a { display: block; padding: .625rem .75rem; color: var(--ink); text-decoration: none; border-radius: .5rem }
nav a:hover { background: #fbeee2 } nav a[aria-current] { color: var(--violet); font-weight: 700; box-shadow: inset 0 -3px var(--violet); border-radius: 0 }
main { padding-block: 1.5rem 3rem }
h1, h2, h3 { color: var(--violet); line-height: 1.2 } h1 { font-size: clamp(1.75rem, 5vw, 2.75rem); margin: 0 0 1rem } h2 { font-size: 1.375rem; margin: 0 0 .75rem } h3 { font-size: 1.125rem; margin: 0 0 .375rem }
.hero { display: flex; align-items: center; justify-content: space-between; gap: 2rem; background: linear-gradient(120deg, #fde8d4, #fbd9ef 60%, #e4dafb); border-radius: 1.5rem; padding: clamp(1.25rem, 4vw, 3rem); margin-bottom: 2rem }
.hero p { max-width: 34rem; margin: 0 0 1.25rem; font-size: 1.125rem } .hero img { flex: none; width: clamp(7rem, 22vw, 16rem); height: auto }
.button { display: inline-block; background: var(--violet); color: #fff; text-decoration: none; font-weight: 700; padding: .75rem 1.5rem; border-radius: 2rem }
.columns { display: grid; gap: 2rem }
@media (max-width: 59.99rem) { .columns aside { display: contents } .columns .stop { order: -1; margin: 0 } }
@media (max-width: 40rem) { .hero { flex-direction: column-reverse; align-items: flex-start; gap: .5rem } }
 @media (min-width: 60rem) { .columns { grid-template-columns: 1fr 21rem } }
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(19rem, 100%), 1fr)) }
.card { background: #fff; border: 1px solid var(--line); box-shadow: inset 0 6px 0 var(--accent, var(--ember)); border-radius: 1rem; padding: 1.375rem 1.25rem 1rem } .card p { margin: 0 } .card .when { color: var(--soft); font-size: .875rem }
.card.green { --accent: #2f9e44 } .card.blue { --accent: #1c7ed6 } .card.violet { --accent: #7048b6 } .card.red { --accent: #d6336c }
.panel { background: #fff; border: 1px solid var(--line); border-radius: 1rem; padding: 1.25rem; margin-bottom: 1.25rem } .panel p { margin: 0 0 .875rem } .panel .small { margin: .875rem 0 0; font-size: .875rem; color: var(--soft) }
.stop { border: 2px solid #b42318 } .stop h2 { color: #8f1d13 }
.agenda { margin: 0 } .agenda div { display: flex; gap: 1rem; padding: .5rem 0; border-top: 1px solid var(--line) } .agenda dt { flex: none; width: 4.5rem; font-weight: 700; color: var(--violet) } .agenda dd { margin: 0 }
.tiles { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fill, minmax(min(14rem, 100%), 1fr)); margin-bottom: 1.5rem } .tiles a { background: #fff; border: 1px solid var(--line); border-left: 6px solid var(--violet); border-radius: .75rem; padding: .875rem 1rem; color: var(--soft); text-decoration: none } .tiles b { display: block; color: var(--ink) } .tiles a:hover { border-color: var(--violet) }
.prose { max-width: 42rem } .prose h2 { margin-top: 1.75rem }
m5-stopknop:not(:defined) a, m5-group:not(:defined) a { display: inline-block; background: #b42318; color: #fff; font-weight: 700; padding: .75rem 1.5rem; border-radius: .75rem; text-decoration: none } m5-group:not(:defined) a { background: var(--violet) }
m5-group { display: block; min-height: 3rem }
footer { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); background: var(--violet); color: #fff; padding-block: 2rem; font-size: .9375rem }
a { color: var(--violet) } :focus-visible { outline: 3px solid var(--ember); outline-offset: 2px }
`
