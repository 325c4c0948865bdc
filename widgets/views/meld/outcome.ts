/** After the press: under way, not yet, or received. The word "received" appears here and only with a receipt in hand. */
import { html, nothing, type TemplateResult } from 'lit'
import type { Receipt } from '../../../connector/api/contract.ts'
import { pictogram } from '../../kit/pictograms.ts'
import { alarm } from './alarm.ts'
import { savedWords } from './saved-words.ts'
import type { SendingState } from './sending.ts'
import type { Step } from './step.ts'

export type OutcomeActions = {
  retry: () => void
  back: () => void
  again: () => void
  close: (() => void) | undefined
  /** The card that says afterwards who it was, once it is asked for. */
  claim: { open: () => void; card: ((receipt: Receipt) => TemplateResult) | undefined }
}

export const outcomeHeading = ({ is }: SendingState, { form }: Step['words']) => {
  if (is === 'received') return form.done.heading
  return is === 'sending' ? form.sending.heading : form.sending.later
}

export const outcome = (
  state: SendingState,
  step: Step,
  actions: OutcomeActions,
  locale: string,
): TemplateResult | typeof nothing => {
  const { words } = step
  const say = words.form.sending
  switch (state.is) {
    case 'idle':
      return nothing
    case 'sending':
      return html`<p class="progress" role="status"><span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>${say.busy}</p>
        <div class="row"><button type="button" class="link" @click=${actions.back}>${say.back}</button></div>`
    case 'waiting':
    case 'failed':
      return html`<p class="not-yet" role="alert">${state.is === 'failed' ? say.failed : state.offline ? say.offline : say.waiting}</p>
        <div class="row">
          <button type="button" class="main" @click=${actions.retry}>${pictogram('refresh')}${say.retry}</button>
          <button type="button" @click=${actions.back}>${say.back}</button>
        </div>`
    case 'received': {
      const { receivedAt, standing, id, code } = state.receipt
      const time = new Date(receivedAt).toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' })
      const done = words.form.done
      return html`<div class="done stack" data-receipt=${id}>
        <span class="seal">${pictogram('check')}</span>
        <p class="lead">${done.thanks}</p>
        <p role="status">${done.at(time)} ${step.answers.wish === 'TALK' ? done.talk : done.next}</p>
        ${code ? savedWords(step, code) : nothing}
        <p class="soft">${done[standing]}</p>
        ${step.answers.wish === 'HELP_NOW' || step.answers.danger ? alarm(step) : nothing}
        <div class="row">
          ${actions.close ? html`<button type="button" class="main" @click=${actions.close}>${done.close}</button>` : nothing}
          <button type="button" @click=${actions.again}>${done.again}</button>
        </div>
        ${
          code && step.signIn
            ? (actions.claim.card?.(state.receipt) ??
              html`<p class="claim"><button type="button" class="link" @click=${actions.claim.open}>${words.form.claim.open}</button></p>`)
            : nothing
        }
      </div>`
    }
  }
}
