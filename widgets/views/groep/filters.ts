/** Filters over what is loaded; only the period asks the connector again. */
import { html, nothing, type TemplateResult } from 'lit'
import type { PanelReport } from '../../../connector/api/contract.ts'
import { behaviourTypes, moments, places } from '../../../connector/api/vocabulary.ts'
import type { StaffWords } from '../../kit/staff-words.ts'
import { capital } from '../../kit/words.ts'
import { type Filter, noFilter, pupilsIn } from './data.ts'

export type Period = 4 | 12 | 52
const periods: readonly Period[] = [4, 12, 52]

export type FiltersInput = {
  words: StaffWords
  reports: readonly PanelReport[]
  filter: Filter
  period: Period
  change: (filter: Filter) => void
  changePeriod: (period: Period) => void
}

const select = <T extends string>(
  id: string,
  label: string,
  value: T,
  options: readonly { value: T; label: string }[],
  change: (value: T) => void,
) => html`<div class="field">
  <label for=${id}>${label}</label>
  <select id=${id} @change=${(event: Event) => change((event.target as HTMLSelectElement).value as T)}>
    ${options.map(option => html`<option value=${option.value} ?selected=${option.value === value}>${capital(option.label)}</option>`)}
  </select></div>`

export const filters = ({ words, reports, filter, period, change, changePeriod }: FiltersInput): TemplateResult => {
  const say = words.panel
  const every = { value: '' as const, label: say.all }
  const pupils = pupilsIn(reports)
  const used = <T extends string>(all: readonly T[], has: (value: T) => boolean, chosen: string) =>
    all.filter(value => value === chosen || has(value))
  return html`<form class="filters" aria-label=${say.filters} @submit=${(event: Event) => event.preventDefault()}>
    ${select(
      'period',
      say.period,
      String(period),
      periods.map(value => ({ value: String(value), label: say.periods[value] })),
      value => changePeriod(Number(value) as Period), // SAFETY: one of the options above
    )}
    ${select<Filter['behaviour']>(
      'behaviour',
      say.behaviour,
      filter.behaviour,
      [
        every,
        ...used(
          behaviourTypes,
          value => reports.some(({ behaviours }) => behaviours.includes(value)),
          filter.behaviour,
        ).map(value => ({ value, label: say.behaviours[value] })),
      ],
      behaviour => change({ ...filter, behaviour }),
    )}
    ${select<Filter['place']>(
      'place',
      say.place,
      filter.place,
      [
        every,
        ...used(places, value => reports.some(({ place }) => place === value), filter.place).map(value => ({
          value,
          label: words.shared.places[value],
        })),
      ],
      place => change({ ...filter, place }),
    )}
    ${select<Filter['moment']>(
      'moment',
      say.moment,
      filter.moment,
      [
        every,
        ...used(moments, value => reports.some(({ moment }) => moment === value), filter.moment).map(value => ({
          value,
          label: words.shared.moments[value],
        })),
      ],
      moment => change({ ...filter, moment }),
    )}
    ${
      pupils.length > 0 || filter.pupil
        ? select(
            'pupil',
            say.pupil,
            filter.pupil,
            [{ value: '', label: say.everyone }, ...pupils.map(({ id, label }) => ({ value: id, label }))],
            pupil => change({ ...filter, pupil }),
          )
        : nothing
    }
    ${
      Object.values(filter).some(Boolean)
        ? html`<button type="button" class="link" @click=${() => change(noFilter)}>${say.clear}</button>`
        : nothing
    }
  </form>`
}
