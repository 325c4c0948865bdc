import { html, LitElement, nothing, type TemplateResult } from 'lit'
import type { FormInfo, Receipt } from '../../../connector/api/contract.ts'
import { connectHost, type Host, type HostMessage } from '../../kit/messages.ts'
import { createSpeaker, type Speaker } from '../../kit/speak.ts'
import { acceptAccent, controls, tokens } from '../../kit/theme.ts'
import { dutch, type Spoken, speak } from '../../kit/words.ts'
import { firstStep, topBar } from './bars.ts'
import { type Answers, draftOf, isEmpty, isYoung, noAnswers } from './draft.ts'
import { outcome, outcomeHeading } from './outcome.ts'
import { question } from './question.ts'
import { createSchool, type School } from './school.ts'
import { createSending, type Sending, type SendingState } from './sending.ts'
import { type Step, type StepName, stepNames } from './step.ts'
import { formStyles } from './styles.ts'

/** Where a child goes that wants to be gone, from a page of our own. */
const harmlessPage = 'https://www.google.nl/'

/** The Stopknop's form: seven questions, one a screen. Reads the school's key from `?s=`. */
export class M5ViewStopknop extends LitElement {
  static override styles = [tokens, controls, formStyles]
  static override properties = {
    info: { type: Object },
    answers: { state: true },
    at: { state: true },
    spoken: { state: true },
    missing: { state: true },
    opened: { state: true },
    left: { state: true },
  }

  /** What the server prints into the page; without it the view asks. */
  declare info: FormInfo | undefined
  declare answers: Answers
  declare at: StepName
  declare spoken: Spoken
  declare missing: boolean
  declare opened: readonly string[]
  /** "Snel weg" was pressed: nothing is shown any more. */
  declare left: boolean

  #host: Host = connectHost()
  #school: School
  #sending: Sending
  /** Fetched and open, for the report that was just received. */
  #claim: ((receipt: Receipt) => TemplateResult) | undefined
  #speaker: Speaker = createSpeaker()
  #wasBusy = false
  #shown = ''
  #stop: (() => void)[] = []

  constructor() {
    super()
    this.answers = noAnswers()
    this.at = 'who'
    this.spoken = dutch
    this.missing = false
    this.opened = []
    this.left = false
    this.#school = createSchool({
      key: new URLSearchParams(location.search).get('s') ?? '',
      changed: () => this.requestUpdate(),
      came: () => {
        if (this.at === 'who') this.at = 'what'
      },
      went: this.#forgetNames,
      trouble: code => this.#host.tell('error', { code }),
      portalToken: this.#host.portalToken,
    })
    this.#sending = createSending(this.#school.api.send, () => this.#sendingChanged())
  }

  override connectedCallback() {
    super.connectedCallback()
    this.toggleAttribute('framed', this.#host.framed)
    const online = () => {
      this.#sending.online()
      if (!this.#school.info) void this.#school.load()
    }
    window.addEventListener('online', online)
    window.addEventListener('keydown', this.#escape)
    this.#stop = [
      this.#host.listen(this.#hear),
      () => window.removeEventListener('online', online),
      () => window.removeEventListener('keydown', this.#escape),
      () => this.#speaker.stop(),
      this.#school.stop,
    ]
    void this.#school.load(this.info)
    void this.#speak(document.documentElement.lang)
    this.#host.tell('ready', {})
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    for (const stop of this.#stop) stop()
  }

  /** Somebody else sits here now: what the first one chose from the offered names goes, what was typed stays. */
  #forgetNames = () => {
    const typed = (people: Answers['by']) => people.filter(({ who }) => 'typedName' in who)
    const { by, targets, saw } = this.answers
    this.answers = { ...this.answers, by: typed(by), targets: typed(targets), saw: typed(saw) }
    this.at = 'who'
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
    else location.replace(harmlessPage)
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
    const named = this.#me !== undefined && this.answers.kind !== 'RATHER_NOT'
    const draft = draftOf(this.answers, this.spoken.language, named ? this.#me?.kind : undefined)
    void this.#sending.press(JSON.stringify(draft), named)
  }

  async #openClaim() {
    const { createClaiming, claimCard } = await import('./claim.ts')
    const claiming = createClaiming(this.#school.api.claimReport, () => this.requestUpdate())
    const stop = () => {
      this.#claim = undefined
      this.requestUpdate()
    }
    this.#claim = receipt => claimCard(this.#step, receipt, claiming, stop)
    this.requestUpdate()
  }

  #again = () => {
    this.answers = noAnswers()
    this.opened = []
    this.at = firstStep(this.#me !== undefined)
    this.#claim = undefined
    this.#sending.reset()
  }

  /** Who is signed in, or was until it expired. */
  get #me() {
    const { state } = this.#school.session
    return state.is === 'signed' || state.is === 'expired' ? state.me : undefined
  }

  get #step(): Step {
    const { session, info, ownGroup, api } = this.#school
    const me = this.#me
    const { words } = this.spoken
    return {
      words,
      age: isYoung(me ? me.ownGroup?.grade : this.answers.group) ? 'young' : 'older',
      answers: this.answers,
      set: this.#set,
      session,
      signIn: info?.signIn ?? false,
      signed: me !== undefined,
      statusPath: this.#page('status', this.spoken.language),
      otherLanguage: this.#host.framed ? undefined : this.#page('meld', this.spoken.language === 'nl' ? 'en' : 'nl'),
      ownGroup,
      groupName: me?.ownGroup?.name ?? '',
      search: session.state.is === 'signed' ? api.people : undefined,
      lines: info?.helpLines.length ? info.helpLines : words.form.helpLines,
      missing: this.missing,
      opened: this.opened,
      open: list => {
        this.opened = [...this.opened, list]
      },
    }
  }

  /** Where a page of ours is, of this school. */
  #page(name: 'meld' | 'status', language: Spoken['language']) {
    return `/${name}?s=${encodeURIComponent(this.#school.key)}&l=${language}`
  }

  async #speak(language: string) {
    this.spoken = await speak(language)
  }

  get #busy() {
    return !isEmpty(this.answers) && this.#sending.state.is !== 'received'
  }

  override updated() {
    const { language, words } = this.spoken
    const { info } = this.#school
    document.documentElement.lang = language
    document.title = info ? `${words.form.title} – ${info.school.name}` : words.form.title
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
    this.#speaker.say(spoken.map(element => element.textContent?.trim()).join('. '), this.spoken.language)
  }

  #outcome(state: SendingState, step: Step) {
    const actions = {
      retry: () => void this.#sending.retry(),
      back: () => this.#sending.stop(),
      again: this.#again,
      close: this.#host.framed ? () => this.#host.tell('close', {}) : undefined,
      claim: { open: () => void this.#openClaim(), card: this.#claim },
    }
    return html`<main class="stack">
      <h1 tabindex="-1">${outcomeHeading(state, step.words)}</h1>
      ${outcome(state, step, actions, this.spoken.language)}</main>`
  }

  #question(step: Step) {
    const readAloud = this.#speaker.can(this.spoken.language) ? this.#readAloud : undefined
    return question(step, { at: this.at, readAloud, go: to => this.#go(to), send: this.#send })
  }

  override render() {
    if (this.left) return nothing
    const { shared } = this.spoken.words
    const { key, info, session, alone } = this.#school
    if (!key) return html`<main><p role="alert">${shared.problem.school}</p></main>`
    const step = this.#step
    const { state } = this.#sending
    const returning = session.returning && !alone && this.at === 'who'
    return html`${topBar(step, info?.school.name, this.#leave)}
      ${
        returning
          ? html`<main><p role="status">${shared.loading}</p></main>`
          : state.is === 'idle'
            ? this.#question(step)
            : this.#outcome(state, step)
      }`
  }
}
