/** The few texts that stand in the portal's page. A further language is one more line; a missing text is a type error. */
const nl = {
  stop: 'Stopknop',
  stopHint: 'Vertel wat er niet oké is',
  frame: 'Stopknop: vertel wat er gebeurde',
  group: 'M5 Monitor: meldingen van de groep',
  close: 'Sluiten',
  loading: 'Even laden…',
  slow: 'Dit duurt lang. Werkt het niet?',
  window: 'Open in een nieuw venster',
  ask: 'Je bent nog niet klaar. Wil je stoppen? Wat je hebt ingevuld, gaat dan weg.',
  stay: 'Ga door',
  quit: 'Ja, stoppen',
}

const en: typeof nl = {
  stop: 'Stop button',
  stopHint: 'Tell us what is not okay',
  frame: 'Stop button: tell us what happened',
  group: 'M5 Monitor: reports of the group',
  close: 'Close',
  loading: 'Loading…',
  slow: 'This takes long. Does it not work?',
  window: 'Open in a new window',
  ask: 'You have not finished. Do you want to stop? What you filled in will be gone.',
  stay: 'Carry on',
  quit: 'Yes, stop',
}

const languages: Record<string, typeof nl> = { nl, en }

/** The nearest `lang` around the element, Dutch when there is none or we do not have it. */
export const languageOf = (element: Element) => {
  const near = element.closest('[lang]')?.getAttribute('lang')?.slice(0, 2).toLowerCase() ?? 'nl'
  return Object.hasOwn(languages, near) ? near : 'nl'
}

export const wordsOf = (element: Element) => languages[languageOf(element)] ?? nl
