/** What the pages without JavaScript say: Dutch, B1, and English. The names of tiles and places are those of the form (widgets/kit). */
import type { Request } from 'express'
import type { HelpLine } from './contract.ts'
import type { behaviourTypes, languages, places } from './vocabulary.ts'

export type Language = (typeof languages)[number]

/**
 * By the address (`l=en`), else by the browser. In a frame the page around it decides, and says so to the view: Dutch until then.
 */
export function languageOf(req: Request): Language {
  const asked = req.query.l
  if (asked === 'nl' || asked === 'en') return asked
  if (req.get('sec-fetch-dest') === 'iframe') return 'nl'
  return req.acceptsLanguages('nl', 'en') === 'en' ? 'en' : 'nl'
}

const nl = {
  language: 'nl' as Language,
  other: { language: 'en' as Language, name: 'English' },
  leave: 'Snel weg',
  alarm: {
    title: 'Hulp nu',
    text: 'Dit is geen alarmnummer. Is er nu gevaar? Bel 112. Wil je praten? Bel de Kindertelefoon: 0800-0432, gratis.',
  },
  helpLines: [
    { name: '112', phone: '112', note: 'Bij gevaar, nu meteen' },
    {
      name: 'De Kindertelefoon',
      phone: '0800-0432',
      url: 'https://www.kindertelefoon.nl',
      note: 'Gratis, 8 tot 18 jaar',
    },
    { name: 'Veilig Thuis', phone: '0800-2000', url: 'https://www.veiligthuis.nl', note: 'Gratis, dag en nacht' },
    { name: '113', phone: '113', url: 'https://www.113.nl', note: 'Bij gedachten aan zelfmoord. Gratis, dag en nacht' },
    { name: 'Vertrouwensinspecteur', phone: '0900-1113111', note: 'Voor ouders en wie op school werkt' },
  ] as HelpLine[],
  loading: {
    wait: 'Even laden…',
    plain: 'Duurt het lang? Open de knop als gewone pagina.',
  },
  form: {
    title: 'Stopknop',
    heading: (school: string) => `Stopknop van ${school}`,
    intro:
      'Is er iets niet ok? Vertel het hier. Wie dit leest, weet niet dat het van jou komt als je je naam niet opschrijft.',
    what: 'Wat gebeurde er?',
    words: 'Vertel het in je eigen woorden',
    actor: 'Wie deed het?',
    target: 'Bij wie gebeurde het?',
    place: 'Waar?',
    unknown: 'weet ik niet',
    danger: 'Er is nu gevaar',
    name: 'Wie ben jij? Je mag dit leeg laten.',
    send: 'Nu versturen',
    status: 'Heb je al iets gemeld? Kijk hoe het ermee gaat.',
  },
  behaviours: {
    NAME_CALLING: 'uitschelden, gemene dingen zeggen',
    LAUGHING_AT: 'uitlachen of nadoen',
    LEAVING_OUT: 'buitensluiten, niet mee mogen doen',
    GOSSIP: 'roddelen',
    HURTING: 'slaan, schoppen, duwen',
    TAKING_BREAKING: 'afpakken of stukmaken',
    THREAT: 'bang maken, bedreigen',
    FORCING: 'dwingen',
    ONLINE: 'online: berichten, foto’s, filmpjes',
    WHO_I_AM: 'gemeen doen om wie iemand is',
    BODY_BOUNDARY: 'aanraken of kijken wat niet fijn is',
    WEAPON_DANGER: 'wapen of iets gevaarlijks',
    UNSAFE_FEELING: 'ik voel me niet veilig',
    OTHER_UNKNOWN: 'iets anders, of ik weet het niet',
  } satisfies Record<(typeof behaviourTypes)[number], string>,
  places: {
    CLASSROOM: 'in de klas',
    HALL_STAIRS: 'gang of trap',
    CLOAKROOM_LOCKERS: 'kapstok, kluisjes',
    TOILET: 'wc',
    PLAYGROUND: 'schoolplein',
    GYM: 'gymzaal',
    CHANGING_ROOM: 'kleedkamer',
    CANTEEN_LUNCH: 'aula, kantine, overblijf',
    BIKE_SHED: 'fietsenstalling',
    AFTER_SCHOOL_CARE: 'BSO',
    WAY_TO_SCHOOL: 'onderweg',
    BUS: 'bus, taxi',
    NEIGHBOURHOOD: 'in de buurt, op straat',
    ONLINE: 'online',
    TRIP: 'uitje, kamp',
    ELSEWHERE: 'ergens anders',
    UNKNOWN: 'weet ik niet',
  } satisfies Record<(typeof places)[number], string>,
  thanks: {
    title: 'Gelukt',
    heading: 'Gelukt: we hebben je melding',
    text: 'Goed dat je het vertelt. De school leest het. Je kunt deze pagina sluiten.',
    yours: 'Dit zijn jouw drie woorden',
    why: 'Schrijf ze op, of maak er een foto van. Met deze woorden kun je later kijken wat school met je melding doet. Bewaar ze op een plek die alleen jij kent.',
    print: 'Print de woorden',
    copy: 'Kopieer de woorden',
    copied: 'Gekopieerd',
    look: 'Kijk hoe het met je melding gaat',
  },
  status: {
    title: 'Mijn melding',
    heading: 'Hoe gaat het met je melding?',
    ask: 'Typ je drie woorden',
    hint: 'Hoofdletters en streepjes maken niet uit. De volgorde wel.',
    button: 'Kijk',
    none: 'Bij deze woorden vinden we geen melding',
    noneText: 'Staan ze er goed, en in dezelfde volgorde? Probeer het nog eens. Je mag het ook opnieuw vertellen.',
    busy: 'Het is nu erg druk',
    busyText: 'Wacht een halve minuut en probeer het dan nog eens. Je woorden blijven goed.',
    steps: { RECEIVED: 'binnen', READ: 'gelezen', IN_PROGRESS: 'mee bezig', DONE: 'klaar' },
    now: {
      RECEIVED: 'School heeft je melding',
      READ: 'School heeft je melding gelezen',
      IN_PROGRESS: 'School is ermee bezig',
      DONE: 'School is hiermee klaar',
    },
    text: {
      RECEIVED: 'Je melding is goed aangekomen. Kijk over een paar dagen nog eens.',
      READ: 'Iemand van school weet nu wat je hebt verteld.',
      IN_PROGRESS: 'School praat erover en doet er iets aan.',
      DONE: 'Is het toch niet gestopt? Vertel het dan opnieuw. Dat mag altijd.',
    },
    says: 'School zegt:',
    tell: 'Iets vertellen',
  },
  unknown: {
    title: 'Deze knop hoort bij geen school',
    text: 'De link klopt niet meer. Vraag de school om een nieuwe.',
  },
  failed: {
    title: 'Dit lukt nu niet',
    text: 'Je melding is nog niet verstuurd. Probeer het over een minuut opnieuw.',
    status: 'Je woorden blijven goed. Probeer het over een minuut opnieuw.',
  },
}

export type PlainWords = typeof nl

const en: PlainWords = {
  language: 'en',
  other: { language: 'nl', name: 'Nederlands' },
  leave: 'Quick exit',
  alarm: {
    title: 'Help now',
    text: 'This is not an emergency number. Is there danger now? Call 112. Want to talk? Call the Kindertelefoon: 0800-0432, free.',
  },
  helpLines: [
    { name: '112', phone: '112', note: 'When there is danger now' },
    {
      name: 'De Kindertelefoon',
      phone: '0800-0432',
      url: 'https://www.kindertelefoon.nl',
      note: 'Free, for ages 8 to 18',
    },
    { name: 'Veilig Thuis', phone: '0800-2000', url: 'https://www.veiligthuis.nl', note: 'Free, day and night' },
    { name: '113', phone: '113', url: 'https://www.113.nl', note: 'When you think of suicide. Free, day and night' },
    { name: 'Vertrouwensinspecteur', phone: '0900-1113111', note: 'For parents and people who work at school' },
  ],
  loading: { wait: 'Loading…', plain: 'Does it take long? Open the button as a plain page.' },
  form: {
    title: 'Stop button',
    heading: school => `Stop button of ${school}`,
    intro:
      'Is something not ok? Tell it here. Who reads this does not know that it comes from you unless you write your name.',
    what: 'What happened?',
    words: 'Tell it in your own words',
    actor: 'Who did it?',
    target: 'Who did it happen to?',
    place: 'Where?',
    unknown: 'I don’t know',
    danger: 'There is danger now',
    name: 'Who are you? You may leave this empty.',
    send: 'Send now',
    status: 'Did you tell something before? See how it is going.',
  },
  behaviours: {
    NAME_CALLING: 'calling names, saying mean things',
    LAUGHING_AT: 'laughing at someone or copying them',
    LEAVING_OUT: 'leaving out, not being allowed to join in',
    GOSSIP: 'gossip',
    HURTING: 'hitting, kicking, pushing',
    TAKING_BREAKING: 'taking or breaking things',
    THREAT: 'scaring, threatening',
    FORCING: 'forcing',
    ONLINE: 'online: messages, photos, videos',
    WHO_I_AM: 'being mean because of who someone is',
    BODY_BOUNDARY: 'touching or looking that is not okay',
    WEAPON_DANGER: 'a weapon or something dangerous',
    UNSAFE_FEELING: 'I don’t feel safe',
    OTHER_UNKNOWN: 'something else, or I don’t know',
  },
  places: {
    CLASSROOM: 'classroom',
    HALL_STAIRS: 'hall or stairs',
    CLOAKROOM_LOCKERS: 'cloakroom, lockers',
    TOILET: 'toilet',
    PLAYGROUND: 'playground',
    GYM: 'gym',
    CHANGING_ROOM: 'changing room',
    CANTEEN_LUNCH: 'canteen, lunch',
    BIKE_SHED: 'bike shed',
    AFTER_SCHOOL_CARE: 'after-school care',
    WAY_TO_SCHOOL: 'on the way',
    BUS: 'bus, taxi',
    NEIGHBOURHOOD: 'neighbourhood, street',
    ONLINE: 'online',
    TRIP: 'trip, camp',
    ELSEWHERE: 'somewhere else',
    UNKNOWN: 'I don’t know',
  },
  thanks: {
    title: 'It worked',
    heading: 'It worked: we have your report',
    text: 'It is good that you told it. The school reads it. You can close this page.',
    yours: 'These are your three words',
    why: 'Write them down, or take a photo. With these words you can see later what the school does with your report. Keep them in a place that only you know.',
    print: 'Print the words',
    copy: 'Copy the words',
    copied: 'Copied',
    look: 'See how your report is going',
  },
  status: {
    title: 'My report',
    heading: 'How is your report going?',
    ask: 'Type your three words',
    hint: 'Capitals and hyphens do not matter. The order does. The words are Dutch.',
    button: 'Look',
    none: 'We find no report with these words',
    noneText: 'Are they right, and in the same order? Try once more. You may also tell it again.',
    busy: 'It is very busy now',
    busyText: 'Wait half a minute, then try again. Your words stay good.',
    steps: { RECEIVED: 'received', READ: 'read', IN_PROGRESS: 'being worked on', DONE: 'done' },
    now: {
      RECEIVED: 'The school has your report',
      READ: 'The school has read your report',
      IN_PROGRESS: 'The school is working on it',
      DONE: 'The school is done with this',
    },
    text: {
      RECEIVED: 'It arrived well. Look again in a few days.',
      READ: 'Somebody at school now knows what you told.',
      IN_PROGRESS: 'The school talks about it and does something about it.',
      DONE: 'Has it not stopped? Then tell it again. You always may.',
    },
    says: 'The school says:',
    tell: 'Tell something',
  },
  unknown: {
    title: 'This button belongs to no school',
    text: 'The link is not right any more. Ask the school for a new one.',
  },
  failed: {
    title: 'This does not work now',
    text: 'Your report has not been sent yet. Try again in a minute.',
    status: 'Your words stay good. Try again in a minute.',
  },
}

export const plainWords: Record<Language, PlainWords> = { nl, en }
