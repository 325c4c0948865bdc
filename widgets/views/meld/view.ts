import { html, LitElement, nothing, type TemplateResult } from 'lit'
import type { FormInfo, Nameable } from '../../../connector/api/contract.ts'
import { type Api, createApi } from '../../kit/api.ts'
import { createClient } from '../../kit/client.ts'
import { helpLines } from '../../kit/help.ts'
import { connectHost, type Host, type HostMessage } from '../../kit/messages.ts'
import { pictogram } from '../../kit/pictograms.ts'
import { createSession, type Session } from '../../kit/session.ts'
import { createSpeaker, type Speaker } from '../../kit/speak.ts'
import { createTabStore } from '../../kit/tab.ts'
import { acceptAccent, controls, tokens } from '../../kit/theme.ts'
import { dutch, type Spoken, speak, type Words } from '../../kit/words.ts'
import { type Answers, draftOf, isEmpty, isYoung, noAnswers } from './draft.ts'
import { outcome, outcomeHeading } from './outcome.ts'
import { createSending, type Sending } from './sending.ts'
import { type Step, type StepName, stepNames } from './step.ts'
import { stepHow } from './step-how.ts'
import { stepBy, stepTarget } from './step-people.ts'
import { stepWhat } from './step-what.ts'
import { stepWhen, stepWhere } from './step-where-when.ts'
import { stepWho } from './step-who.ts'
import { formStyles } from './styles.ts'

const screens: Record<StepName, (step: Step) => TemplateResult> = {
  who: stepWho,
  what: stepWhat,
  by: stepBy,
  target: stepTarget,
  where: stepWhere,
  when: stepWhen,
  how: stepHow,
}

/** The Stopknop's form: seven questions, one a screen. Reads the school's key from `?s=`. */
export class M5ViewStopknop extends LitElement {
  static override styles = [tokens, controls, formStyles]
  static override properties = {
    answers: { state: true },
    at: { state: true },
    info: { state: true },
    spoken: { state: true },
    missing: { state: true },
    opened: { state: true },
    ownGroup: { state: true },
    left: { state: true },
  }

  declare answers: Answers
  declare at: StepName
  declare info: FormInfo | undefined
  declare spoken: Spoken
  declare missing: boolean
  declare opened: readonly string[]
  declare ownGroup: readonly Nameable[]
  /** "Snel weg" was pressed: nothing is shown any more. */
  declare left: boolean

  #school = new URLSearchParams(location.search).get('s') ?? ''
  #host: Host
  #session: Session
  #api: Api
  #sending: Sending
  #speaker: Speaker = createSpeaker()
  #wasSigned = false
  #wasBusy = false
  /** The connector did not answer at first: the form starts without it. */
  #alone = false
  #shown = ''
  #infoTimer = 0
  #stop: (() => void)[] = []

  constructor() {
    super()
    this.answers = noAnswers()
    this.at = 'who'
    this.spoken = dutch
    this.missing = false
    this.opened = []
    this.ownGroup = []
    this.left = false
    this.#host = connectHost()
    const client = createClient()
    this.#session = createSession({
      client,
      school: this.#school,
      tab: createTabStore(this.#school),
      changed: () => this.#sessionChanged(),
    })
    this.#api = createApi(client, this.#session, this.#school)
    this.#sending = createSending(this.#api.send, () => this.#sendingChanged())
  }

  override connectedCallback() {
    super.connectedCallback()
    const online = () => {
      this.#sending.online()
      if (!this.info) void this.#load()
    }
    window.addEventListener('online', online)
    window.addEventListener('keydown', this.#escape)
    this.#stop = [
      this.#host.listen(this.#hear),
      () => window.removeEventListener('online', online),
      () => window.removeEventListener('keydown', this.#escape),
    ]
    void this.#load()
    void this.#speak(document.documentElement.lang)
    this.#host.tell('ready', {})
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    for (const stop of this.#stop) stop()
    clearTimeout(this.#infoTimer)
    this.#speaker.stop()
  }

  /** The form works before this answers, and without it: then there are no names and our own list of help lines. */
  async #load() {
    clearTimeout(this.#infoTimer)
    if (!this.#school) return this.#host.tell('error', { code: 'no-school' })
    try {
      this.info = await this.#api.form()
      if (this.#session.state.is === 'opening') await this.#session.start(this.info.signIn)
    } catch {
      this.#alone = true
      this.requestUpdate()
      this.#host.tell('error', { code: 'form-unreachable' })
      this.#infoTimer = setTimeout(() => void this.#load(), 5000) as unknown as number
    }
  }

  #sessionChanged() {
    const { state } = this.#session
    if (state.is === 'signed' && !this.#wasSigned) {
      this.#wasSigned = true
      if (this.at === 'who') this.at = 'what'
      this.#api.ownGroup().then(
        ({ people }) => {
          this.ownGroup = people
        },
        () => undefined, // typing a name works without
      )
    }
    if (state.is === 'nobody' && this.#wasSigned) {
      // somebody else sits here now: the names offered to the first one go, and so does what they chose from them
      this.#wasSigned = false
      this.ownGroup = []
      const typed = (people: Answers['by']) => people.filter(({ who }) => 'typedName' in who)
      const { by, targets, saw } = this.answers
      this.answers = { ...this.answers, by: typed(by), targets: typed(targets), saw: typed(saw) }
      this.at = 'who'
    }
    this.requestUpdate()
  }

  #sendingChanged() {
    if (this.#sending.state.is === 'received') this.#host.tell('submitted', {})
    this.requestUpdate()
  }

  #hear = (message: HostMessage) => {
    if (message.type === 'locale') void this.#speak(message.lang)
    else acceptAccent(this, message.accent)
  }

  #escape = (event: KeyboardEvent) => {
    const dialog = this.renderRoot.querySelector('dialog')
    if (event.key === 'Escape' && !event.defaultPrevented && !dialog?.open) this.#host.tell('close', {})
  }

  #leave = () => {
    this.left = true
    if (this.#host.framed) this.#host.tell('leave', {})
    else location.replace('https://www.google.nl/')
  }

  #set = (patch: Partial<Answers>) => {
    this.answers = { ...this.answers, ...patch }
    this.missing = false
  }

  #go(to: StepName | undefined) {
    if (!to) return
    if (this.at === 'what' && this.answers.behaviours.length === 0 && stepNames.indexOf(to) > 1) {
      this.missing = true
      void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('.tile input')?.focus())
      return
    }
    this.missing = false
    this.at = to
  }

  #send = () => {
    if (this.answers.behaviours.length === 0) return this.#go('how')
    const { state } = this.#session
    const kind = state.is === 'signed' || state.is === 'expired' ? state.me.kind : undefined
    void this.#sending.press(JSON.stringify(draftOf(this.answers, this.#language, kind)))
  }

  #again = () => {
    this.answers = noAnswers()
    this.opened = []
    this.at = this.#wasSigned ? 'what' : 'who'
    this.#sending.reset()
  }

  get #step(): Step {
    const { state } = this.#session
    const signed = state.is === 'signed'
    const me = signed || state.is === 'expired' ? state.me : undefined
    return {
      words: this.#words,
      age: isYoung(me ? me.ownGroup?.grade : this.answers.group) ? 'young' : 'older',
      answers: this.answers,
      set: this.#set,
      session: this.#session,
      signIn: this.info?.signIn ?? false,
      signed: me !== undefined,
      ownGroup: this.ownGroup,
      groupName: me?.ownGroup?.name ?? '',
      search: signed ? this.#api.people : undefined,
      lines: this.info?.helpLines.length ? this.info.helpLines : this.#words.form.helpLines,
      missing: this.missing,
      opened: this.opened,
      open: list => {
        this.opened = [...this.opened, list]
      },
    }
  }

  get #language() {
    return this.spoken.language
  }

  async #speak(language: string) {
    this.spoken = await speak(language)
  }

  get #words(): Words {
    return this.spoken.words
  }

  get #busy() {
    return !isEmpty(this.answers) && this.#sending.state.is !== 'received'
  }

  override updated() {
    document.documentElement.lang = this.#language
    document.title = this.info ? `${this.#words.form.title} – ${this.info.school.name}` : this.#words.form.title
    if (this.#busy !== this.#wasBusy) {
      this.#wasBusy = this.#busy
      this.#host.tell('busy', { busy: this.#busy })
    }
    const { is } = this.#sending.state
    const screen = is === 'idle' ? this.at : is === 'received' ? is : 'outcome'
    if (screen === this.#shown) return
    const first = this.#shown === '' || !this.renderRoot.querySelector('h1')
    this.#shown = screen
    if (first) return
    this.#speaker.stop()
    window.scrollTo(0, 0)
    this.renderRoot.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true })
  }

  #readAloud = () => {
    const spoken = [...this.renderRoot.querySelectorAll('h1, main legend:not(.sr), main .tile span')]
    this.#speaker.say(spoken.map(element => element.textContent?.trim()).join('. '), this.#language)
  }

  #top(step: Step) {
    const { form } = step.words
    const dialog = () => this.renderRoot.querySelector('dialog')
    return html`
      <header class="top">
        <p class="place">${this.#host.framed ? (this.info?.school.name ?? form.title) : html`${form.title}<small>${this.info?.school.name}</small>`}</p>
        <button type="button" class="aid" aria-haspopup="dialog" @click=${() => dialog()?.showModal()}>${pictogram('help')}${form.help}</button>
        <button type="button" class="exit" @click=${this.#leave}>${pictogram('exit')}${form.leave}</button>
      </header>
      <dialog aria-labelledby="help-title">
        <div class="heading"><h2 id="help-title">${form.alarm.title}</h2>
          <button type="button" class="quiet" aria-label=${form.close} @click=${() => dialog()?.close()}>${pictogram('cross')}</button></div>
        <div class="stack"><p>${form.alarm.text}</p>${helpLines(step.lines, form.alarm.call)}</div>
      </dialog>`
  }

  #identity(step: Step) {
    const { state } = this.#session
    const { signIn } = step.words.shared
    if (state.is === 'expired')
      return html`<p class="note">${pictogram('sign_in')}${step.words.form.who.expired(state.me.name)}</p>`
    if (state.is !== 'signed' || this.at !== 'what') return nothing
    return html`<p class="me"><span>${signIn.signedInAs(state.me.name)}</span>
      <button type="button" class="link" @click=${() => void this.#session.leave().then(() => this.#session.prepare())}>${signIn.notMe}</button></p>`
  }

  #bottom(step: Step, index: number) {
    const { form } = step.words
    const last = index === stepNames.length - 1
    const first = this.#wasSigned ? 1 : 0
    return html`<footer class="bottom"><div>
      ${
        index > first
          ? html`<button type="button" class="back" aria-label=${form.back} @click=${() => this.#go(stepNames[index - 1])}>${pictogram('back')}<span>${form.back}</span></button>`
          : nothing
      }
      <span class="fill"></span>
      ${
        index > 0 && !last
          ? html`<button type="button" class="now" ?disabled=${step.answers.behaviours.length === 0} @click=${this.#send}>${form.sendNow}</button>`
          : nothing
      }
      ${
        last
          ? html`<button type="button" class="main next" @click=${this.#send}>${form.send}${pictogram('check')}</button>`
          : html`<button type="button" class="main next" @click=${() => this.#go(stepNames[index + 1])}>${form.next}${pictogram('next')}</button>`
      }
    </div></footer>`
  }

  override render() {
    if (this.left) return nothing
    const step = this.#step
    const { words } = step
    if (!this.#school) return html`<main><p role="alert">${words.shared.problem.school}</p></main>`
    if (this.#session.returning && !this.#alone && this.at === 'who') {
      return html`${this.#top(step)}<main><p role="status">${words.shared.loading}</p></main>`
    }
    const { state } = this.#sending
    if (state.is !== 'idle') {
      return html`${this.#top(step)}<main class="stack">
        <h1 tabindex="-1">${outcomeHeading(state, words)}</h1>
        ${outcome(
          state,
          step,
          {
            retry: () => void this.#sending.retry(),
            back: () => this.#sending.stop(),
            again: this.#again,
            close: this.#host.framed ? () => this.#host.tell('close', {}) : undefined,
          },
          this.#language,
        )}</main>`
    }
    const index = stepNames.indexOf(this.at)
    const [from, of] = this.#wasSigned ? [index, stepNames.length - 1] : [index + 1, stepNames.length]
    return html`${this.#top(step)}
      <main class="stack" data-step=${this.at}>
        <div class="steps"><span>${words.form.step(from, of)}</span><ol aria-hidden="true">
          ${Array.from({ length: of }, (_, i) => html`<li class=${i + 1 < from ? 'past' : i + 1 === from ? 'now' : ''}></li>`)}</ol></div>
        ${this.#identity(step)}
        <div class="heading"><h1 tabindex="-1">${words.form[this.at].heading}</h1>
          ${
            this.#speaker.can(this.#language) && (step.age === 'young' || this.at === 'who')
              ? html`<button type="button" @click=${this.#readAloud}>${pictogram('speaker')}${words.form.readAloud}</button>`
              : nothing
          }</div>
        ${screens[this.at](step)}
      </main>
      ${this.#bottom(step, index)}`
  }
}
