/** Canned answers of the API, parsed with the contract as the gallery starts. Every name is invented. */
import {
  type FormInfo,
  FormInfo as FormInfoSchema,
  GrantOffer,
  Groups,
  Me,
  Nameables,
  PanelPage,
  type PanelReport,
} from '../../connector/api/contract.ts'

const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

/** What a school key stands for in the gallery. */
export type Scenario = {
  title: string
  signIn: boolean
  /** Signed in from the start, as after a reload. */
  signed?: 'pupil' | 'young' | 'teacher' | 'parent'
  groups?: number
  panel?: 'full' | 'held' | 'empty' | 'error'
  refuses?: 'declined' | 'nobody-found' | 'conflict' | 'sign-in-failed' | 'wrong-code'
  /** The hand-off stays open, so that waiting can be looked at. */
  waits?: boolean
  reports?: 'received' | 'away' | 'refused'
  /** What the grant link says. */
  grant?: 'waits' | 'dead' | 'used-meanwhile' | 'error'
}

export const scenarios = {
  open: { title: 'Openbare knop, zonder inloggen', signIn: false },
  demo: { title: 'Niet ingelogd, school heeft inloggen', signIn: true, signed: 'pupil' },
  wacht: { title: 'Wachten op inloggen', signIn: true, waits: true },
  leerling: { title: 'Ingelogde leerling, groep 8', signIn: true, signed: 'pupil' },
  jong: { title: 'Ingelogde leerling, groep 4', signIn: true, signed: 'young' },
  weg: { title: 'Versturen lukt nog niet', signIn: false, reports: 'away' },
  geweigerd: { title: 'Versturen wordt geweigerd', signIn: false, reports: 'refused' },
  declined: { title: 'Inloggen: gestopt', signIn: true, refuses: 'declined' },
  onbekend: { title: 'Inloggen: niemand gevonden', signIn: true, refuses: 'nobody-found' },
  conflict: { title: 'Inloggen: meer dan één persoon', signIn: true, refuses: 'conflict' },
  mislukt: { title: 'Inloggen: mislukt', signIn: true, refuses: 'sign-in-failed' },
  code: { title: 'Inloggen: verkeerde code', signIn: true, refuses: 'wrong-code' },
  juf: { title: 'Leerkracht, één groep', signIn: true, signed: 'teacher', panel: 'full' },
  mentor: { title: 'Mentor, twee groepen, vandaag later', signIn: true, signed: 'teacher', groups: 2, panel: 'held' },
  leeg: { title: 'Nog geen meldingen', signIn: true, signed: 'teacher', panel: 'empty' },
  stuk: { title: 'Het paneel kan niet laden', signIn: true, signed: 'teacher', panel: 'error' },
  tweede: { title: 'Tweede persoon van een rol', signIn: true, signed: 'teacher', grant: 'waits' },
  dood: { title: 'Link voor een ander, of op', signIn: true, signed: 'teacher', grant: 'dead' },
  gebruikt: {
    title: 'Link net door een ander venster gebruikt',
    signIn: true,
    signed: 'teacher',
    grant: 'used-meanwhile',
  },
  haper: { title: 'Link kan niet laden', signIn: true, signed: 'teacher', grant: 'error' },
  geen: { title: 'Geen leerkracht van een groep', signIn: true, signed: 'parent', groups: 0 },
} as const satisfies Record<string, Scenario>

export type ScenarioKey = keyof typeof scenarios
export const scenarioOf = (key: string): Scenario | undefined =>
  Object.hasOwn(scenarios, key) ? scenarios[key as ScenarioKey] : undefined // SAFETY: an own key, just checked

const school = (key: string) => ({ key, name: 'Basisschool De Vlieger' })

export const formInfo = (key: string, { signIn }: Scenario): FormInfo =>
  FormInfoSchema.parse({
    school: school(key),
    signIn,
    helpLines: [
      { name: '112', phone: '112', note: 'als er nu gevaar is' },
      {
        name: 'De Kindertelefoon',
        phone: '0800-0432',
        url: 'https://www.kindertelefoon.nl',
        note: 'gratis, 8 tot 18 jaar, dagelijks 11–21 uur',
      },
      { name: 'Veilig Thuis', phone: '0800-2000', note: 'gratis, dag en nacht' },
      { name: 'Juf Samira, vertrouwenspersoon', note: 'op school, kamer naast de bibliotheek' },
    ],
  })

export const me = (key: string, { signed }: Scenario) =>
  Me.parse({
    name: { pupil: 'Noor Bakker', young: 'Sem de Vries', teacher: 'Juf Ilse', parent: 'Karin Jansen' }[
      signed ?? 'pupil'
    ],
    kind: signed === 'teacher' ? 'STAFF' : signed === 'parent' ? 'PARENT' : 'PUPIL',
    school: school(key),
    ...(signed === 'pupil' ? { ownGroup: { id: id(8), name: 'groep 8', grade: '8' } } : {}),
    ...(signed === 'young' ? { ownGroup: { id: id(4), name: 'groep 4', grade: '4' } } : {}),
  })

const classmates = [
  'Adam',
  'Bente',
  'Daan',
  'Esra',
  'Finn',
  'Guusje',
  'Hamza',
  'Isa',
  'Jip',
  'Lotte',
  'Mila',
  'Youssef',
]
export const ownGroup = Nameables.parse({
  people: classmates.map((name, n) => ({ id: id(100 + n), name })),
  more: false,
})

const elsewhere = ['Bram Visser', 'Brenda Smit', 'Britt Mulder', 'Oscar de Boer', 'Tess van Dijk']
export const search = (letters: string) => {
  const people = elsewhere
    .map((name, n) => ({ id: id(200 + n), name, group: `groep ${5 + (n % 3)}` }))
    .filter(({ name }) => name.toLowerCase().includes(letters.toLowerCase()))
  return Nameables.parse({ people: letters.length < 2 ? [] : people, more: people.length > 4 })
}

/** The token of the link chooses the role: `SCHOOL_LEADER`. */
export const grantOffer = (token: string) =>
  GrantOffer.parse({
    role: token,
    person: 'Marit van der Heuvel',
    school: 'Basisschool De Vlieger',
    ...(token === 'GROUP_TEACHER' ? { group: 'groep 7', until: '2027-08-01' } : {}),
  })

export const groups = ({ groups: count = 1 }: Scenario) =>
  Groups.parse({
    groups: ['groep 7', 'groep 8'].slice(0, count).map((name, n) => ({ id: id(7 + n), name, schoolYear: '2026/2027' })),
  })

type Row = readonly [
  daysAgo: number,
  report: Omit<PanelReport, 'id' | 'on' | 'precision'>,
  precision?: 'WEEK' | 'UNKNOWN',
]
const pupil = (n: number) => ({ id: id(100 + n), label: classmates[n] ?? '' })
const other = { label: 'een leerling van groep 8' }

const rows: readonly Row[] = [
  [
    1,
    {
      moment: 'MORNING_BREAK',
      place: 'PLAYGROUND',
      behaviours: ['LEAVING_OUT', 'NAME_CALLING'],
      frequency: 'MORE_OFTEN',
      severity: 3,
      involved: [
        { role: 'ACTOR', pupil: pupil(2) },
        { role: 'JOINER', pupil: other },
        { role: 'TARGET', pupil: pupil(3) },
      ],
    },
  ],
  [
    2,
    {
      moment: 'HOME_TIME',
      place: 'BIKE_SHED',
      behaviours: ['TAKING_BREAKING'],
      frequency: 'FIRST',
      severity: 2,
      involved: [{ role: 'ACTOR', pupil: pupil(6) }],
    },
  ],
  [
    5,
    {
      moment: 'MORNING_BREAK',
      place: 'PLAYGROUND',
      behaviours: ['HURTING'],
      frequency: 'MORE_OFTEN',
      severity: 4,
      involved: [
        { role: 'ACTOR', pupil: pupil(2) },
        { role: 'TARGET', pupil: pupil(9) },
      ],
    },
  ],
  [
    8,
    {
      moment: 'LUNCH',
      place: 'CANTEEN_LUNCH',
      behaviours: ['LAUGHING_AT'],
      frequency: 'UNKNOWN',
      severity: 1,
      involved: [],
    },
    'WEEK',
  ],
  [
    9,
    {
      moment: 'GYM_TIME',
      place: 'CHANGING_ROOM',
      behaviours: ['LAUGHING_AT', 'WHO_I_AM'],
      frequency: 'MORE_OFTEN',
      severity: 3,
      involved: [{ role: 'TARGET', pupil: pupil(3) }],
    },
  ],
  [
    15,
    {
      moment: 'EVENING_WEEKEND',
      place: 'ONLINE',
      behaviours: ['ONLINE', 'GOSSIP'],
      frequency: 'ALMOST_DAILY',
      severity: 3,
      involved: [
        { role: 'ACTOR', pupil: other },
        { role: 'TARGET', pupil: pupil(9) },
      ],
    },
  ],
  [
    16,
    {
      moment: 'MORNING_BREAK',
      place: 'PLAYGROUND',
      behaviours: ['LEAVING_OUT'],
      frequency: 'MORE_OFTEN',
      severity: 2,
      involved: [{ role: 'ACTOR', pupil: pupil(2) }],
    },
  ],
  [
    22,
    {
      moment: 'LESSON',
      place: 'CLASSROOM',
      behaviours: ['NAME_CALLING'],
      frequency: 'FIRST',
      involved: [{ role: 'TARGET', pupil: pupil(0) }],
    },
  ],
  [
    30,
    {
      moment: 'BEFORE_SCHOOL',
      place: 'WAY_TO_SCHOOL',
      behaviours: ['THREAT'],
      frequency: 'FIRST',
      severity: 4,
      involved: [{ role: 'ACTOR', pupil: other }],
    },
  ],
  [
    33,
    {
      moment: 'LUNCH',
      place: 'PLAYGROUND',
      behaviours: ['HURTING'],
      frequency: 'UNKNOWN',
      severity: 2,
      involved: [
        { role: 'ACTOR', pupil: pupil(6) },
        { role: 'TARGET', pupil: pupil(11) },
      ],
    },
  ],
  [
    47,
    {
      moment: 'LESSON_CHANGE',
      place: 'HALL_STAIRS',
      behaviours: ['HURTING'],
      frequency: 'FIRST',
      severity: 1,
      involved: [],
    },
  ],
  [
    60,
    { moment: 'UNKNOWN', place: 'UNKNOWN', behaviours: ['UNSAFE_FEELING'], frequency: 'UNKNOWN', involved: [] },
    'UNKNOWN',
  ],
]

const dayMs = 86_400_000

/** Reports keep their distance from `to`, so that the picture is the same every day. */
export const panelPage = (scenario: Scenario, from: string, to: string) => {
  const day = (ago: number) => new Date(Date.parse(to) - (ago + 1) * dayMs).toISOString().slice(0, 10)
  const since = day(70)
  const reports = rows
    .map(([ago, report, precision = 'DAY' as const], n) => ({
      id: id(1000 + n),
      ...(precision === 'UNKNOWN' ? {} : { on: day(ago) }),
      precision,
      ...report,
    }))
    .filter(({ on }) => !on || on >= from)
    .reverse()
  return PanelPage.parse({
    group: { id: id(7), name: 'groep 7' },
    from: from < since ? since : from,
    to,
    since,
    heldUntilEndOfDay: scenario.panel === 'held',
    reports: scenario.panel === 'empty' ? [] : reports,
  })
}
