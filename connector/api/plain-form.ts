/** The Stopknop without JavaScript: one page, one press, the same transaction. Without a sign-in, so it offers no names. */
import { z } from 'zod'
import { type Html, html } from '../entry/page.ts'
import type { SchoolHere } from './context.ts'
import { formInfo } from './form-routes.ts'
import { helpNow, leave, otherLanguage } from './plain-parts.ts'
import type { PlainWords } from './plain-words.ts'

/** Addresses of this school's pages, in this language. */
export const pathTo = (page: 'meld' | 'status', school: Pick<SchoolHere, 'publishableKey'>, say: PlainWords) =>
  `/${page}?s=${school.publishableKey}${page === 'meld' ? '&plain=1' : ''}&l=${say.language}`

export const helpOf = (school: SchoolHere, say: PlainWords): Html =>
  helpNow(say, formInfo(school, say.language).helpLines)

export function plainForm(school: SchoolHere, idemKey: string, say: PlainWords): Html {
  const { form } = say
  const tiles = Object.entries(say.behaviours).map(
    ([value, text]) => html`<label><input type="checkbox" name="behaviour" value="${value}"> ${text}</label>`,
  )
  const options = Object.entries(say.places)
    .filter(([value]) => value !== 'UNKNOWN')
    .map(([value, text]) => html`<option value="${value}">${text}</option>`)
  return html`<main>${leave(say)}
<h1>${form.heading(school.name)}</h1>
<p>${form.intro}</p>
<form method="post" action="${`/meld?s=${school.publishableKey}&l=${say.language}`}">
<input type="hidden" name="key" value="${idemKey}">
<fieldset><legend>${form.what}</legend>${tiles}</fieldset>
<label>${form.words} <textarea name="words" rows="5" maxlength="2000"></textarea></label>
<label>${form.actor} <input name="actor" maxlength="120" autocomplete="off"></label>
<label>${form.target} <input name="target" maxlength="120" autocomplete="off"></label>
<label>${form.place} <select name="place"><option value="UNKNOWN">${form.unknown}</option>${options}</select></label>
<label>${form.name} <input name="name" maxlength="120" autocomplete="off"></label>
<label class="check"><input type="checkbox" name="danger" value="1"> ${form.danger}</label>
<button>${form.send}</button>
</form>
${helpOf(school, say)}
<p><a href="${pathTo('status', school, say)}">${form.status}</a></p>
${otherLanguage(say, `/meld?s=${school.publishableKey}&plain=1`)}
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
    ...(text('danger') ? { dangerNow: true } : {}),
    involved: [...named('actor', 'ACTOR'), ...named('target', 'TARGET')],
  }
  const key = z.uuid().safeParse(form.key)
  return { body: Buffer.from(JSON.stringify(report)), idemKey: key.success ? key.data : null }
}

/** @param code the three words, or null where there are none */
export const thanks = (school: SchoolHere, say: PlainWords, code: string | null): Html => html`<main>${leave(say)}
<h1>${say.thanks.heading}</h1>
<p>${say.thanks.text}</p>
${code === null ? '' : savedWords(code, say)}
<p><a href="${pathTo('status', school, say)}">${say.thanks.look}</a></p>
${helpOf(school, say)}
</main>`

/** Big, so that a photo of the screen is enough. The buttons need the script, and show with it. */
const savedWords = (code: string, { thanks: say }: PlainWords): Html => html`<section class="words">
<h2>${say.yours}</h2>
<p class="code" data-code>${code.split(' ').map(word => html`<b>${word}</b> `)}</p>
<p>${say.why}</p>
<p class="buttons" hidden><button type="button" data-print>${say.print}</button> <button type="button" data-copy="${say.copied}">${say.copy}</button></p>
</section>`
