/** What a contact of a case reads, in Dutch and English: short, calm, and always what to do now. */
import type { behaviourTypes, days } from './vocabulary.ts'

export interface ParentWords {
  lang: string
  openTitle: string
  openText: string
  open: string
  openQuiet: string
  title: (school: string) => string
  none: string
  school: string
  you: string
  reported: string
  answerTitle: string
  answerLabel: string
  send: string
  tellTitle: string
  tellText: string
  tell: string
  stop: string
  idle: string
  sentTitle: string
  back: string
  reportTitle: string
  reportText: string
  role: string
  roles: Record<'TARGET' | 'ACTOR' | 'BYSTANDER', string>
  what: string
  when: string
  words: string
  call: string
  danger: string
  thanksTitle: string
  thanksText: string
  stoppedTitle: string
  stoppedText: string
  closedTitle: string
  closedText: string
  failedTitle: string
  failedText: string
  emptyTitle: string
  emptyText: string
  behaviours: Record<(typeof behaviourTypes)[number], string>
  days: Record<(typeof days)[number], string>
}

const nl: ParentWords = {
  lang: 'nl',
  openTitle: 'Een bericht van school',
  openText: 'School heeft een bericht voor je. Druk op de knop om het te lezen.',
  open: 'Open het bericht',
  openQuiet: 'De link werkt één keer. Daarna kun je een kwartier lezen en schrijven.',
  title: school => `Berichten van ${school}`,
  none: 'Er zijn nog geen berichten.',
  school: 'School',
  you: 'Jij',
  reported: 'Je hebt een melding gedaan.',
  answerTitle: 'Iets terugschrijven',
  answerLabel: 'Jouw bericht aan school',
  send: 'Versturen',
  tellTitle: 'Is er iets gebeurd met je kind?',
  tellText: 'Dan kun je dat hier melden. Het komt bij de mensen van school die meldingen lezen.',
  tell: 'Een melding doen',
  stop: 'Stoppen',
  idle: 'Na een kwartier zonder iets te doen gaat deze pagina vanzelf dicht. Alleen jij en school lezen deze berichten.',
  sentTitle: 'Verstuurd',
  back: 'Terug naar de berichten',
  reportTitle: 'Een melding over je eigen kind',
  reportText: 'De mensen van school die jullie helpen, weten dat deze melding van jou komt.',
  role: 'Wat had je kind ermee te maken?',
  roles: {
    TARGET: 'Mijn kind had er last van',
    ACTOR: 'Mijn kind deed het',
    BYSTANDER: 'Mijn kind zag het',
  },
  what: 'Wat gebeurde er?',
  when: 'Wanneer?',
  words: 'Vertel het in je eigen woorden. Je mag dit leeg laten.',
  call: 'Ik wil graag dat school met mij praat',
  danger: 'Is er nu gevaar? Bel 112. Deze pagina is geen alarmnummer.',
  thanksTitle: 'Gelukt: school heeft je melding',
  thanksText: 'Goed dat je het vertelt. School leest het.',
  stoppedTitle: 'Je bent gestopt',
  stoppedText: 'Niemand kan deze berichten nu nog openen op dit apparaat. Wat je hebt verstuurd, is bij school.',
  closedTitle: 'Deze pagina is dicht',
  closedText:
    'De link is al gebruikt of te oud, of je was even weg. Vraag school om een nieuwe link. Je bent niets kwijt: wat je hebt verstuurd, is bij school.',
  failedTitle: 'Dit lukt nu niet',
  failedText: 'Er is niets verstuurd. Probeer het over een minuut opnieuw.',
  emptyTitle: 'Er staat nog niets',
  emptyText: 'Ga terug en schrijf eerst iets, of kies wat er gebeurde.',
  behaviours: {
    NAME_CALLING: 'uitschelden, gemene dingen zeggen',
    LAUGHING_AT: 'uitlachen of nadoen',
    LEAVING_OUT: 'buitensluiten',
    GOSSIP: 'roddelen',
    HURTING: 'slaan, schoppen, duwen',
    TAKING_BREAKING: 'afpakken of stukmaken',
    THREAT: 'bang maken, bedreigen',
    FORCING: 'dwingen',
    ONLINE: 'online: berichten, foto’s, filmpjes',
    WHO_I_AM: 'gemeen doen om wie iemand is',
    BODY_BOUNDARY: 'aanraken of kijken wat niet fijn is',
    WEAPON_DANGER: 'wapen of iets gevaarlijks',
    UNSAFE_FEELING: 'mijn kind voelt zich niet veilig',
    OTHER_UNKNOWN: 'iets anders, of ik weet het niet',
  },
  days: { TODAY: 'vandaag', YESTERDAY: 'gisteren', THIS_WEEK: 'deze week', LONGER_AGO: 'langer geleden' },
}

const en: ParentWords = {
  lang: 'en',
  openTitle: 'A message from school',
  openText: 'School has a message for you. Press the button to read it.',
  open: 'Open the message',
  openQuiet: 'The link works once. Then you have a quarter of an hour to read and write.',
  title: school => `Messages from ${school}`,
  none: 'There are no messages yet.',
  school: 'School',
  you: 'You',
  reported: 'You made a report.',
  answerTitle: 'Write back',
  answerLabel: 'Your message to school',
  send: 'Send',
  tellTitle: 'Did something happen to your child?',
  tellText: 'You can report it here. It goes to the people of the school who read reports.',
  tell: 'Make a report',
  stop: 'Stop',
  idle: 'After a quarter of an hour without doing anything this page closes by itself. Only you and school read these messages.',
  sentTitle: 'Sent',
  back: 'Back to the messages',
  reportTitle: 'A report about your own child',
  reportText: 'The people of the school who help you know that this report comes from you.',
  role: 'What did your child have to do with it?',
  roles: {
    TARGET: 'It happened to my child',
    ACTOR: 'My child did it',
    BYSTANDER: 'My child saw it',
  },
  what: 'What happened?',
  when: 'When?',
  words: 'Tell it in your own words. You may leave this empty.',
  call: 'I would like school to talk with me',
  danger: 'Is there danger now? Call 112. This page is no emergency number.',
  thanksTitle: 'Done: school has your report',
  thanksText: 'Good that you told. School will read it.',
  stoppedTitle: 'You have stopped',
  stoppedText: 'Nobody can open these messages on this device now. What you sent is with the school.',
  closedTitle: 'This page is closed',
  closedText:
    'The link was used or is too old, or you were away for a while. Ask school for a new link. Nothing is lost: what you sent is with the school.',
  failedTitle: 'This does not work now',
  failedText: 'Nothing was sent. Try again in a minute.',
  emptyTitle: 'There is nothing yet',
  emptyText: 'Go back and write something first, or choose what happened.',
  behaviours: {
    NAME_CALLING: 'calling names, saying mean things',
    LAUGHING_AT: 'laughing at somebody, mocking',
    LEAVING_OUT: 'leaving somebody out',
    GOSSIP: 'gossip',
    HURTING: 'hitting, kicking, pushing',
    TAKING_BREAKING: 'taking or breaking things',
    THREAT: 'frightening, threatening',
    FORCING: 'forcing',
    ONLINE: 'online: messages, photos, videos',
    WHO_I_AM: 'being mean because of who somebody is',
    BODY_BOUNDARY: 'touching or looking in a way that is not all right',
    WEAPON_DANGER: 'a weapon or something dangerous',
    UNSAFE_FEELING: 'my child does not feel safe',
    OTHER_UNKNOWN: 'something else, or I do not know',
  },
  days: { TODAY: 'today', YESTERDAY: 'yesterday', THIS_WEEK: 'this week', LONGER_AGO: 'longer ago' },
}

export const parentWords = (language: unknown): ParentWords => (language === 'en' ? en : nl)
