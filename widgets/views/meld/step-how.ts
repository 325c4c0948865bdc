/** 7. Hoe erg was het, en hoe gaat het nu? A feeling, never a judgement. */
import { html, nothing, type TemplateResult } from 'lit'
import { helpers, wishes } from '../../../connector/api/vocabulary.ts'
import type { Pictogram } from '../../kit/pictograms.ts'
import { pictogram } from '../../kit/pictograms.ts'
import { tiles } from '../../kit/tiles.ts'
import { alarm } from './alarm.ts'
import { type Step, toggled } from './step.ts'
import { people } from './step-people.ts'

const severities = [1, 2, 3, 4] as const
const helperPictures: Record<(typeof helpers)[number], Pictogram> = {
  CHILD: 'PUPIL',
  GROWN_UP: 'STAFF',
  NOBODY: 'NOBODY',
  UNKNOWN: 'UNKNOWN',
}

export const stepHow = (step: Step): TemplateResult => {
  const { words, answers, set } = step
  const say = words.form.how
  return html`
    <p class="soft">${words.form.optional}</p>
    ${tiles({
      name: 'severity',
      legend: say.how,
      tiles: severities.map(value => ({
        value,
        label: words.shared.severities[value],
        picture: `face${value}` as const,
        tone: `face${value}`,
      })),
      chosen: answers.severity ? [answers.severity as (typeof severities)[number]] : [], // SAFETY: only set from these tiles
      choose: severity => set({ severity }),
    })}
    ${tiles({
      name: 'danger',
      legend: say.danger,
      many: true,
      look: 'wide',
      tiles: [{ value: 'YES', label: say.dangerYes, picture: 'WEAPON_DANGER', tone: 'alarm' }],
      chosen: answers.danger ? ['YES'] : [],
      choose: (_, danger) => set({ danger }),
    })}
    ${answers.danger ? alarm(step) : nothing}
    ${tiles({
      name: 'helped',
      legend: say.helped,
      many: true,
      look: 'wide',
      tiles: helpers.map(value => ({ value, label: words.form.helpers[value], picture: helperPictures[value] })),
      chosen: answers.helpedBy,
      choose: (value, on) => set({ helpedBy: toggled(answers.helpedBy, value, on) }),
    })}
    <details class="card" ?open=${answers.saw.length > 0}>
      <summary>${say.saw} <span class="soft">${words.form.optional}</span></summary>
      ${people(step, answers.saw, saw => set({ saw }))}
    </details>
    ${tiles({
      name: 'wish',
      legend: say.wish,
      look: 'wide',
      tiles: wishes.map(value => ({
        value,
        label: words.form.wishes[value],
        picture: value,
        tone: value === 'HELP_NOW' ? 'alarm' : 'none',
      })),
      chosen: answers.wish ? [answers.wish] : [],
      choose: wish => set({ wish }),
    })}
    ${answers.wish === 'HELP_NOW' && !answers.danger ? alarm(step) : nothing}
    <p class="note">${pictogram('shield')}<span>${words.form.privacy[step.age]}
      ${step.signed ? nothing : html`<span class="soft">${words.form.who.unsigned}</span>`}</span></p>`
}
