import { css, html, LitElement, nothing, type TemplateResult } from 'lit'
import { pictogram } from './pictograms.ts'
import { type Session, type SessionState, windowName } from './session.ts'
import { controls, tokens } from './theme.ts'
import type { Words } from './words.ts'

/** The card that lets somebody in by the school's own sign-in. Each state of a hand-off has its own sentence. */
export class M5SignIn extends LitElement {
  static override styles = [
    tokens,
    controls,
    css`
      :host { display: block; background: none; }
      .code { display: inline-block; padding: .5rem 1.25rem; border: 2px dashed var(--accent); border-radius: .75rem; background: var(--card); font: 700 2.25rem/1.2 ui-monospace, monospace; letter-spacing: .12em; }
      .wait label { display: grid; gap: .5rem; justify-items: start; }
      input.code { inline-size: 7ch; border-style: solid; text-align: center; }
      .wait { display: grid; gap: .75rem; justify-items: start; }
      button.main { min-block-size: 3.5rem; font-size: 1.125rem; }
    `,
  ]
  static override properties = {
    session: { attribute: false },
    state: { attribute: false },
    words: { attribute: false },
  }

  declare session: Session | undefined
  /** Given apart from the session, so that a change of it renders anew. */
  declare state: SessionState
  declare words: Words['shared'] | undefined

  #button(label: string, ready = true) {
    return html`<button type="button" class="main" ?disabled=${!ready} @click=${() => this.session?.signIn()}>
      ${pictogram('sign_in')}${label}</button>`
  }

  #answer = (event: SubmitEvent) => {
    event.preventDefault()
    const digits = new FormData(event.currentTarget as HTMLFormElement).get('digits')
    if (typeof digits === 'string') this.session?.answer(digits)
  }

  /** "That is not me": out at once, everywhere, and ready for who it is. */
  #leave = () => void this.session?.leave().then(() => this.session?.prepare())

  /** Says what went wrong, and makes a new way in ready for the next click. */
  #retry(sentence: string) {
    return html`<p role="alert">${sentence}</p>
      <button type="button" class="main" @click=${() => void this.session?.prepare()}>${pictogram('refresh')}${this.words?.again}</button>`
  }

  override render(): TemplateResult | typeof nothing {
    const { words, state } = this
    if (!words || !state) return nothing
    const say = words.signIn
    switch (state.is) {
      case 'opening':
        return html`<p role="status">${words.loading}</p>`
      case 'nobody':
        if (state.problem) {
          const why = state.problem === 'offline' ? words.problem.offline : words.problem.unreachable
          return html`<div class="stack">${this.#retry(`${say.unavailable} ${why}`)}</div>`
        }
        return html`<div class="stack">${this.#button(state.ready ? say.button : say.preparing, state.ready)}
          <p class="soft small">${say.hint}</p></div>`
      case 'waiting':
        return html`<div class="wait" role="status">
          <h2>${say.waiting}</h2>
          <p>${say.code}</p><p class="code" aria-label=${[...state.code].join(' ')}>${state.code}</p>
          <p class="soft small">${say.codeSecret}</p>
          <p class="soft">${say.waitingHint}</p>
          <div class="row">
            <a href=${state.openPath} target=${windowName}>${say.reopen}</a>
            <button type="button" class="link" @click=${() => void this.session?.prepare()}>${say.stop}</button>
          </div></div>`
      case 'answering':
        return html`<form class="wait" @submit=${this.#answer}>
          <h2>${say.answer}</h2>
          <label>${say.answerLabel}
            <input class="code" name="digits" inputmode="numeric" pattern="[0-9]{3}" minlength="3" maxlength="3" autocomplete="off" required></label>
          <div class="row"><button class="main">${pictogram('check')}${say.answerSend}</button>
            <button type="button" class="link" @click=${() => void this.session?.prepare()}>${say.stop}</button></div></form>`
      case 'linking':
        return html`<div class="stack">
          <h2>${say.link(state.me.name)}</h2>
          ${
            state.taken
              ? html`<p role="alert">${say.linkTaken}</p>
                <button type="button" class="main" @click=${() => void this.session?.link(false)}>${say.linkGoOn}</button>`
              : html`<p>${say.linkHint}</p>
                <div class="row"><button type="button" class="main" @click=${() => void this.session?.link(true)}>${say.linkYes}</button>
                  <button type="button" @click=${() => void this.session?.link(false)}>${say.linkNo}</button></div>`
          }
          <div><button type="button" class="link" @click=${this.#leave}>${say.notMe}</button></div></div>`
      case 'entering':
        return html`<p role="status">${say.entering}</p>`
      case 'refused':
        return html`<div class="stack">${this.#retry(say.refused[state.reason])}</div>`
      case 'gone':
        return html`<div class="stack">${this.#retry(say.gone)}</div>`
      case 'signed':
        return html`<p class="row"><span>${say.signedInAs(state.me.name)}</span>
          <button type="button" class="link" @click=${this.#leave}>${say.notMe}</button></p>`
      case 'expired':
        return html`<div class="stack">${this.#retry(say.gone)}</div>`
    }
  }
}
