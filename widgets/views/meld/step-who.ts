/** 1. Wie ben jij? By the school's sign-in, or by saying as much as one likes. */
import { html, nothing, type TemplateResult } from 'lit'
import { reporterKinds } from '../../../connector/api/vocabulary.ts'
import { helpLines } from '../../kit/help.ts'
import { pictogram } from '../../kit/pictograms.ts'
import { tiles } from '../../kit/tiles.ts'
import { longestName } from './draft.ts'
import type { Step } from './step.ts'

const value = (event: Event) => (event.target as HTMLInputElement).value

export const stepWho = (step: Step): TemplateResult => {
  const { words, answers, set, session } = step
  const say = words.form.who
  const busy = ['waiting', 'answering', 'entering', 'linking'].includes(session.state.is)
  return html`
    <p>${say.intro}</p>
    ${
      step.signIn
        ? html`<section class="card entry">
          ${busy ? nothing : html`<h2>${say.signInTitle}</h2><p>${say.signInWhy}</p>`}
          <m5-sign-in .session=${session} .state=${session.state} .words=${words.shared}></m5-sign-in>
        </section>`
        : nothing
    }
    ${
      busy
        ? nothing
        : html`
    ${step.signIn ? html`<p class="or"><span>${say.or}</span></p>` : nothing}
    ${tiles({
      name: 'kind',
      legend: say.kind,
      look: 'wide',
      tiles: [
        ...reporterKinds.map(kind => ({ value: kind, label: words.form.kinds[kind], picture: kind })),
        { value: 'RATHER_NOT' as const, label: words.form.ratherNot, picture: 'rather_not' as const },
      ],
      chosen: answers.kind ? [answers.kind] : [],
      choose: kind => set({ kind }),
    })}
    ${
      answers.kind && answers.kind !== 'RATHER_NOT'
        ? html`<div class="card two">
          <div class="field"><label for="name">${say.name}</label><input id="name" type="text" maxlength=${longestName} autocomplete="off"
            aria-describedby="empty" .value=${answers.name} @input=${(event: Event) => set({ name: value(event) })} /></div>
          ${
            answers.kind === 'PUPIL'
              ? html`<div class="field"><label for="group">${say.group}</label><input id="group" type="text" maxlength="40" autocomplete="off"
                .value=${answers.group} @input=${(event: Event) => set({ group: value(event) })} /></div>`
              : nothing
          }
          <p class="soft small" id="empty">${say.nameHint}</p>
        </div>`
        : nothing
    }
    <p class="note">${pictogram('shield')}<span>${words.form.privacy[step.age]} <span class="soft">${say.unsigned}</span></span></p>
    <details class="card">
      <summary>${words.form.doors.title}</summary>
      <p>${words.form.doors.text}</p>
      ${helpLines(step.lines, words.form.alarm.call)}
    </details>
    <p class="row"><a href=${step.statusPath}>${words.form.look}</a>
      ${step.otherLanguage ? html`<a href=${step.otherLanguage}>${words.form.otherLanguage}</a>` : nothing}</p>`
    }`
}
