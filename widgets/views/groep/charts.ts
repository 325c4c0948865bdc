/** The two pictures, each with its numbers as text: bars over the weeks, and places against moments. */
import { html, nothing, svg, type TemplateResult } from 'lit'
import type { PanelReport } from '../../../connector/api/contract.ts'
import { pictogram } from '../../kit/pictograms.ts'
import type { StaffWords } from '../../kit/staff-words.ts'
import { capital } from '../../kit/words.ts'
import { heatOf, type Moment, type Place, unsupervised, type Week, weeksOf } from './data.ts'

export type ChartInput = {
  reports: readonly PanelReport[]
  from: string
  to: string
  words: StaffWords
  locale: string
}

/** "Weet ik niet" is the child's answer; to a teacher it means that it is not known. */
export const placeText = (place: Place, words: StaffWords) =>
  capital(place === 'UNKNOWN' ? words.panel.placeUnknown : words.shared.places[place])
export const momentText = (moment: Moment, words: StaffWords) =>
  capital(moment === 'UNKNOWN' ? words.panel.momentUnknown : words.shared.moments[moment])

const shortDay = (day: string, locale: string) =>
  new Date(`${day}T12:00:00Z`).toLocaleDateString(locale, { day: 'numeric', month: 'short', timeZone: 'UTC' })

const bars = (weeks: readonly Week[], words: StaffWords, locale: string) => {
  const [step, height, foot] = [weeks.length > 20 ? 24 : 44, 132, 40]
  const top = Math.max(4, ...weeks.map(({ count }) => count))
  const width = weeks.length * step
  return svg`<svg class="bars" viewBox="0 0 ${width} ${height + foot}" role="img" aria-labelledby="weeks" preserveAspectRatio="xMidYMid meet">
    <line class="base" x1="0" x2=${width} y1=${height} y2=${height} />
    ${weeks.map(({ monday, week, count }, index) => {
      const tall = Math.round((count / top) * (height - 24))
      const middle = index * step + step / 2
      const labelled = step > 30 || index % 2 === 0
      return svg`<g>
        <title>${words.panel.week(week)}, ${shortDay(monday, locale)}: ${count}</title>
        ${count > 0 ? svg`<rect class="bar" x=${middle - step * 0.31} width=${step * 0.62} y=${height - tall} height=${tall} rx="4" />` : nothing}
        <text class=${count > 0 ? 'number' : 'number none'} x=${middle} y=${height - tall - 7}>${count}</text>
        ${labelled ? svg`<text x=${middle} y=${height + 17}>${week}</text>` : nothing}
        ${step > 30 && (weeks.length - index) % 2 === 1 ? svg`<text class="date" x=${middle} y=${height + 33}>${shortDay(monday, locale)}</text>` : nothing}
      </g>`
    })}
  </svg>`
}

export const weekChart = ({ reports, from, to, words, locale }: ChartInput): TemplateResult => {
  const weeks = weeksOf(reports, from, to)
  const dayless = reports.filter(({ on, precision }) => !on || precision === 'UNKNOWN').length
  const say = words.panel
  return html`<figure class="card stack chart">
    <h2 id="weeks">${say.weeks}</h2>
    <div class="scroll" tabindex="0" role="group" aria-labelledby="weeks">${bars(weeks, words, locale)}</div>
    ${dayless > 0 ? html`<p class="soft small">${say.withoutDay(dayless)}</p>` : nothing}
    <details><summary>${say.asTable}</summary>
      <table><thead><tr><th scope="col">${say.weekHead}</th><th scope="col" class="count">${say.countHead}</th></tr></thead>
        <tbody>${weeks.map(
          ({
            monday,
            week,
            count,
          }) => html`<tr><th scope="row">${capital(say.week(week))} <span class="soft">(${shortDay(monday, locale)})</span></th>
            <td class="count">${count}</td></tr>`,
        )}</tbody></table>
    </details>
  </figure>`
}

/** The whole name where there is room, the short one on a phone; read aloud is always the whole. */
const head = (whole: string, short: string) =>
  html`<span class="whole">${whole}</span><span class="short" aria-hidden="true">${capital(short)}</span>`

/** On a phone: upright heads over small squares, so that a whole school day fits the width. */
export const heatTable = ({ reports, words }: ChartInput): TemplateResult => {
  const heat = heatOf(reports)
  const say = words.panel
  const shade = (count: number) => (count === 0 ? 0 : Math.max(1, Math.ceil((count / heat.most) * 4)))
  return html`<figure class="card stack">
    <h2 id="heat">${say.heat}</h2>
    <div class="scroll" tabindex="0" role="group" aria-labelledby="heat">
      <table class="heat" aria-labelledby="heat">
        <thead><tr><td></td>${heat.moments.map(moment => html`<th scope="col">${head(momentText(moment, words), say.short.moments[moment])}</th>`)}</tr></thead>
        <tbody>${heat.places.map(
          place => html`<tr>
            <th scope="row"><span class="place">${head(placeText(place, words), say.short.places[place])}
              ${unsupervised.has(place) ? html`<span class="eye">${eye}<span class="sr">${say.unsupervisedMark}</span></span>` : nothing}</span></th>
            ${heat.moments.map(moment => {
              const count = heat.count(place, moment)
              return html`<td class="shade${shade(count)}">${count === 0 ? html`<span aria-label="0">·</span>` : count}</td>`
            })}
          </tr>`,
        )}</tbody>
      </table>
    </div>
    <p class="soft small legend"><span class="eye">${eye}</span> ${say.heatHint}</p>
  </figure>`
}

const eye = html`<svg class="pic" viewBox="0 0 32 32" aria-hidden="true"><path d="M3 16q13-17 26 0-13 17-26 0zM16 12a4 4 0 1 0 .1 0zM5 28L27 4" /></svg>`

/** A face for how the child found it, with its words. */
export const feeling = (severity: 1 | 2 | 3 | 4, words: StaffWords) =>
  html`<span class="feeling face${severity}">${pictogram(`face${severity}`)}<span><span class="sr">${words.panel.severity}: </span>${capital(words.shared.severities[severity])}</span></span>`
