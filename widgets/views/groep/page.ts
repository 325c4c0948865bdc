/** What a group's page says: the summary with its limits, the filters, the two pictures and the list. */
import { html, nothing, type TemplateResult } from 'lit'
import type { PanelPage } from '../../../connector/api/contract.ts'
import { pictogram } from '../../kit/pictograms.ts'
import type { StaffWords } from '../../kit/staff-words.ts'
import type { Spoken } from '../../kit/words.ts'
import { heatTable, weekChart } from './charts.ts'
import { filtered, most, unsupervised, weeksOf } from './data.ts'
import { type FiltersInput, filters } from './filters.ts'
import { reportList } from './list.ts'

export type PageInput = Pick<FiltersInput, 'filter' | 'period' | 'change' | 'changePeriod'> & {
  page: PanelPage
  spoken: Spoken<StaffWords>
}

/** What this page does not show, and why: held until the end of the day, and nothing from before the group became theirs. */
const limits = ({ since, from, heldUntilEndOfDay }: PanelPage, { words: { panel }, language }: Spoken<StaffWords>) => {
  const day = new Date(`${since}T12:00:00Z`).toLocaleDateString(language, {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  })
  return html`${heldUntilEndOfDay ? html`<p>${panel.held}</p>` : nothing}${from <= since ? html`<p>${panel.since(day)}</p>` : nothing}`
}

const summary = (page: PanelPage, reports: PanelPage['reports'], spoken: Spoken<StaffWords>) => {
  const { words } = spoken
  const say = words.panel
  const place = most(reports.map(report => report.place))
  const moment = most(reports.map(report => report.moment))
  const open = reports.filter(report => unsupervised.has(report.place)).length
  return html`<section class="summary" aria-live="polite">
    <p class="big">${say.summary(reports.length, weeksOf([], page.from, page.to).length)}</p>
    ${
      place || moment || open
        ? html`<ul>
          ${place ? html`<li>${say.mostPlace(words.shared.places[place.value], place.count)}</li>` : nothing}
          ${moment ? html`<li>${say.mostMoment(words.shared.moments[moment.value], moment.count)}</li>` : nothing}
          ${open ? html`<li>${say.unsupervised(open, reports.length)}</li>` : nothing}</ul>`
        : nothing
    }
    <div class="soft small">
      <p>${say.caution}</p>
      ${limits(page, spoken)}
    </div></section>`
}

const nothingToShow = (page: PanelPage, spoken: Spoken<StaffWords>) => {
  const say = spoken.words.panel
  const none = page.reports.length === 0
  return html`<section class="card empty" role="status">${pictogram('search')}
    <h2>${none ? say.empty : say.emptyFilter}</h2>
    ${none ? html`<p class="soft">${say.emptyHint}</p>` : nothing}</section>
    ${limits(page, spoken)}`
}

export const panelPage = ({ page, spoken, ...choice }: PageInput): TemplateResult => {
  const { words, language } = spoken
  const say = words.panel
  const reports = filtered(page.reports, choice.filter)
  const chart = { reports, from: page.from, to: page.to, words, locale: language }
  return html`
    ${reports.length > 0 ? summary(page, reports, spoken) : nothing}
    ${filters({ words, reports: page.reports, ...choice })}
    ${
      reports.length === 0
        ? nothingToShow(page, spoken)
        : html`${weekChart(chart)}
          ${heatTable(chart)}
          <section class="stack"><h2>${say.list} <span class="soft" role="status">(${reports.length})</span></h2>${reportList(reports, words, language)}
            <p class="note small">${pictogram('shield')}<span>${say.notShown}</span></p></section>`
    }`
}
