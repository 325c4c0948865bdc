import { css, html, LitElement, nothing } from 'lit'
import type { Nameable, Nameables } from '../../../connector/api/contract.ts'
import { pictogram } from '../../kit/pictograms.ts'
import { controls, tokens } from '../../kit/theme.ts'
import type { Words } from '../../kit/words.ts'
import { longestName, mostPeople, type Person } from './draft.ts'

const ofNameable = ({ id, name, group }: Nameable): Person => ({
  key: id,
  label: group ? `${name} (${group})` : name,
  who: { personId: id },
})

/**
 * Choosing people: name tiles of the own group, search within the school, and a typed name. Without a sign-in no name is ever offered.
 * @fires m5-chosen - `detail` is the new list.
 */
export class M5People extends LitElement {
  static override styles = [
    tokens,
    controls,
    css`
      :host { display: grid; gap: 1.25rem; background: none; }
      .names { grid-template-columns: repeat(auto-fill, minmax(min(8.5rem, 46%), 1fr)); }
      .names .tile { justify-content: center; min-block-size: 3.5rem; padding: .5rem 1.75rem .5rem .75rem; font-weight: 650; }
      .chosen li { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; justify-content: space-between; padding: .5rem .5rem .5rem 1rem; border: 2px solid var(--accent); border-radius: .875rem; background: var(--tint); }
      .chosen ul { display: grid; gap: .5rem; }
      .chosen b { overflow-wrap: anywhere; }
      .switch { display: inline-flex; border: 2px solid var(--line); border-radius: .75rem; overflow: hidden; background: var(--card); }
      .switch label { position: relative; display: grid; place-items: center; min-block-size: 2.75rem; padding: 0 .875rem; cursor: pointer; font-weight: 600; }
      .switch input { position: absolute; inset: 0; margin: 0; inline-size: 100%; block-size: 100%; opacity: 0; cursor: pointer; }
      .switch label:has(:checked) { background: var(--accent); color: var(--on-accent); }
      .switch label:has(:focus-visible) { outline: 3px solid var(--focus); outline-offset: -4px; }
      .away { min-block-size: 2.75rem; min-inline-size: 2.75rem; padding: 0; }
      .add { display: flex; gap: .5rem; }
      .add input { flex: 1; }
    `,
  ]
  static override properties = {
    words: { attribute: false },
    chosen: { attribute: false },
    ownGroup: { attribute: false },
    groupName: { attribute: false },
    search: { attribute: false },
    roles: { type: Boolean },
    found: { state: true },
    failed: { state: true },
    letters: { state: true },
    typed: { state: true },
  }

  declare words: Words['form'] | undefined
  declare chosen: readonly Person[]
  declare ownGroup: readonly Nameable[]
  declare groupName: string
  /** Absent without a sign-in. */
  declare search: ((letters: string) => Promise<Nameables>) | undefined
  /** Ask of each: began or joined in. */
  declare roles: boolean
  declare found: Nameables | undefined
  declare failed: boolean
  declare letters: string
  declare typed: string
  #timer = 0

  constructor() {
    super()
    this.chosen = []
    this.ownGroup = []
    this.groupName = ''
    this.roles = false
    this.failed = false
    this.letters = ''
    this.typed = ''
  }

  #change(chosen: readonly Person[]) {
    this.dispatchEvent(new CustomEvent('m5-chosen', { detail: chosen.slice(0, mostPeople) }))
  }

  #toggle(person: Person, on: boolean) {
    const others = this.chosen.filter(({ key }) => key !== person.key)
    this.#change(on ? [...others, person] : others)
  }

  #seek(event: Event) {
    const letters = (event.target as HTMLInputElement).value.trim()
    this.letters = letters
    clearTimeout(this.#timer)
    if (letters.length < 2) {
      this.found = undefined
      return
    }
    this.#timer = setTimeout(() => void this.#find(letters), 250) as unknown as number
  }

  async #find(letters: string) {
    try {
      const found = await this.search?.(letters)
      if (letters !== this.letters) return
      this.found = found
      this.failed = false
    } catch {
      this.failed = true
      this.found = undefined
    }
  }

  #addTyped(event: Event) {
    event.preventDefault()
    const name = this.typed.trim()
    if (!name) return
    this.#toggle({ key: `typed:${name.toLowerCase()}`, label: name, who: { typedName: name } }, true)
    this.typed = ''
  }

  #tiles(people: readonly Nameable[], legend: string) {
    return html`<fieldset><legend>${legend}</legend><div class="tiles plain names">
      ${people.map(nameable => {
        const person = ofNameable(nameable)
        return html`<label class="tile"><input type="checkbox" .checked=${this.chosen.some(({ key }) => key === person.key)}
            @change=${(event: Event) => this.#toggle(person, (event.target as HTMLInputElement).checked)} />
          <span>${person.label}</span>
          <svg class="tick pic" viewBox="0 0 32 32" aria-hidden="true"><path d="M6 17l7 7L26 9" /></svg></label>`
      })}</div></fieldset>`
  }

  #role(person: Person, words: Words['form']) {
    const set = (joined: boolean) =>
      this.#change(this.chosen.map(one => (one.key === person.key ? { ...one, joined } : one)))
    return html`<span class="switch" role="radiogroup" aria-label=${words.by.role(person.label)}>
      ${[false, true].map(
        joined => html`<label><input type="radio" name=${`role-${person.key}`} .checked=${(person.joined ?? false) === joined}
          @change=${() => set(joined)} />${joined ? words.by.joined : words.by.began}</label>`,
      )}</span>`
  }

  override render() {
    const { words } = this
    if (!words) return nothing
    const say = words.people
    const status = this.failed
      ? say.failed
      : this.found?.people.length === 0
        ? say.none
        : this.found?.more
          ? say.many
          : ''
    return html`
      ${
        this.chosen.length > 0
          ? html`<div class="chosen"><h2 class="sr">${say.chosen}</h2><ul>
            ${this.chosen.map(
              person => html`<li><b>${person.label}</b><span class="row">
                ${this.roles ? this.#role(person, words) : nothing}
                <button type="button" class="quiet away" aria-label=${say.remove(person.label)} @click=${() => this.#toggle(person, false)}>${pictogram('cross')}</button>
              </span></li>`,
            )}</ul></div>`
          : nothing
      }
      ${this.ownGroup.length > 0 ? this.#tiles(this.ownGroup, say.ownGroup(this.groupName)) : nothing}
      ${
        this.search
          ? html`<div class="field"><label for="seek">${say.search}</label><small id="seek-hint">${say.searchHint}</small>
            <input id="seek" type="search" autocomplete="off" spellcheck="false" aria-describedby="seek-hint" .value=${this.letters}
              @input=${(event: Event) => this.#seek(event)} /></div>
            ${this.found && this.found.people.length > 0 ? this.#tiles(this.found.people, say.search) : nothing}
            <p class="soft" role="status">${status}</p>`
          : nothing
      }
      <form class="field" @submit=${(event: Event) => this.#addTyped(event)}>
        <label for="typed">${say.typed}</label><small id="typed-hint">${say.typedHint}</small>
        <div class="add">
          <input id="typed" type="text" autocomplete="off" maxlength=${longestName} aria-describedby="typed-hint" .value=${this.typed}
            @input=${(event: Event) => {
              this.typed = (event.target as HTMLInputElement).value
            }} />
          <button ?disabled=${this.typed.trim() === ''}>${say.add}</button>
        </div>
      </form>`
  }
}
