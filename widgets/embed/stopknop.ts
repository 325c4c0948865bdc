import { html, nothing } from 'lit/html.js'
import { readable } from './contrast.ts'
import { Framed } from './framed.ts'
import type { Link } from './link.ts'
import type { FrameMessage } from './messages.ts'
import { stopknopStyles } from './stopknop-styles.ts'

/**
 * The Stopknop: a big button that opens the form in a frame on the connector's own origin.
 *
 * Keep its place before the script arrives, so that nothing jumps:
 * `m5-stopknop:not(:defined) { display: inline-block; min-block-size: 5.5rem; min-inline-size: 17rem }`
 *
 * @slot - A link to `https://CONNECTOR/meld?s=KEY`. It names connector and school, gives the button its text, and works without script.
 * @csspart button - The button.
 * @csspart icon - The stop sign with the hand.
 * @csspart label - The button's text.
 * @csspart hint - The line below the text.
 * @csspart dialog - The panel that holds the form.
 * @csspart frame - The frame inside the panel.
 * @cssprop --m5-background - Ground of the button (#b3261e). Refused when the text on it cannot be read.
 * @cssprop --m5-color - Text of the button (#fff). Refused when it cannot be read on the ground.
 * @cssprop --m5-radius - Corner of the button (1.25rem).
 * @cssprop --m5-font - Font of the button (the page's).
 * @cssprop --m5-accent - Accent colour told to the form (a hex colour).
 * @fires m5-open - When the form opens.
 * @fires m5-close - When the form has closed.
 * @fires m5-submitted - When a report was received. Carries no content.
 * @fires m5-error - When the frame reports trouble. `detail.code` says which.
 */
export class M5Stopknop extends Framed {
  #opened = false
  #asking = false
  #busy = false

  constructor() {
    super(stopknopStyles)
  }

  get #dialog() {
    return this.root.querySelector('dialog')
  }

  override connectedCallback() {
    super.connectedCallback()
    this.#guard()
  }

  /** Runs again at each hover and focus: a theme that arrives late is judged too. */
  #guard = () => {
    const button = this.root.querySelector('.stop')
    if (!button) return
    button.classList.remove('guarded')
    const { color, backgroundColor } = getComputedStyle(button)
    button.classList.toggle('guarded', !readable(color, backgroundColor))
  }

  #toFrame() {
    this.frame?.element.focus()
  }

  #open = () => {
    const dialog = this.#dialog
    if (!dialog) return
    this.openFrame(dialog.querySelector('.place'), this.words.frame)
    this.#opened = true
    this.update()
    dialog.showModal()
    this.#toFrame()
    this.tell('m5-open')
  }

  protected override heard({ type, payload }: FrameMessage) {
    if (type === 'busy') this.#busy = payload.busy === true
    if (type === 'close') this.#close()
    if (type === 'submitted') {
      this.#busy = false
      this.tell('m5-submitted')
    }
  }

  #close = (event?: Event) => {
    event?.preventDefault()
    if (!this.#busy) return this.#dialog?.close()
    this.#asking = true
    this.update()
    this.root.querySelector<HTMLElement>('.main')?.focus()
  }

  #quit = () => {
    this.#busy = false
    this.#dialog?.close()
  }

  #stay = () => {
    this.#asking = false
    this.update()
    this.#toFrame()
  }

  /** The frame goes when the panel closes: on a shared device nothing may stay behind. The dialog itself returns the focus. */
  #end = () => {
    this.endFrame()
    this.#busy = this.#opened = this.#asking = false
    this.update()
    this.tell('m5-close')
  }

  /** Until the form has its own title the bar has one; then only the cross stays, over the end of the form's bar. */
  protected override renderWith(link: Link) {
    const { words } = this
    const name = link.text || words.stop
    const bar = this.#asking ? 'bar ask' : this.ready ? 'bar' : 'bar alone'
    return html`<button class="stop" part="button" type="button" aria-haspopup="dialog" @click=${this.#open} @pointerenter=${this.#guard} @focus=${this.#guard}>
        <svg part="icon" viewBox="0 0 48 48" aria-hidden="true">
          <path class="sign" d="M15 2h18l13 13v18L33 46H15L2 33V15z" />
          <path class="hand" d="M16 27v-9.5a2.2 2.2 0 0 1 4.4 0V23v-9.8a2.2 2.2 0 0 1 4.4 0V22v-8a2.2 2.2 0 0 1 4.4 0v9.5-5.3a2.2 2.2 0 0 1 4.4 0V29c0 5-3.3 8.5-8.2 8.5-4 0-6.3-1.7-8-4.8l-3.6-6.3c-.7-1.3-.3-2.5.7-3 1-.6 2-.2 2.7.8z" />
        </svg>
        <span><b part="label">${name}</b><small part="hint">${words.stopHint}</small></span>
      </button>
      <dialog part="dialog" aria-label=${words.frame} @cancel=${this.#close} @close=${this.#end}>
        <div class=${bar}>${
          this.#asking
            ? html`<p role="alert">${words.ask}</p>
              <button type="button" class="main" @click=${this.#stay}>${words.stay}</button>
              <button type="button" @click=${this.#quit}>${words.quit}</button>`
            : html`${this.ready ? nothing : html`<span class="name">${name}</span>`}
              <button type="button" aria-label=${words.close} @click=${() => this.#close()}>
                <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6L6 18" /></svg>
              </button>`
        }</div>
        <div class="place"><div>${this.#opened && !this.ready ? this.waiting(link) : nothing}</div></div>
      </dialog>`
  }
}
