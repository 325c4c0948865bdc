import { html, LitElement, nothing, type TemplateResult } from 'lit'
import type { Groups, PanelPage } from '../../../connector/api/contract.ts'
import { type Api, createApi } from '../../kit/api.ts'
import { createClient } from '../../kit/client.ts'
import { connectHost, type Host } from '../../kit/messages.ts'
import { pictogram } from '../../kit/pictograms.ts'
import { ApiProblem } from '../../kit/problem.ts'
import { createSession, type Session } from '../../kit/session.ts'
import { dutch, type StaffWords, speak } from '../../kit/staff-words.ts'
import { createTabStore } from '../../kit/tab.ts'
import { acceptAccent, controls, tokens } from '../../kit/theme.ts'
import type { Spoken } from '../../kit/words.ts'
import { addDays, type Filter, noFilter } from './data.ts'
import type { Period } from './filters.ts'
import { panelPage } from './page.ts'
import { panelStyles } from './styles.ts'

const today = () => new Date().toLocaleDateString('sv-SE')
const refreshSeconds = 60

/** What happened to and by the pupils of the own group. Reads the school's key from `?s=`. */
export class M5ViewGroup extends LitElement {
  static override styles = [tokens, controls, panelStyles]
  static override properties = {
    groups: { state: true },
    groupId: { state: true },
    page: { state: true },
    filter: { state: true },
    period: { state: true },
    problem: { state: true },
    loading: { state: true },
    spoken: { state: true },
    updatedAt: { state: true },
  }

  declare groups: Groups['groups'] | undefined
  declare groupId: string
  declare page: PanelPage | undefined
  declare filter: Filter
  declare period: Period
  declare problem: string
  declare loading: boolean
  declare spoken: Spoken<StaffWords>
  declare updatedAt: number

  #school = new URLSearchParams(location.search).get('s') ?? ''
  #host: Host
  #session: Session
  #api: Api
  #wasSigned = false
  #wasExpired = false
  #asked = 0
  #stop: (() => void)[] = []

  constructor() {
    super()
    this.groupId = ''
    this.filter = noFilter
    this.period = 12
    this.problem = ''
    this.loading = true
    this.spoken = dutch
    this.updatedAt = 0
    this.#host = connectHost()
    const client = createClient()
    this.#session = createSession({
      client,
      school: this.#school,
      tab: createTabStore(this.#school),
      changed: () => this.#sessionChanged(),
      portalToken: this.#host.portalToken,
    })
    this.#api = createApi(client, this.#session, this.#school)
  }

  override connectedCallback() {
    super.connectedCallback()
    const quietly = () => document.visibilityState === 'visible' && this.groupId && void this.#loadPage(true)
    const timer = setInterval(quietly, refreshSeconds * 1000)
    document.addEventListener('visibilitychange', quietly)
    const sized = new ResizeObserver(() =>
      this.#host.tell('resize', { height: Math.ceil(this.getBoundingClientRect().height) }),
    )
    sized.observe(this)
    this.#stop = [
      this.#host.listen(message => {
        if (message.type === 'locale') void this.#speak(message.lang)
        else acceptAccent(this, message.accent)
      }),
      () => clearInterval(timer),
      () => document.removeEventListener('visibilitychange', quietly),
      () => sized.disconnect(),
    ]
    if (this.#school) void this.#session.start(true)
    void this.#speak(document.documentElement.lang)
    this.#host.tell('ready', {})
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    for (const stop of this.#stop) stop()
  }

  #sessionChanged() {
    const signed = this.#session.state.is === 'signed'
    if (signed && !this.#wasSigned) void this.#loadGroups()
    if (!signed && this.#wasSigned) {
      this.groups = undefined
      this.page = undefined
      this.groupId = ''
      this.filter = noFilter
    }
    this.#wasSigned = signed
    if (signed) this.#wasExpired = false
    if (this.#session.state.is === 'expired') {
      this.#wasExpired = true
      void this.#session.prepare()
    }
    this.requestUpdate()
  }

  async #loadGroups() {
    this.problem = ''
    this.loading = true
    try {
      this.groups = (await this.#api.groups()).groups
      this.groupId = this.groups[0]?.id ?? ''
      if (this.groupId) await this.#loadPage()
      else this.loading = false
    } catch (problem) {
      this.#fail(problem)
    }
  }

  /** @param quiet keeps what is on the screen while asking, and on failure too */
  async #loadPage(quiet = false) {
    const mine = ++this.#asked
    if (!quiet) this.loading = true
    const to = addDays(today(), 1)
    try {
      const page = await this.#api.panel(this.groupId, addDays(to, -7 * this.period), to)
      if (mine !== this.#asked) return
      if (JSON.stringify(page) !== JSON.stringify(this.page)) this.page = page
      this.updatedAt = Math.floor(Date.now() / 60_000) * 60_000
      this.problem = ''
      this.loading = false
    } catch (problem) {
      if (mine === this.#asked && !quiet) this.#fail(problem)
    }
  }

  #fail(problem: unknown) {
    this.loading = false
    this.problem = problem instanceof ApiProblem ? problem.code : 'unexpected'
    this.#host.tell('error', { code: 'panel-unreachable' })
  }

  async #speak(language: string) {
    this.spoken = await speak(language)
  }

  override updated(changed: Map<PropertyKey, unknown>) {
    // the newest week is at the right: on a phone that end is shown first
    if (changed.has('page'))
      for (const box of this.renderRoot.querySelectorAll('.chart .scroll')) box.scrollLeft = box.scrollWidth
    document.documentElement.lang = this.spoken.language
    document.title = this.page ? this.spoken.words.panel.titleOf(this.page.group.name) : this.spoken.words.panel.title
  }

  #time(ms: number) {
    return new Date(ms).toLocaleTimeString(this.spoken.language, { hour: '2-digit', minute: '2-digit' })
  }

  #page(page: PanelPage): TemplateResult {
    return panelPage({
      page,
      filter: this.filter,
      period: this.period,
      spoken: this.spoken,
      change: filter => {
        this.filter = filter
      },
      changePeriod: period => {
        this.period = period
        void this.#loadPage(true)
      },
    })
  }

  #body(words: StaffWords): TemplateResult {
    const say = words.panel
    const { state } = this.#session
    if (!this.#school) return html`<p role="alert">${words.shared.problem.school}</p>`
    if (state.is !== 'signed') {
      return html`<section class="card stack">
        ${this.#wasExpired ? html`<p><b>${say.expired}</b></p>` : nothing}<p>${say.signIn}</p>
        <m5-sign-in .session=${this.#session} .state=${state} .words=${words.shared}></m5-sign-in></section>`
    }
    if (this.problem) {
      const text = { offline: words.shared.problem.offline, unreachable: words.shared.problem.unreachable }[
        this.problem
      ]
      return html`<section class="card stack" role="alert"><p>${text ?? words.shared.problem.other}</p>
        <div><button type="button" class="main" @click=${() => void (this.groupId ? this.#loadPage() : this.#loadGroups())}>${pictogram('refresh')}${words.shared.again}</button></div></section>`
    }
    if (this.loading) {
      return html`<p class="sr" role="status">${words.shared.loading}</p><div class="bone"></div><div class="bone tall"></div><div class="bone"></div>`
    }
    if (this.groups?.length === 0) {
      return html`<section class="card stack"><h2>${say.refuse}</h2><p class="soft">${say.refuseHint}</p></section>`
    }
    return this.page ? this.#page(this.page) : html``
  }

  override render(): TemplateResult {
    const words = this.spoken.words
    const say = words.panel
    const { state } = this.#session
    const ready = state.is === 'signed' && this.page
    return html`<main class="stack">
      <div class="head">
        <h1 tabindex="-1">${this.page ? say.titleOf(this.page.group.name) : say.title}</h1>
        ${
          ready
            ? html`<div class="row">
              <button type="button" class="quiet" title=${say.updated(this.#time(this.updatedAt))} @click=${() => void this.#loadPage(true)}>${pictogram('refresh')}${say.refresh}</button>
              <button type="button" class="quiet" @click=${() => window.print()}>${pictogram('print')}${say.print}</button></div>`
            : nothing
        }
      </div>
      ${
        state.is === 'signed'
          ? html`<p class="soft small row">${words.shared.signIn.signedInAs(state.me.name)}
            <button type="button" class="link" @click=${() => void this.#session.leave().then(() => this.#session.prepare())}>${words.shared.signIn.leave}</button></p>`
          : nothing
      }
      ${
        this.groups && this.groups.length > 1
          ? html`<div class="field chooser"><label for="chooser">${say.chooser}</label>
            <select id="chooser" @change=${(event: Event) => {
              this.groupId = (event.target as HTMLSelectElement).value
              this.filter = noFilter
              void this.#loadPage()
            }}>
              ${this.groups.map(({ id, name, schoolYear }) => html`<option value=${id} ?selected=${id === this.groupId}>${name} (${schoolYear})</option>`)}
            </select></div>`
          : nothing
      }
      ${this.#body(words)}
    </main>`
  }
}
