/** Choices as tiles: native inputs underneath, so keyboard and screen reader work as everywhere. */
import { html, nothing, type TemplateResult } from 'lit'
import { type Pictogram, pictogram } from './pictograms.ts'
import { capital } from './words.ts'

type Tile<T> = { value: T; label: string; picture?: Pictogram; tone?: string }

export type TilesInput<T> = {
  name: string
  legend: string
  /** The question already stands in the heading: then the legend is for the screen reader alone. */
  legendHidden?: boolean
  many?: boolean
  /** `wide`: picture beside text. `plain`: text alone. */
  look?: 'wide' | 'plain'
  tiles: readonly Tile<T>[]
  chosen: readonly T[]
  choose: (value: T, on: boolean) => void
}

export const tiles = <T extends string | number>(input: TilesInput<T>): TemplateResult => html`
  <fieldset>
    <legend class=${input.legendHidden ? 'sr' : ''}>${input.legend}</legend>
    <div class="tiles ${input.look ?? ''}">
      ${input.tiles.map(
        ({ value, label, picture, tone }) => html`<label class="tile tone-${tone ?? 'none'}">
          <input type=${input.many ? 'checkbox' : 'radio'} name=${input.name} value=${value} .checked=${input.chosen.includes(value)}
            @change=${(event: Event) => input.choose(value, (event.target as HTMLInputElement).checked)} />
          ${picture ? pictogram(picture) : nothing}<span>${capital(label)}</span>
          <svg class="tick pic" viewBox="0 0 32 32" aria-hidden="true"><path d="M6 17l7 7L26 9" /></svg>
        </label>`,
      )}
    </div>
  </fieldset>`
