/** The Stopknop without JavaScript: one page, one press, the same transaction. Without a sign-in, so it offers no names. */
import { z } from 'zod'
import { type Html, html } from '../entry/page.ts'
import type { SchoolHere } from './context.ts'
import { formInfo } from './form-routes.ts'
import type { behaviourTypes, places } from './vocabulary.ts'

const behaviours: Record<(typeof behaviourTypes)[number], string> = {
  NAME_CALLING: 'uitschelden, gemene dingen zeggen',
  LAUGHING_AT: 'uitlachen of nadoen',
  LEAVING_OUT: 'buitensluiten, niet mee mogen doen',
  GOSSIP: 'roddelen',
  HURTING: 'slaan, schoppen, duwen',
  TAKING_BREAKING: 'afpakken of stukmaken',
  THREAT: 'bang maken, bedreigen',
  FORCING: 'dwingen',
  ONLINE: 'online: berichten, foto’s, filmpjes',
  WHO_I_AM: 'gemeen doen om wie iemand is',
  BODY_BOUNDARY: 'aanraken of kijken wat niet fijn is',
  WEAPON_DANGER: 'wapen of iets gevaarlijks',
  UNSAFE_FEELING: 'ik voel me niet veilig',
  OTHER_UNKNOWN: 'iets anders, of ik weet het niet',
}

const placeNames: Record<(typeof places)[number], string> = {
  CLASSROOM: 'in de klas',
  HALL_STAIRS: 'gang of trap',
  CLOAKROOM_LOCKERS: 'kapstok, kluisjes',
  TOILET: 'wc',
  PLAYGROUND: 'schoolplein',
  GYM: 'gymzaal',
  CHANGING_ROOM: 'kleedkamer',
  CANTEEN_LUNCH: 'aula, kantine, overblijf',
  BIKE_SHED: 'fietsenstalling',
  AFTER_SCHOOL_CARE: 'BSO',
  WAY_TO_SCHOOL: 'onderweg',
  BUS: 'bus, taxi',
  NEIGHBOURHOOD: 'in de buurt, op straat',
  ONLINE: 'online',
  TRIP: 'uitje, kamp',
  ELSEWHERE: 'ergens anders',
  UNKNOWN: 'weet ik niet',
}

export function plainForm(school: SchoolHere, idemKey: string): Html {
  const tiles = Object.entries(behaviours).map(
    ([value, text]) => html`<label><input type="checkbox" name="behaviour" value="${value}"> ${text}</label>`,
  )
  const options = Object.entries(placeNames).map(([value, text]) => html`<option value="${value}">${text}</option>`)
  const help = formInfo(school).helpLines.map(({ name, phone, url }) =>
    phone
      ? html`<li><a href="tel:${phone}">${name}: ${phone}</a></li>`
      : html`<li>${url ? html`<a href="${url}">${name}</a>` : name}</li>`,
  )
  return html`<main>
<h1>Stopknop van ${school.name}</h1>
<p>Is er iets niet ok? Vertel het hier. Wie dit leest, weet niet dat het van jou komt als je je naam niet opschrijft.</p>
<form method="post" action="/meld?s=${school.publishableKey}">
<input type="hidden" name="key" value="${idemKey}">
<fieldset><legend>Wat gebeurde er?</legend>${tiles}</fieldset>
<label>Vertel het in je eigen woorden <textarea name="words" rows="5" maxlength="2000"></textarea></label>
<label>Wie deed het? <input name="actor" maxlength="120"></label>
<label>Bij wie gebeurde het? <input name="target" maxlength="120"></label>
<label>Waar? <select name="place"><option value="UNKNOWN">weet ik niet</option>${options}</select></label>
<label>Wie ben jij? Je mag dit leeg laten. <input name="name" maxlength="120"></label>
<button>Nu versturen</button>
</form>
<p>Dit is geen alarmnummer. Is er nu gevaar? Bel 112.</p><ul>${help}</ul>
</main>`
}

/** What the plain form sent, as the bytes that are kept: the same JSON that the other form sends. */
export function plainReport(form: Record<string, string | string[]>): { body: Buffer; idemKey: string | null } {
  const text = (name: string) => {
    const value = form[name]
    // Forms send two characters for a new line; the browser counted one.
    return typeof value === 'string' && value.trim() ? value.trim().replaceAll('\r\n', '\n') : undefined
  }
  const named = (name: string, role: 'ACTOR' | 'TARGET') => {
    const typedName = text(name)?.slice(0, 120)
    return typedName ? [{ who: { typedName }, role }] : []
  }
  const chosen = [form.behaviour ?? []].flat()
  const report = {
    v: 1,
    behaviours: chosen.length > 0 ? chosen : ['OTHER_UNKNOWN'],
    words: text('words'),
    place: text('place'),
    reporterName: text('name'),
    involved: [...named('actor', 'ACTOR'), ...named('target', 'TARGET')],
  }
  const key = z.uuid().safeParse(form.key)
  return { body: Buffer.from(JSON.stringify(report)), idemKey: key.success ? key.data : null }
}

export const thanks = () => html`<main><h1>Gelukt: we hebben je melding</h1>
<p>Goed dat je het vertelt. De school leest het. Je kunt deze pagina sluiten.</p>
<p>Wil je nu met iemand praten? Bel de Kindertelefoon: 0800-0432. Bij gevaar: bel 112.</p></main>`
