/** What stays on the screen around each question: help and the way out above, how far, who is signed in, and back and on below. */
import { html, nothing, type TemplateResult } from 'lit'
import { helpLines } from '../../kit/help.ts'
import { pictogram } from '../../kit/pictograms.ts'
import { type Step, type StepName, stepNames } from './step.ts'

const inSameRoot = (event: Event) =>
  ((event.currentTarget as Element).getRootNode() as ShadowRoot).querySelector('dialog') // SAFETY: our own buttons, in the view's shadow

/** In a frame this is the only title; the page around lays its closing cross over the end of the bar. */
export const topBar = (step: Step, schoolName: string | undefined, leave: () => void): TemplateResult => {
  const { form } = step.words
  return html`
    <header class="top">
      <p class="place">${form.title}${schoolName ? html`<small>${schoolName}</small>` : nothing}</p>
      <button type="button" class="aid" aria-haspopup="dialog" @click=${(event: Event) => inSameRoot(event)?.showModal()}>${pictogram('help')}${form.help}</button>
      <button type="button" class="exit" @click=${leave}>${pictogram('exit')}${form.leave}</button>
    </header>
    <dialog aria-labelledby="help-title">
      <div class="heading"><h2 id="help-title">${form.alarm.title}</h2>
        <button type="button" class="quiet" aria-label=${form.close} @click=${(event: Event) => inSameRoot(event)?.close()}>${pictogram('cross')}</button></div>
      <div class="stack"><p>${form.alarm.text}</p>${helpLines(step.lines, form.alarm.call)}</div>
    </dialog>`
}

/** A signed-in child is not asked who it is: then question 2 is the first. */
export const firstStep = (signed: boolean): StepName => (signed ? 'what' : 'who')

export const progress = ({ words, signed }: Step, at: StepName): TemplateResult => {
  const index = stepNames.indexOf(at)
  const skipped = stepNames.indexOf(firstStep(signed))
  const [now, of] = [index + 1 - skipped, stepNames.length - skipped]
  return html`<div class="steps"><span>${words.form.step(now, of)}</span><ol aria-hidden="true">
    ${Array.from({ length: of }, (_, i) => html`<li class=${i + 1 < now ? 'past' : i + 1 === now ? 'now' : ''}></li>`)}</ol></div>`
}

export const identity = ({ session, words, answers, set }: Step, at: StepName): TemplateResult | typeof nothing => {
  const { state } = session
  if (state.is === 'expired')
    return html`<p class="note">${pictogram('sign_in')}${words.form.who.expired(state.me.name)}</p>`
  if (state.is !== 'signed' || (at !== 'what' && at !== 'how')) return nothing
  const { signIn } = words.shared
  const { unnamed } = words.form
  if (answers.kind === 'RATHER_NOT')
    return html`<p class="me"><span>${unnamed.now}</span>
      <button type="button" class="link" @click=${() => set({ kind: undefined })}>${unnamed.undo}</button></p>`
  return html`<p class="me"><span>${signIn.signedInAs(state.me.name)}</span>
    <button type="button" class="link" @click=${() => void session.leave().then(() => session.prepare())}>${signIn.notMe}</button>
    <button type="button" class="link" @click=${() => set({ kind: 'RATHER_NOT' })}>${unnamed.choose}</button></p>`
}

export type BottomInput = { at: StepName; go: (to: StepName | undefined) => void; send: () => void }

export const bottomBar = ({ words, answers, signed }: Step, { at, go, send }: BottomInput): TemplateResult => {
  const { form } = words
  const index = stepNames.indexOf(at)
  const last = index === stepNames.length - 1
  const back = () => go(stepNames[index - 1])
  const next = () => go(stepNames[index + 1])
  return html`<footer class="bottom"><div>
    ${
      at !== firstStep(signed) && index > 0
        ? html`<button type="button" class="back" aria-label=${form.back} @click=${back}>${pictogram('back')}<span>${form.back}</span></button>`
        : nothing
    }
    <span class="fill"></span>
    ${
      index > 0 && !last
        ? html`<button type="button" class="now" ?disabled=${answers.behaviours.length === 0} @click=${send}>${form.sendNow}</button>`
        : nothing
    }
    ${
      last
        ? html`<button type="button" class="main next" @click=${send}>${form.send}${pictogram('check')}</button>`
        : html`<button type="button" class="main next" @click=${next}>${form.next}${pictogram('next')}</button>`
    }
  </div></footer>`
}
