/** What the pages in Teams say. A further language is one more table; a missing sentence is a type error. */
const nl = {
  lang: 'nl',
  waiting: 'Even geduld…',
  refusedTitle: 'Teams kon je niet inloggen',
  refused: 'Dat is niet jouw fout. Je kunt gewoon verder en zo nodig zelf inloggen met school.',
  number: 'Vraagt iemand van school om een nummer? Dat is',
  failedTitle: 'Dit lukt nu niet',
  failed: 'De verbinding werkt even niet. Probeer het over een minuut opnieuw, of ga verder.',
  later: 'Probeer het over een minuut opnieuw.',
  go: 'Verder',
  noScript: 'JavaScript staat uit. In Teams werkt dit dan niet.',
  window: 'Open de Stopknop in een nieuw venster',
  chooseTitle: 'Wat komt er in deze tab?',
  chooseHint: 'Kies, en druk daarna op Opslaan.',
  outside: 'Deze pagina hoort in Teams. Voeg de app toe met de + boven een kanaal.',
  unknownTitle: 'Deze app hoort bij geen school',
  unknown: 'Het adres klopt niet meer. Vraag de beheerder van school om de app opnieuw te maken.',
  alarm: 'Is er gevaar? Bel 112. Wil je praten? Bel de Kindertelefoon: 0800-0432.',
  views: {
    meld: { title: 'Stopknop', hint: 'Vertel wat er niet oké is. Voor iedereen.' },
    groep: { title: 'Groepspaneel', hint: 'De meldingen van de groep. Voor de leerkracht of mentor.' },
  },
}
export type Say = typeof nl

const en: Say = {
  lang: 'en',
  waiting: 'One moment…',
  refusedTitle: 'Teams could not sign you in',
  refused: 'That is not your fault. You can carry on, and sign in with school yourself where it is needed.',
  number: 'Does somebody at school ask for a number? It is',
  failedTitle: 'This does not work now',
  failed: 'The connection is down for a moment. Try again in a minute, or carry on.',
  later: 'Try again in a minute.',
  go: 'Carry on',
  noScript: 'JavaScript is off. Without it this does not work in Teams.',
  window: 'Open the Stop button in a new window',
  chooseTitle: 'What goes into this tab?',
  chooseHint: 'Choose, and then press Save.',
  outside: 'This page belongs in Teams. Add the app by the + above a channel.',
  unknownTitle: 'This app belongs to no school',
  unknown: 'The address is not right any more. Ask the administrator of your school to make the app anew.',
  alarm: 'Danger? Call 112. Want to talk? Call the Kindertelefoon: 0800-0432.',
  views: {
    meld: { title: 'Stop button', hint: 'Tell what is not okay. For everybody.' },
    groep: { title: 'Group panel', hint: 'The reports of the group. For its teacher or mentor.' },
  },
}

export const words = { nl, en }
