/** Help at once, and the honest sentence that a form is no alarm line. */
import { html, nothing, type TemplateResult } from 'lit'
import { helpLines } from '../../kit/help.ts'
import type { Step } from './step.ts'

export const alarm = ({ words, lines }: Pick<Step, 'words' | 'lines'>, first?: string): TemplateResult => html`
  <section class="alarm" role="status">
    <h2>${words.form.alarm.title}</h2>
    ${first ? html`<p>${first}</p>` : nothing}
    <p>${words.form.alarm.text}</p>
    ${helpLines(lines, words.form.alarm.call)}
  </section>`
