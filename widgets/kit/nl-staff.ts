/** Dutch for staff: the teacher's panel and the page behind a grant link. Apart from nl.ts, so that a child's phone does not load it. */
import type { grantRoles } from '../../connector/api/contract.ts'
import type { behaviourTypes, moments, places } from '../../connector/api/vocabulary.ts'
import { type Each, form } from './nl.ts'

export { shared } from './nl.ts'

/** The teacher's panel. Never just "Monitor": that is the yearly one of the law. */
export const panel = {
  behaviours: form.behaviours.older as Each<typeof behaviourTypes>,
  title: 'M5 Monitor: meldingen',
  titleOf: (group: string) => `M5 Monitor: meldingen van ${group}`,
  signIn: 'Log in om de meldingen van je groep te zien.',
  expired: 'Je bent uitgelogd omdat het scherm een tijd stil stond.',
  chooser: 'Groep',
  refuse: 'Deze pagina is voor de leerkracht of mentor van een groep.',
  refuseHint: 'Ben je dat wel? Vraag de veiligheidscoördinator of de beheerder om de groep aan jou te koppelen.',
  summary: (count: number, weeks: number) =>
    `${count === 1 ? '1 melding' : `${count} meldingen`} in ${weeks === 1 ? '1 week' : `${weeks} weken`}`,
  mostPlace: (place: string, count: number) => `Vaakst genoemde plek: ${place} (${count})`,
  mostMoment: (moment: string, count: number) => `Vaakst genoemde moment: ${moment} (${count})`,
  unsupervised: (count: number, of: number) => `${count} van ${of} op een plek met weinig toezicht`,
  caution: 'Aantallen laten zien waar je kunt kijken. Eén melding is nog geen patroon.',
  held: 'Meldingen van vandaag verschijnen hier aan het eind van de schooldag.',
  since: (day: string) => `Je ziet meldingen vanaf ${day}: de dag waarop deze groep jouw groep werd.`,
  empty: 'Nog geen meldingen in deze periode',
  emptyHint:
    'Dat kan goed nieuws zijn. Het kan ook zijn dat kinderen het (nog) niet vertellen: blijf kijken en ernaar vragen.',
  emptyFilter: 'Geen meldingen met deze keuze',
  clear: 'Alles tonen',
  filters: 'Laat zien',
  period: 'Periode',
  periods: { 4: 'laatste 4 weken', 12: 'laatste 12 weken', 52: 'hele periode' },
  behaviour: 'Wat',
  place: 'Waar',
  moment: 'Wanneer',
  pupil: 'Leerling',
  all: 'alles',
  everyone: 'iedereen',
  weeks: 'Per week',
  week: (week: number) => `week ${week}`,
  weekHead: 'Week',
  countHead: 'Meldingen',
  asTable: 'Bekijk als tabel',
  withoutDay: (count: number) =>
    count === 1
      ? '1 melding zonder dag staat niet in de grafiek.'
      : `${count} meldingen zonder dag staan niet in de grafiek.`,
  heat: 'Waar en wanneer',
  /** For the head of a column and of a row on a phone: one or two words. */
  short: {
    moments: {
      BEFORE_SCHOOL: 'voor school',
      LESSON: 'les',
      LESSON_CHANGE: 'leswissel',
      MORNING_BREAK: 'ochtendpauze',
      LUNCH: 'middagpauze',
      GYM_TIME: 'gym',
      HOME_TIME: 'uit school',
      AFTER_SCHOOL: 'na school',
      EVENING_WEEKEND: 'avond, vrij',
      UNKNOWN: 'onbekend',
    } satisfies Each<typeof moments>,
    places: {
      CLASSROOM: 'klas',
      HALL_STAIRS: 'gang, trap',
      CLOAKROOM_LOCKERS: 'kapstok',
      TOILET: 'wc',
      PLAYGROUND: 'schoolplein',
      GYM: 'gymzaal',
      CHANGING_ROOM: 'kleedkamer',
      CANTEEN_LUNCH: 'aula',
      BIKE_SHED: 'fietsen',
      AFTER_SCHOOL_CARE: 'BSO',
      WAY_TO_SCHOOL: 'onderweg',
      BUS: 'bus, taxi',
      NEIGHBOURHOOD: 'buurt',
      ONLINE: 'online',
      TRIP: 'uitje',
      ELSEWHERE: 'elders',
      UNKNOWN: 'onbekend',
    } satisfies Each<typeof places>,
  },
  heatHint: 'Plekken met een oog-teken hebben vaak weinig toezicht.',
  unsupervisedMark: 'vaak weinig toezicht',
  list: 'Meldingen',
  dayUnknown: 'dag niet bekend',
  placeUnknown: 'plek niet bekend',
  momentUnknown: 'moment niet bekend',
  inWeek: (week: number) => `ergens in week ${week}`,
  roles: { ACTOR: 'begon', JOINER: 'deed mee', TARGET: 'bij' },
  someone: 'Niemand genoemd',
  severity: 'Hoe het kind het vond',
  refresh: 'Vernieuwen',
  print: 'Afdrukken',
  notShown:
    'Wie het vertelde, wanneer dat was en eigen woorden staan hier niet. Daar gaat de veiligheidscoördinator over.',
  updated: (time: string) => `Bijgewerkt om ${time}`,
}

/** The page behind a grant link, for the second person. */
export const grant = {
  title: 'Een rol bevestigen',
  why: 'Iemand krijgt op je school een rol. Dat gaat pas in als een tweede persoon zegt dat het klopt. Die tweede persoon ben jij.',
  signIn: 'Log in, dan zie je om wie het gaat.',
  incomplete: 'Deze link is niet compleet',
  incompleteHint: 'Kopieer de hele link, ook het deel na het hekje (#), en open hem nog eens.',
  asks: (person: string, role: string, school: string) => `${person} krijgt de rol ${role} op ${school}.`,
  roles: {
    GROUP_TEACHER: 'leerkracht of mentor',
    SAFETY_COORDINATOR: 'veiligheidscoördinator',
    SCHOOL_LEADER: 'schoolleider',
    SUPPORT_COORDINATOR: 'intern begeleider',
    CONFIDENTIAL_ADVISER: 'vertrouwenspersoon',
    STEERING_GROUP: 'lid van de stuurgroep',
    BOARD_OFFICER: 'medewerker van het bestuur',
    PRIVACY_OFFICER: 'functionaris gegevensbescherming',
    IT_ADMINISTRATOR: 'beheerder',
  } satisfies Each<typeof grantRoles>,
  ofGroup: (role: string, group: string) => `${role} van ${group}`,
  opens: (person: string, what: string) => `Daarmee kan ${person} ${what}.`,
  /** Ends the sentence above. Source: domain.md §2. */
  opened: {
    GROUP_TEACHER: 'zien wat er gebeurt met en door leerlingen van die groep, maar niet wie het vertelde',
    SAFETY_COORDINATOR:
      'alle meldingen tussen leerlingen zien en, met een reden die wordt opgeschreven, ook wie iets meldde',
    SCHOOL_LEADER:
      'de meldingen per groep, de patronen van de hele school, dossiers van leerlingen en maatregelen zien, maar niet wie iets meldde',
    SUPPORT_COORDINATOR:
      'de dossiers zien van leerlingen die de veiligheidscoördinator of schoolleider deelt, maar niet wie iets meldde',
    CONFIDENTIAL_ADVISER: 'meldingen zien die over een volwassene gaan, of over lichaam en grenzen',
    STEERING_GROUP:
      'de patronen van de hele school, dossiers van leerlingen en maatregelen zien, maar niet wie iets meldde',
    BOARD_OFFICER: 'cijfers van de scholen zien zonder namen, en meldingen die over een volwassene gaan',
    PRIVACY_OFFICER: 'instellingen, aantallen en het logboek zien, maar geen melding',
    IT_ADMINISTRATOR: 'koppelingen en inloggen instellen, maar geen melding zien',
  } satisfies Each<typeof grantRoles>,
  mayGrant: (person: string) => `${person} kan dan ook andere collega’s een rol geven.`,
  until: (day: string) => `De rol geldt tot ${day}.`,
  question: 'Klopt dat?',
  yes: 'Ja, dat klopt',
  no: 'Nee',
  sending: 'Even opslaan…',
  done: 'Bevestigd',
  doneText: (person: string, role: string, school: string) => `${person} heeft nu de rol ${role} op ${school}.`,
  close: 'Je kunt deze pagina sluiten.',
  refused: 'Er is niets veranderd',
  refusedText: (person: string) =>
    `${person} heeft deze rol niet. Vertel de schoolleider dat hier iets niet klopt. Gaat het over de schoolleider zelf? Bel dan het bestuur.`,
  back: 'Terug naar de vraag',
  dead: 'Deze link werkt niet (meer)',
  deadText: 'Een link werkt één keer, een week lang, en alleen voor de persoon voor wie hij is gemaakt.',
  deadHint: 'Is hij voor jou, en heb je hem nog niet gebruikt? Vraag dan om een nieuwe.',
  perhaps: (person: string) => `Misschien was je antwoord toch aangekomen. Vraag ${person} of de rol er is.`,
}
