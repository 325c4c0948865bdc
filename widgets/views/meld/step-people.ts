/** 3. Wie deed het? and 4. Bij wie gebeurde het? */
import { html, nothing, type TemplateResult } from 'lit'
import { targetKinds } from '../../../connector/api/vocabulary.ts'
import { tiles } from '../../kit/tiles.ts'
import type { Person } from './draft.ts'
import type { Step } from './step.ts'

const heard = (event: Event) => (event as CustomEvent<readonly Person[]>).detail // SAFETY: only m5-people fires m5-chosen

export const people = (
  step: Step,
  chosen: readonly Person[],
  choose: (people: readonly Person[]) => void,
  roles = false,
) =>
  html`<m5-people .words=${step.words.form} .chosen=${chosen} .ownGroup=${step.ownGroup} .groupName=${step.groupName} .search=${step.search}
    .roles=${roles} @m5-chosen=${(event: Event) => choose(heard(event))}></m5-people>`

export const stepBy = (step: Step): TemplateResult => {
  const { words, answers, set } = step
  const say = words.form.by
  return html`
    <p>${say.hint} <span class="soft">${words.form.optional}</span></p>
    ${people(step, answers.by, by => set({ by, byUnknown: by.length > 0 ? false : answers.byUnknown }), true)}
    ${tiles({
      name: 'by-unknown',
      legend: say.heading,
      legendHidden: true,
      many: true,
      look: 'wide',
      tiles: [{ value: 'UNKNOWN', label: say.unknown, picture: 'UNKNOWN' }],
      chosen: answers.byUnknown ? ['UNKNOWN'] : [],
      choose: (_, on) => set({ byUnknown: on }),
    })}`
}

export const stepTarget = (step: Step): TemplateResult => {
  const { words, answers, set } = step
  const say = words.form.target
  return html`
    <p class="soft">${words.form.optional}</p>
    ${tiles({
      name: 'target',
      legend: say.heading,
      legendHidden: true,
      tiles: targetKinds.map(kind => ({ value: kind, label: words.form.targets[kind], picture: kind })),
      chosen: answers.target ? [answers.target] : [],
      choose: target => set({ target }),
    })}
    ${
      answers.target === 'SOMEONE_ELSE' || answers.target === 'GROUP'
        ? html`<h2>${answers.target === 'GROUP' ? say.group : say.which}</h2>${people(step, answers.targets, targets => set({ targets }))}`
        : nothing
    }`
}
