/** 2. Wat gebeurde er? The one question that must be answered. */
import { html, nothing, type TemplateResult } from 'lit'
import { behaviourTypes, urgentBehaviours } from '../../../connector/api/vocabulary.ts'
import { pictogram } from '../../kit/pictograms.ts'
import { tiles } from '../../kit/tiles.ts'
import { alarm } from './alarm.ts'
import { type Behaviour, longestWords } from './draft.ts'
import { type Step, toggled } from './step.ts'

const urgent: readonly Behaviour[] = urgentBehaviours

/** The youngest see six choices first, and what they chose already. */
export const firstSix = <T>(
  step: Step,
  list: string,
  all: readonly T[],
  chosen: readonly T[],
  keep?: T,
): readonly T[] => {
  if (step.age === 'older' || step.opened.includes(list) || all.length <= 6) return all
  const first = keep === undefined ? all.slice(0, 6) : [...all.slice(0, 5), keep]
  return all.filter(one => first.includes(one) || chosen.includes(one))
}

export const moreButton = (step: Step, list: string, shown: number, all: number) =>
  shown < all
    ? html`<button type="button" class="more" @click=${() => step.open(list)}>${pictogram('OTHER_UNKNOWN')}${step.words.form.more}</button>`
    : nothing

export const stepWhat = (step: Step): TemplateResult => {
  const { words, answers, set, age } = step
  const say = words.form.what
  const shown = firstSix(step, 'what', behaviourTypes, answers.behaviours)
  return html`
    <p id="what-hint">${say.hint}</p>
    ${step.missing ? html`<p class="missing" role="alert">${say.none}</p>` : nothing}
    ${tiles<Behaviour>({
      name: 'what',
      legend: say.heading,
      legendHidden: true,
      many: true,
      tiles: shown.map(behaviour => ({
        value: behaviour,
        label: words.form.behaviours[age][behaviour],
        picture: behaviour,
        tone: 'what',
      })),
      chosen: answers.behaviours,
      choose: (behaviour, on) => set({ behaviours: toggled(answers.behaviours, behaviour, on) }),
    })}
    ${moreButton(step, 'what', shown.length, behaviourTypes.length)}
    ${answers.behaviours.some(behaviour => urgent.includes(behaviour)) ? alarm(step, words.form.alarm.urgent) : nothing}
    <div class="field">
      <label for="words">${say.words}</label><small id="words-hint">${say.wordsHint}</small>
      <textarea id="words" maxlength=${longestWords} aria-describedby="words-hint words-left" .value=${answers.words}
        @input=${(event: Event) => set({ words: (event.target as HTMLTextAreaElement).value })}></textarea>
      <small id="words-left" class="count">${say.left(longestWords - answers.words.length)}</small>
    </div>`
}
