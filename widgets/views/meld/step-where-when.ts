/** 5. Waar was het? and 6. Wanneer was het, en hoe vaak? */
import { html, nothing, type TemplateResult } from 'lit'
import { days, frequencies, moments, places } from '../../../connector/api/vocabulary.ts'
import { tiles } from '../../kit/tiles.ts'
import type { Step } from './step.ts'
import { firstSix, moreButton } from './step-what.ts'

export const stepWhere = (step: Step): TemplateResult => {
  const { words, answers, set } = step
  const chosen = answers.place ? [answers.place] : []
  const shown = firstSix(step, 'where', places, chosen, 'UNKNOWN')
  return html`
    <p class="soft">${words.form.optional}</p>
    ${tiles({
      name: 'place',
      legend: words.form.where.heading,
      legendHidden: true,
      tiles: shown.map(place => ({
        value: place,
        label: words.shared.places[place],
        picture: place === 'ONLINE' ? ('ONLINE_PLACE' as const) : place,
        tone: 'where',
      })),
      chosen,
      choose: place => set({ place }),
    })}
    ${moreButton(step, 'where', shown.length, places.length)}`
}

const today = () => new Date().toLocaleDateString('sv-SE')

export const stepWhen = (step: Step): TemplateResult => {
  const { words, answers, set } = step
  const say = words.form.when
  const moment = answers.moment ? [answers.moment] : []
  const shown = firstSix(step, 'when', moments, moment, 'UNKNOWN')
  return html`
    <p class="soft">${words.form.optional}</p>
    ${tiles({
      name: 'day',
      legend: say.day,
      look: 'plain',
      tiles: days.map(value => ({ value, label: words.form.days[value] })),
      chosen: answers.day ? [answers.day] : [],
      choose: day => set({ day }),
    })}
    ${
      answers.day === 'LONGER_AGO'
        ? html`<div class="field narrow"><label for="date">${say.date}</label>
          <input id="date" type="date" max=${today()} .value=${answers.date} @input=${(event: Event) => set({ date: (event.target as HTMLInputElement).value })} /></div>`
        : nothing
    }
    ${tiles({
      name: 'moment',
      legend: say.moment,
      tiles: shown.map(value => ({ value, label: words.shared.moments[value], picture: value, tone: 'when' })),
      chosen: moment,
      choose: value => set({ moment: value }),
    })}
    ${moreButton(step, 'when', shown.length, moments.length)}
    ${tiles({
      name: 'often',
      legend: say.often,
      look: 'wide',
      tiles: frequencies.map(value => ({ value, label: words.shared.frequencies[value], picture: value })),
      chosen: answers.frequency ? [answers.frequency] : [],
      choose: frequency => set({ frequency }),
    })}`
}
