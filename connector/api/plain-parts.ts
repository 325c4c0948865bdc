/** What stands on every plain page: the way out, the way to the other language, and help at once. */
import { type Html, html } from '../entry/page.ts'
import type { HelpLine } from './contract.ts'
import type { PlainWords } from './plain-words.ts'

/** Where somebody goes that wants to be gone. */
const harmlessPage = 'https://www.google.nl/'

/** A link without a script; with it, this page leaves the history too. */
export const leave = (say: PlainWords): Html =>
  html`<p class="leave"><a href="${harmlessPage}" rel="noreferrer" data-leave>${say.leave}</a></p>`

/** @param path of this page, with its school */
export const otherLanguage = (say: PlainWords, path: string): Html =>
  html`<p class="small"><a href="${path}&amp;l=${say.other.language}" lang="${say.other.language}">${say.other.name}</a></p>`

/** The sentence is the same on all of them: a form is no alarm line. The list is the school's own where it has one. */
export function helpNow(say: PlainWords, lines: readonly HelpLine[]): Html {
  const listed = lines.map(line => html`<li>${helpLine(line)}</li>`)
  return html`<section class="help"><h2>${say.alarm.title}</h2><p>${say.alarm.text}</p><ul>${listed}</ul></section>`
}

/** `112` is its own name. */
function helpLine({ name, phone, url, note }: HelpLine): Html {
  const call = phone ? html`<a href="tel:${digits(phone)}">${phone}</a>` : ''
  const site = url ? html` <a href="${url}" rel="noreferrer">${new URL(url).hostname.replace(/^www\./, '')}</a>` : ''
  return html`${phone === name ? '' : `${name}${phone ? ': ' : ''}`}${call}${site}${note ? html` <small>${note}</small>` : ''}`
}

const digits = (phone: string) => phone.replace(/[^\d+]/g, '')
