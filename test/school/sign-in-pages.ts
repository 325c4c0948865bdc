/** The pages of the school's sign-in. They work without any script. */
import type { SignInPerson } from './sign-in.ts'
import { Html, html } from './site.ts'

export interface ChoiceView {
  school: string
  /** Where the form goes. */
  action: string
  people: readonly SignInPerson[]
  search: string
  /** Who is signed in here already, when asked to choose again. */
  current?: SignInPerson | undefined
  /** True when the other site asks for a fresh proof (`prompt=login`, `max_age`). */
  again: boolean
}

export function page(school: string, title: string, body: Html): string {
  return html`<!doctype html>
<html lang="nl">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${school}</title>
<link rel="stylesheet" href="/stijl.css">
</head>
<body>
<main>
<p class="brand">${butterfly}<span>${school}</span></p>
<h1>${title}</h1>
${body}
</main>
<footer>Dit is een verzonnen school op je eigen computer. Er is geen wachtwoord: kies wie je bent.</footer>
</body>
</html>
`.text
}

const butterfly = new Html(
  '<svg viewBox="0 0 48 40" width="36" height="30" aria-hidden="true"><path d="M23 20C17 4 3 0 2 9s6 12 12 12c-6 1-9 7-6 12 4 6 13-1 15-9z"/><path d="M25 20C31 4 45 0 46 9s-6 12-12 12c6 1 9 7 6 12-4 6-13-1-15-9z"/><path class="body" d="M23 12h2v22h-2z"/></svg>',
)

export function choicePage(view: ChoiceView): string {
  const found = matching(view.people, view.search)
  const sections = bySection(found)
  const searching = view.search !== ''
  return page(
    view.school,
    `Inloggen bij ${view.school}`,
    html`
${view.again && html`<p class="lead">Voor de zekerheid vragen we je om opnieuw in te loggen.</p>`}
${
  view.current !== undefined &&
  html`<form method="post" action="${view.action}" class="current"><button name="person" value="${view.current.sub}">${face(view.current)}<span><b>Verder als ${view.current.name}</b>${view.current.note ?? view.current.section}</span></button></form>
<p class="or">of kies iemand anders</p>`
}
<form method="get" action="${view.action}" role="search">
<label for="zoek">Zoek je naam</label>
<div class="search"><input id="zoek" name="zoek" type="search" value="${view.search}" autocomplete="off"><button>Zoek</button></div>
</form>
${searching && html`<p class="count" role="status">${found.length === 0 ? 'Niemand gevonden.' : `${found.length} gevonden.`} <a href="${view.action}">Toon iedereen</a></p>`}
<form method="post" action="${view.action}">
${sections.map(([section, people]) => sectionOf(section, people, searching))}
</form>`,
  )
}

function sectionOf(section: string, people: SignInPerson[], open: boolean): Html {
  return html`<details${open && new Html(' open')}><summary>${section} <small>${people.length}</small></summary>
<ul>${people.map(person => html`<li><button name="person" value="${person.sub}">${face(person)}<span><b>${person.name}</b>${person.note ?? person.username}</span></button></li>`)}</ul></details>
`
}

/** A coloured dot with two letters: easier to find one's own than a line of text. */
function face(person: SignInPerson): Html {
  const letters = person.name
    .split(' ')
    .filter(part => /^\p{Lu}/u.test(part))
    .map(part => part.charAt(0))
  const hue = [...person.sub].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 6
  return html`<span class="face face-${hue}" aria-hidden="true">${letters[0] ?? '?'}${letters.length > 1 && letters.at(-1)}</span>`
}

function matching(people: readonly SignInPerson[], search: string): SignInPerson[] {
  const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase('nl')
  const wanted = plain(search.trim())
  return people.filter(person => wanted === '' || plain(`${person.name} ${person.username}`).includes(wanted))
}

function bySection(people: readonly SignInPerson[]): [string, SignInPerson[]][] {
  const sections = new Map<string, SignInPerson[]>()
  for (const person of people) {
    const section = person.section ?? 'Anderen'
    sections.set(section, [...(sections.get(section) ?? []), person])
  }
  return [...sections]
}

export function errorPage(school: string, code: string): string {
  return page(
    school,
    'Inloggen lukt niet',
    html`<p class="lead">Er ging iets mis bij het inloggen. Sluit dit venster en probeer het opnieuw.</p><p class="code">Code: ${code}</p>`,
  )
}

/** @param form what oidc-provider hands over: a form `op.logoutForm` with its own protection */
export function signOutPage(school: string, form: string): string {
  return page(
    school,
    'Uitloggen',
    html`<p class="lead">Wil je ook uitloggen bij ${school}?</p>${new Html(form)}
<p class="pair"><button form="op.logoutForm" name="logout" value="yes" class="main">Ja, log mij uit</button><button form="op.logoutForm" class="plain">Nee, blijf ingelogd</button></p>`,
  )
}

export function signedOutPage(school: string): string {
  return page(school, 'Je bent uitgelogd', html`<p class="lead">Tot de volgende keer. Je kunt dit venster sluiten.</p>`)
}

export function frontPage(school: string): string {
  return page(
    school,
    'Inloggen',
    html`<p class="lead">Hier log je in voor de systemen van ${school}. Begin op de website van school.</p>`,
  )
}

export const signInStyle = `
:root { color-scheme: light; --ink: #2b2238; --soft: #6a6178; --line: #e4deec; --violet: #5b2a86; --ground: #f6f2fb; --ember: #d9480f }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; align-items: center; background: var(--ground); color: var(--ink); font: 1.0625rem/1.5 "Trebuchet MS", "Segoe UI", Verdana, sans-serif }
main { width: min(44rem, 100%); background: #fff; padding: 1.5rem clamp(1rem, 4vw, 2.5rem) 2.5rem; box-shadow: 0 1px 0 var(--line) }
@media (min-width: 48rem) { main { margin-top: 2.5rem; border-radius: 1rem; border: 1px solid var(--line); box-shadow: 0 12px 40px #5b2a8614 } }
.brand { display: flex; align-items: center; gap: .625rem; margin: 0 0 1.25rem; font-weight: 700; color: var(--violet) }
.brand path { fill: var(--ember) } .brand .body { fill: var(--violet) }
h1 { margin: 0 0 1.25rem; font-size: clamp(1.5rem, 5vw, 2rem); line-height: 1.2 }
label { display: block; font-weight: 700; margin-bottom: .375rem }
.search { display: flex; gap: .5rem; margin-bottom: 1.25rem }
input { flex: 1; min-width: 0; font: inherit; padding: .625rem .875rem; border: 2px solid #a79bb5; border-radius: .625rem; color: inherit; background: #fff }
button { font: inherit; color: inherit; cursor: pointer; min-height: 2.75rem }
.search button, .main { background: var(--violet); color: #fff; border: 0; border-radius: .625rem; padding: .625rem 1.25rem; font-weight: 700 }
.plain { background: #fff; border: 2px solid var(--violet); color: var(--violet); border-radius: .625rem; padding: .5rem 1.25rem; font-weight: 700 }
.pair { display: flex; flex-wrap: wrap; gap: .75rem }
details { border-top: 1px solid var(--line) }
details:last-of-type { border-bottom: 1px solid var(--line) }
summary { cursor: pointer; padding: .75rem .25rem; font-weight: 700; min-height: 2.75rem }
summary small { font-weight: 400; color: var(--soft); margin-left: .25rem }
ul { list-style: none; margin: 0; padding: 0 0 1rem; display: grid; grid-template-columns: repeat(auto-fill, minmax(15.5rem, 1fr)); gap: .5rem }
li button, .current button { width: 100%; height: 100%; display: flex; align-items: center; gap: .75rem; text-align: left; background: #fff; border: 1px solid var(--line); border-radius: .75rem; padding: .5rem .75rem }
li button:hover, .current button:hover { border-color: var(--violet); background: var(--ground) }
li button > span:last-child, .current button > span:last-child { min-width: 0; color: var(--soft); font-size: .875rem; line-height: 1.35; overflow-wrap: anywhere }
b { display: block; color: var(--ink); font-size: 1.0625rem }
.current button { border: 2px solid var(--violet) }
.or, .count { color: var(--soft); margin: .75rem 0 1.25rem }
.face { flex: none; width: 2.5rem; height: 2.5rem; border-radius: 50%; display: grid; place-items: center; font-weight: 700; font-size: .9375rem; color: #fff }
.face-0 { background: #5b2a86 } .face-1 { background: #b3430c } .face-2 { background: #11695c } .face-3 { background: #1d5a9e } .face-4 { background: #a02157 } .face-5 { background: #54611a }
a { color: var(--violet) }
:focus-visible { outline: 3px solid var(--ember); outline-offset: 2px }
.code { color: var(--soft); font-size: .875rem }
footer { width: min(44rem, 100%); padding: 1rem clamp(1rem, 4vw, 2.5rem) 2rem; color: var(--soft); font-size: .875rem }
`
