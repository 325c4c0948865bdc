/** Where help is. The school's own list when we have it; else ours, so that a broken connection never hides a phone number. */
import { html, nothing } from 'lit'
import { pictogram } from './pictograms.ts'

export type Line = { name: string; phone?: string | undefined; url?: string | undefined; note?: string | undefined }

const digits = (phone: string) => phone.replace(/[^\d+]/g, '')

export const helpLines = (lines: readonly Line[], call: (phone: string) => string) => html`
  <ul class="lines">
    ${lines.map(
      line => html`<li>
        <span><b>${line.name}</b>${line.note ? html` <small>${line.note}</small>` : nothing}</span>
        <span class="row">
          ${line.phone ? html`<a class="button" href="tel:${digits(line.phone)}">${pictogram('HELP_NOW')}${call(line.phone)}</a>` : nothing}
          ${line.url ? html`<a href=${line.url} target="_blank" rel="noopener noreferrer">${new URL(line.url).hostname.replace(/^www\./, '')}</a>` : nothing}
        </span>
      </li>`,
    )}
  </ul>`
