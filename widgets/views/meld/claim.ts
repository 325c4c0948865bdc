/**
 * "I do want to say who I am": after a report without a name. Never by itself: signing in is one choice, saying so another. Fetched when it is
 * asked for: most never do.
 */
import { html, nothing, type TemplateResult } from 'lit'
import type { Receipt } from '../../../connector/api/contract.ts'
import { ApiProblem, isPassing } from '../../kit/problem.ts'
import type { Step } from './step.ts'

type ClaimState = 'open' | 'busy' | 'done' | 'failed' | 'late'

type Claiming = ReturnType<typeof createClaiming>

export const createClaiming = (claim: (receipt: Receipt) => Promise<void>, changed: () => void) => {
  let state: ClaimState = 'open'
  const become = (next: ClaimState) => {
    state = next
    changed()
  }
  return {
    get state() {
      return state
    },
    say: async (receipt: Receipt) => {
      become('busy')
      try {
        await claim(receipt)
        become('done')
      } catch (problem) {
        // Too late, or somebody's already: trying again changes nothing. A sign-in that ended is made anew.
        const again = isPassing(problem) || (problem instanceof ApiProblem && problem.status === 401)
        become(again ? 'failed' : 'late')
      }
    },
  }
}

export const claimCard = (step: Step, receipt: Receipt, claiming: Claiming, stop: () => void): TemplateResult => {
  const { words, session } = step
  const say = words.form.claim
  const { state } = claiming
  if (state === 'done' || state === 'late') return html`<p class="note" role="status">${say[state]}</p>`
  const signed = session.state.is === 'signed' ? session.state.me : undefined
  return html`<section class="card stack claim">
    <h2>${say.open}</h2>
    ${state === 'failed' ? html`<p role="alert">${say.failed}</p>` : nothing}
    ${
      signed
        ? html`<p>${words.shared.signIn.signedInAs(signed.name)}</p><p>${say.sure}</p>`
        : html`<p>${say.why}</p><m5-sign-in .session=${session} .state=${session.state} .words=${words.shared}></m5-sign-in>`
    }
    <div class="row">
      ${signed ? html`<button type="button" class="main" ?disabled=${state === 'busy'} @click=${() => void claiming.say(receipt)}>${say.yes}</button>` : nothing}
      <button type="button" @click=${stop}>${say.no}</button>
    </div>
  </section>`
}
