/** The list: what, where, which day and moment, how bad, who was in it. Never who told, when, or in which words: the API does not send it. */
import { html, nothing, type TemplateResult } from 'lit'
import type { PanelReport } from '../../../connector/api/contract.ts'
import { pictogram } from '../../kit/pictograms.ts'
import type { StaffWords } from '../../kit/staff-words.ts'
import { capital } from '../../kit/words.ts'
import { feeling, momentText, placeText } from './charts.ts'
import { weekOf } from './data.ts'

const dayText = ({ on, precision }: PanelReport, words: StaffWords, locale: string) => {
  if (!on || precision === 'UNKNOWN') return capital(words.panel.dayUnknown)
  if (precision === 'WEEK') return capital(words.panel.inWeek(weekOf(on)))
  return capital(
    new Date(`${on}T12:00:00Z`).toLocaleDateString(locale, {
      weekday: 'long',
      day: 'numeric',
      month: 'long',
      timeZone: 'UTC',
    }),
  )
}

const roleOrder = ['ACTOR', 'JOINER', 'TARGET'] as const

const people = ({ involved }: PanelReport, words: StaffWords) =>
  involved.length === 0
    ? html`<p class="soft">${words.panel.someone}</p>`
    : html`<ul class="who">
      ${roleOrder.flatMap(role =>
        involved
          .filter(one => one.role === role)
          .map(
            ({ pupil }) =>
              html`<li class="role-${role.toLowerCase()}"><span class="role">${capital(words.panel.roles[role])}</span> <b>${pupil.label}</b></li>`,
          ),
      )}</ul>`

/** By the day it happened, never by the day it was told. Without a day: last. */
const latestFirst = (reports: readonly PanelReport[]) =>
  [...reports].sort((a, b) => (b.on ?? '').localeCompare(a.on ?? ''))

const severities = [1, 2, 3, 4] as const

export const reportList = (reports: readonly PanelReport[], words: StaffWords, locale: string): TemplateResult => html`
  <ul class="reports">
    ${latestFirst(reports).map(report => {
      const severity = severities.find(value => value === report.severity)
      const first = report.behaviours[0]
      return html`<li class="card report">
        ${first ? html`<span class="sign">${pictogram(first)}</span>` : nothing}
        <div class="what">
          <h3>${report.behaviours.map(behaviour => capital(words.panel.behaviours[behaviour])).join(' · ')}</h3>
          <p>${dayText(report, words, locale)} <span class="dot">·</span> ${momentText(report.moment, words)} <span class="dot">·</span> ${placeText(report.place, words)}
            ${report.frequency === 'UNKNOWN' ? nothing : html`<span class="dot">·</span> ${capital(words.shared.frequencies[report.frequency])}`}</p>
          ${people(report, words)}
        </div>
        ${severity ? feeling(severity, words) : nothing}
      </li>`
    })}
  </ul>`
