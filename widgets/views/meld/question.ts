/** One of the seven questions, with what stands around it. */
import { html, nothing, type TemplateResult } from 'lit'
import { pictogram } from '../../kit/pictograms.ts'
import { type BottomInput, bottomBar, identity, progress } from './bars.ts'
import type { Step, StepName } from './step.ts'
import { stepHow } from './step-how.ts'
import { stepBy, stepTarget } from './step-people.ts'
import { stepWhat } from './step-what.ts'
import { stepWhen, stepWhere } from './step-where-when.ts'
import { stepWho } from './step-who.ts'

const screens: Record<StepName, (step: Step) => TemplateResult> = {
  who: stepWho,
  what: stepWhat,
  by: stepBy,
  target: stepTarget,
  where: stepWhere,
  when: stepWhen,
  how: stepHow,
}

export type QuestionInput = BottomInput & {
  /** Absent where the device has no voice for the language. */
  readAloud: (() => void) | undefined
}

/** Read aloud for the youngest, and on the first screen, where their age is not yet known. */
export const question = (step: Step, { readAloud, ...bottom }: QuestionInput): TemplateResult => {
  const { at } = bottom
  const { form } = step.words
  return html`<main class="stack" data-step=${at}>
      ${progress(step, at)}
      ${identity(step, at)}
      <div class="heading"><h1 tabindex="-1">${form[at].heading}</h1>
        ${
          readAloud && (step.age === 'young' || at === 'who')
            ? html`<button type="button" @click=${readAloud}>${pictogram('speaker')}${form.readAloud}</button>`
            : nothing
        }</div>
      ${screens[at](step)}
    </main>
    ${bottomBar(step, bottom)}`
}
