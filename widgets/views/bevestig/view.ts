import { html, LitElement, nothing, type TemplateResult } from 'lit'
import type { GrantOffer } from '../../../connector/api/contract.ts'
import { type Api, createApi } from '../../kit/api.ts'
import { createClient } from '../../kit/client.ts'
import { pictogram } from '../../kit/pictograms.ts'
import { ApiProblem, isPassing } from '../../kit/problem.ts'
import { createSession, type Session } from '../../kit/session.ts'
import { dutch, type StaffWords, speak } from '../../kit/staff-words.ts'
import { createTabStore } from '../../kit/tab.ts'
import { controls, tokens } from '../../kit/theme.ts'
import type { Spoken } from '../../kit/words.ts'
import { grantStyles } from './styles.ts'

type Stage =
  | { is: 'looking' }
  | { is: 'asking' | 'sending' | 'refused' | 'done'; offer: GrantOffer }
  /** Used, too old, or somebody else's: the connector does not say which. `yesTo`: a yes was on its way when the connection broke. */
  | { is: 'dead'; yesTo: string | undefined }
  | { is: 'failed'; code: string; yesTo: string | undefined }

/** These roles may give roles: whoever confirms should know. */
const granting: readonly GrantOffer['role'][] = ['SCHOOL_LEADER', 'SAFETY_COORDINATOR']

/** The second person reads what a grant opens, and says yes or no. Reads the school's key from `?s=`, the token from the fragment. */
export class M5ViewGrant extends LitElement {
  static override styles = [tokens, controls, grantStyles]
  static override properties = { stage: { state: true }, spoken: { state: true } }

  declare stage: Stage
  declare spoken: Spoken<StaffWords>

  #school = new URLSearchParams(location.search).get('s') ?? ''
  #token = location.hash.slice(1)
  #session: Session
  #api: Api
  #wasSigned = false
  #shown = ''

  constructor() {
    super()
    this.stage = { is: 'looking' }
    this.spoken = dutch
    const client = createClient()
    this.#session = createSession({
      client,
      school: this.#school,
      tab: createTabStore(this.#school),
      changed: () => this.#sessionChanged(),
    })
    this.#api = createApi(client, this.#session, this.#school)
  }

  override connectedCallback() {
    super.connectedCallback()
    window.addEventListener('hashchange', this.#anotherLink)
    if (this.#school && this.#token) void this.#session.start(true)
    void speak(document.documentElement.lang).then(spoken => {
      this.spoken = spoken
    })
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    window.removeEventListener('hashchange', this.#anotherLink)
  }

  #anotherLink = () => location.reload()

  #sessionChanged() {
    const signed = this.#session.state.is === 'signed'
    if (signed && !this.#wasSigned) void this.#look()
    if (!signed && this.#wasSigned && this.stage.is !== 'done') this.stage = { is: 'looking' }
    if (this.#session.state.is === 'expired') void this.#session.prepare()
    this.#wasSigned = signed
    this.requestUpdate()
  }

  async #look(yesTo?: string) {
    this.stage = { is: 'looking' }
    try {
      this.stage = { is: 'asking', offer: await this.#api.lookGrant(this.#token) }
    } catch (problem) {
      this.#fail(problem, yesTo)
    }
  }

  async #confirm(offer: GrantOffer) {
    this.stage = { is: 'sending', offer }
    try {
      await this.#api.confirmGrant(this.#token)
      history.replaceState(null, '', location.pathname + location.search)
      this.stage = { is: 'done', offer }
    } catch (problem) {
      this.#fail(problem, isPassing(problem) ? offer.person : undefined)
    }
  }

  #fail(problem: unknown, yesTo: string | undefined) {
    if (!this.#wasSigned) return // signed out meanwhile: the session says so itself
    const { status = 0, code = 'unexpected' } = problem instanceof ApiProblem ? problem : {}
    this.stage = status === 404 || status === 410 ? { is: 'dead', yesTo } : { is: 'failed', code, yesTo }
  }

  override updated() {
    const { words, language } = this.spoken
    document.documentElement.lang = language
    document.title = words.grant.title
    const screen = this.#wasSigned ? this.stage.is : 'sign-in'
    if (screen === this.#shown) return
    const first = this.#shown === ''
    this.#shown = screen
    if (!first) this.renderRoot.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true })
  }

  #leave = () => void this.#session.leave().then(() => this.#session.prepare())

  #me() {
    const { state } = this.#session
    const { signIn } = this.spoken.words.shared
    if (state.is !== 'signed') return nothing
    return html`<p class="me soft small"><span>${signIn.signedInAs(state.me.name)}</span>
      <button type="button" class="link" @click=${this.#leave}>${signIn.leave}</button></p>`
  }

  #roleOf({ role, group }: GrantOffer) {
    const say = this.spoken.words.grant
    return group ? say.ofGroup(say.roles[role], group) : say.roles[role]
  }

  #asking(offer: GrantOffer, sending: boolean): TemplateResult {
    const say = this.spoken.words.grant
    const { role, person, school, until } = offer
    const day = (on: string) =>
      new Date(`${on}T12:00:00Z`).toLocaleDateString(this.spoken.language, { dateStyle: 'long', timeZone: 'UTC' })
    return html`<h1 tabindex="-1">${say.title}</h1>
      <section class="card">
        <p class="asks">${say.asks(person, this.#roleOf(offer), school)}</p>
        <p>${say.opens(person, say.opened[role])}${granting.includes(role) ? html` ${say.mayGrant(person)}` : nothing}</p>
        ${until ? html`<p>${say.until(day(until))}</p>` : nothing}
        <h2>${say.question}</h2>
        <div class="row">
          <button type="button" class="main" ?disabled=${sending} @click=${() => void this.#confirm(offer)}>${pictogram('check')}${sending ? say.sending : say.yes}</button>
          <button type="button" class="no" ?disabled=${sending} @click=${() => {
            this.stage = { is: 'refused', offer }
          }}>${say.no}</button>
        </div>
      </section>`
  }

  #body(): TemplateResult {
    const { words } = this.spoken
    const say = words.grant
    const { stage } = this
    const { state } = this.#session
    if (!this.#school || !this.#token)
      return html`<h1>${say.incomplete}</h1><section class="card"><p>${say.incompleteHint}</p></section>`
    if (state.is !== 'signed' && stage.is !== 'done')
      return html`<h1 tabindex="-1">${say.title}</h1>
        <section class="card"><p>${say.why}</p><p>${say.signIn}</p>
        <m5-sign-in .session=${this.#session} .state=${state} .words=${words.shared}></m5-sign-in></section>`
    switch (stage.is) {
      case 'looking':
        return html`<h1 tabindex="-1">${say.title}</h1><p role="status">${words.shared.loading}</p>`
      case 'asking':
      case 'sending':
        return this.#asking(stage.offer, stage.is === 'sending')
      case 'refused':
        return html`<h1 tabindex="-1">${say.refused}</h1>
          <section class="card"><p>${say.refusedText(stage.offer.person)}</p><p class="soft">${say.close}</p>
          <div class="row"><button type="button" @click=${() => {
            this.stage = { ...stage, is: 'asking' }
          }}>${pictogram('back')}${say.back}</button></div></section>`
      case 'done': {
        const { person, school } = stage.offer
        return html`<span class="seal">${pictogram('check')}</span><h1 tabindex="-1">${say.done}</h1>
          <section class="card"><p class="asks">${say.doneText(person, this.#roleOf(stage.offer), school)}</p><p class="soft">${say.close}</p></section>`
      }
      case 'dead':
        return html`<h1 tabindex="-1">${say.dead}</h1>
          <section class="card"><p>${say.deadText}</p><p>${stage.yesTo ? say.perhaps(stage.yesTo) : say.deadHint}</p></section>`
      case 'failed': {
        const known = { offline: words.shared.problem.offline, unreachable: words.shared.problem.unreachable }
        const text = known[stage.code as keyof typeof known] ?? words.shared.problem.other // SAFETY: ?? for any other code
        return html`<h1 tabindex="-1">${say.title}</h1>
          <section class="card" role="alert"><p>${text}</p>
          <div><button type="button" class="main" @click=${() => void this.#look(stage.yesTo)}>${pictogram('refresh')}${words.shared.again}</button></div></section>`
      }
    }
  }

  override render(): TemplateResult {
    return html`<main class="stack">${this.#body()}${this.#me()}</main>`
  }
}
