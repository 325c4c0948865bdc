/**
 * What every element of ours does: find its link, hold a frame, hear it, and stay the bare link when there is nothing to hold.
 * Lit's templates without LitElement: two flags and one render need no reactive properties, and a portal loads 1.8 kB less.
 */
import { html, nothing, render, type TemplateResult } from 'lit/html.js'
import { version } from './define.ts'
import { createFrame, type Frame } from './frame.ts'
import { type Link, linkOf, themeOf } from './link.ts'
import type { FrameMessage } from './messages.ts'
import { languageOf, wordsOf } from './words.ts'

const slowAfterMs = 8000

/**
 * @attr leave-href - Where "Snel weg" leads; a search page when it is not there.
 * @prop portalToken - A function that brings a token signed by the portal's server, as a promise of text; for portals that know their users.
 */
export abstract class Framed extends HTMLElement {
  static readonly m5Version = version

  /**
   * From the page, where the portal has a server: asks it for a token it signs for who sits here now (manifest/portal). Declared only, so that
   * one set before the upgrade stays.
   */
  declare portalToken?: () => Promise<string>

  protected readonly root = this.attachShadow({ mode: 'open', delegatesFocus: true })
  protected frame: Frame | undefined
  /** The frame has spoken. */
  protected ready = false
  #slow = false
  #timer = 0

  constructor(styles: string) {
    super()
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(styles)
    this.root.adoptedStyleSheets = [sheet]
  }

  connectedCallback() {
    this.update()
  }

  disconnectedCallback() {
    this.endFrame()
  }

  protected get words() {
    return wordsOf(this)
  }

  protected openFrame(place: Element | null, title: string, staff = false) {
    const link = linkOf(this)
    if (!link || !place || this.frame) return
    this.frame = createFrame({ url: link.url, title, staff, onMessage: message => this.#hear(message) })
    place.append(this.frame.element)
    this.#timer = setTimeout(() => {
      this.#slow = !this.ready
      this.update()
    }, slowAfterMs) as unknown as number // SAFETY: a number in every browser; the type is Node's
  }

  protected endFrame() {
    clearTimeout(this.#timer)
    this.frame?.end()
    this.frame = undefined
    this.ready = this.#slow = false
  }

  #hear(message: FrameMessage) {
    const { type, payload } = message
    if (type === 'ready') {
      this.ready = true
      this.frame?.send('locale', { lang: languageOf(this) })
      this.frame?.send('theme', themeOf(this))
    }
    if (type === 'ask-portal-token') void this.#handPortalToken()
    if (type === 'leave') location.replace(this.getAttribute('leave-href') ?? 'https://www.google.nl/')
    if (type === 'error') this.tell('m5-error', payload)
    this.heard(message)
    this.update()
  }

  /** To the frame that asked, and to no other that may have come in its place. */
  async #handPortalToken() {
    const { frame, portalToken } = this
    frame?.send('portal-token', { coming: !!portalToken })
    if (!portalToken) return
    const token = await Promise.resolve(portalToken.call(this)).catch(() => '')
    if (!token) this.tell('m5-error', { code: 'portal-token-missing' })
    frame?.send('portal-token', { token })
  }

  /** What this element does with a message, beyond what all do. */
  protected abstract heard(message: FrameMessage): void

  protected tell(name: string, detail?: unknown) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }))
  }

  protected waiting({ url }: Link, bones: TemplateResult | typeof nothing = nothing) {
    const { words } = this
    return html`<p class="wait" role="status">${words.loading}
      ${this.#slow ? html`<br />${words.slow} <a href=${url.href} target="_blank" rel="noopener">${words.window}</a>` : nothing}${bones}</p>`
  }

  protected abstract renderWith(link: Link): TemplateResult

  /** Renders what changed and nothing else; safe to call at any time. */
  update() {
    const link = linkOf(this)
    render(link ? this.renderWith(link) : html`<slot @slotchange=${() => this.update()}></slot>`, this.root)
  }
}
