/** The moment to keep the three words: large enough for a photo of the screen, and buttons for who wants them elsewhere. */
import { html, nothing, type TemplateResult } from 'lit'
import { pictogram } from '../../kit/pictograms.ts'
import type { Step } from './step.ts'

const copy = async (event: Event, code: string) => {
  const button = event.currentTarget as HTMLElement // SAFETY: the listener stands on it
  try {
    await navigator.clipboard.writeText(code)
    for (const span of button.querySelectorAll('span')) span.hidden = !span.hidden
    button.setAttribute('disabled', '')
  } catch {
    // A frame may not write to the clipboard: the words are chosen, so that the device's own copying takes them.
    const words = button.closest('.words')?.querySelector('.three')
    if (words) getSelection()?.selectAllChildren(words)
  }
}

/** Printing is not offered in a frame: the page around it does not let us. */
export const savedWords = ({ words, statusPath }: Step, code: string): TemplateResult => {
  const { done } = words.form
  return html`<section class="card words">
    <h2>${done.words}</h2>
    <p class="three">${code.split(' ').map(word => html`<span>${word}</span> `)}</p>
    <p>${done.wordsWhy}</p>
    <div class="row">
      <button type="button" @click=${(event: Event) => void copy(event, code)}><span>${done.copy}</span><span hidden>${done.copied}</span></button>
      ${window.parent === window ? html`<button type="button" @click=${() => window.print()}>${pictogram('print')}${done.print}</button>` : nothing}
      <a href=${statusPath}>${done.look}</a>
    </div>
  </section>`
}
