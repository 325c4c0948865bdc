/**
 * What a child types, in a child's Dutch. Every text carries one invented word that occurs in no other: whoever finds it in a backup, a
 * log or a panel knows which report leaked. No text holds a value of the vocabulary (`bus`, `gym`, `toilet` …).
 */
import type { ReportDraft } from '../../connector/api/contract.ts'
import type { Random } from './random.ts'

type Behaviour = ReportDraft['behaviours'][number]
type Place = NonNullable<ReportDraft['place']>

export interface WordsContext {
  behaviour: Behaviour
  place: Place
  /** Called names; `ik` perspective when the reporter is the target. */
  actor: string | undefined
  joiner: string | undefined
  target: string | undefined
  perspective: 'self' | 'other' | 'staff' | 'parent'
  token: string
}

/** Every call gives another invented word: `flomperik`, `dwazzelpuk`. None is part of another. */
export function tokenMaker(random: Random): () => string {
  const onset = [
    'bl',
    'br',
    'dw',
    'fl',
    'fr',
    'gl',
    'gn',
    'kl',
    'kn',
    'kr',
    'pl',
    'pr',
    'schr',
    'sl',
    'sn',
    'spr',
    'tr',
    'wr',
    'zw',
    'spl',
  ]
  const middle = [
    'omp',
    'azz',
    'ibb',
    'ugg',
    'eff',
    'onk',
    'urd',
    'imp',
    'orf',
    'ikk',
    'abb',
    'ost',
    'unt',
    'ekk',
    'olm',
    'irp',
  ]
  const end = [
    'erik',
    'elpuk',
    'eltas',
    'ermuts',
    'elbof',
    'erwip',
    'eldoes',
    'ersnor',
    'elkwast',
    'ernoot',
    'elfluit',
    'erhap',
  ]
  const extra = ['', 'ak', 'om', 'il', 'og', 'ur', 'is', 'et']
  const used: string[] = []
  return () => {
    for (;;) {
      const token = `${random.pick(onset)}${random.pick(middle)}${random.pick(extra)}${random.pick(end)}`
      if (used.some(other => other.includes(token) || token.includes(other))) continue
      used.push(token)
      return token
    }
  }
}

const self: Partial<Record<Behaviour, readonly string[]>> = {
  NAME_CALLING: [
    '{a} noemt mij steeds {w} en dat vind ik niet leuk',
    '{a} riep de hele tijd {w} tegen mij. Ik zei stop maar het ging door',
    'ze zeggen {w} als ik langs loop en dan gaan ze lachen',
    '{a} zei dat ik een {w} ben en dat niemand mij aardig vind',
  ],
  LAUGHING_AT: [
    '{a} deed mij na en zei {w} met een rare stem, iedereen moest lachen',
    'ik struikelde en toen ging {a} heel hard {w} roepen en lachen',
    'als ik iets zeg doet {a} een gek gezicht en dan zegt {j} {w}',
  ],
  LEAVING_OUT: [
    'ik mocht niet mee doen met {w}tikkertje van {a}',
    '{a} zegt dat het clubje {w} vol is maar daarna mocht iemand anders wel',
    'niemand wil naast mij zitten omdat {a} zegt dat ik {w} heb',
    'ik vroeg of ik mee mocht doen en toen zei {a} alleen als je {w} zegt en toen mocht het nog niet',
  ],
  GOSSIP: [
    '{a} vertelt aan iedereen dat ik {w} heb gedaan maar dat is niet waar',
    'er gaat een verhaal rond over mij en {w} en het komt van {a}',
  ],
  HURTING: [
    '{a} schopte tegen mijn been toen ik mijn fiets pakte, ik heb een blauwe plek zo groot als een {w}',
    'ik werd geduwd door {a} en viel op mijn knie, {j} riep {w}',
    '{a} sloeg mij zomaar. Ik zei au stop {w} en toen nog een keer',
    'hij trok aan mijn jas en mijn {w} knoop is eraf',
  ],
  TAKING_BREAKING: [
    '{a} pakte mijn {w} kaart af en gooide hem over het hek',
    'mijn broodtrommel met de {w} erop is kapot gemaakt, ik denk door {a}',
    'mijn band was weer leeg en het {w} dopje is weg',
    '{a} heeft mijn {w} verstopt en wil niet zeggen waar',
  ],
  THREAT: [
    '{a} zei dat ze mij opwachten na school bij de {w}hoek. Ik durf niet naar huis',
    'als ik iets zeg tegen de juf dan gaan ze {w} met mij doen zegt {a}',
  ],
  FORCING: [
    'ik moest mijn koek geven aan {a} anders mocht ik niet langs de {w}',
    '{a} zegt dat ik elke dag {w} moet halen anders ben ik geen vriend meer',
  ],
  ONLINE: [
    'in de groepsapp noemen ze mij {w} en {a} heeft een foto van mij gestuurd',
    '{a} heeft een groep gemaakt die {w} heet en iedereen zit erin behalve ik',
    'gisteravond kreeg ik wel twintig berichtjes met {w}. {j} stuurde het ook',
    'er is een filmpje van mij met {w} eronder. haal het weg alsjeblieft',
  ],
  WHO_I_AM: [
    '{a} zei iets gemeens over waar mijn familie vandaan komt en noemde het {w}',
    'ze lachen om hoe ik eruit zie en zeggen {w}',
  ],
  BODY_BOUNDARY: ['ik wil niet dat {a} aan mij zit, ik heb {w} gezegd, dat is ons stopwoord en het stopte niet'],
  UNSAFE_FEELING: [
    'ik ben bang om over het plein te lopen. Het komt door het {w} groepje',
    'ik heb buikpijn als ik naar school moet en droom van {w}',
  ],
}

const other: Partial<Record<Behaviour, readonly string[]>> = {
  NAME_CALLING: [
    '{a} schold {t} uit voor {w}. {t} deed niks terug',
    'ik hoorde dat {a} en {j} {w} riepen naar {t}',
    '{t} wordt elke dag {w} genoemd en ik vind het zielig',
  ],
  LAUGHING_AT: [
    '{a} deed {t} na en zei steeds {w} en {j} lachte mee',
    'toen {t} een beurt had gingen ze {w} fluisteren en lachen',
  ],
  LEAVING_OUT: [
    '{t} mocht weer niet mee doen met {w}bal. {a} bepaalt dat',
    '{t} stond alleen bij het hek. {a} had gezegd dat niemand {w} met {t} mocht spelen',
  ],
  GOSSIP: ['{a} zegt overal dat {t} {w} is en dat is niet eerlijk', 'er wordt geroddeld over {t}, iets met {w}'],
  HURTING: [
    '{a} duwde {t} tegen de fietsen en {j} stond erbij en riep {w}',
    'ik zag dat {a} schopte en {t} huilde. er lag een {w} op de grond',
    'ze vochten om een {w} en toen sloeg {a} {t} op zijn hoofd',
    '{a} gaf {t} een stomp toen de meester niet keek, {j} zei goed zo {w}',
  ],
  TAKING_BREAKING: [
    '{a} en {j} lieten de band van {t} leeglopen en noemden het {w}',
    'de tas van {t} hing in de boom, {a} zei dat het een {w} was',
    '{a} pakte de {w} van {t} en gaf hem niet terug',
  ],
  THREAT: [
    '{a} stond {t} op te wachten met {j}. Ze zeiden dat er {w} ging gebeuren',
    '{t} durft niet alleen naar zijn fiets want {a} zei {w}',
  ],
  FORCING: [
    '{t} moest van {a} de {w} dragen anders werd er geduwd',
    '{a} liet {t} zijn koek geven en zei dat is {w}geld',
  ],
  ONLINE: [
    'in de app van groep acht stuurt {a} plaatjes van {t} met {w} erbij',
    '{a} en {j} hebben een nep profiel gemaakt dat {w} heet en het gaat over {t}',
    'ze hebben {t} uit de groep gegooid en toen {w} gestuurd',
  ],
  WHO_I_AM: ['{a} zei iets over de huid van {t} en over {w}. Dat mag toch niet'],
  BODY_BOUNDARY: ['{a} deed iets bij {t} in de kleedkamer wat niet mag. {t} zei {w}'],
  WEAPON_DANGER: [
    '{a} heeft een zakmes in zijn tas, hij liet het zien en noemde het zijn {w}',
    'er was vuurwerk op het plein, een {w} van {a}',
  ],
  UNSAFE_FEELING: [
    'het is niet fijn op het plein door het {w} gedoe',
    'ik vind het eng als {a} in de buurt is, vanwege {w}',
  ],
  OTHER_UNKNOWN: [
    'er is iets met {t}, ik weet niet wat, ze zei alleen {w}',
    'het was niet ok maar ik weet niet hoe het heet, {w} of zo',
  ],
}

const adult: Record<'staff' | 'parent', readonly string[]> = {
  staff: [
    'Bij het ophalen zag ik dat {t} met natte ogen bij de fietsen stond; {a} liep weg. {t} noemde het woord {w}.',
    'Na de pauze vertelde {t} dat het weer mis was met {a}. Het gaat om {w}, zegt {t}.',
    'Zelf gezien: {a} duwt {t}. Aanleiding onduidelijk, er werd {w} geroepen.',
    'Genoteerd na een gesprekje aan mijn bureau: {t} slaapt slecht, noemt {a} en {w}.',
  ],
  parent: [
    'Ons kind kwam huilend thuis. Het gaat om {a} en iets wat ze {w} noemen. Kunt u hiernaar kijken?',
    'Dit is de derde keer. {t} wil niet meer op de fiets, vanwege {w}.',
    'Mijn dochter durft het niet zelf te melden. Zij hoorde {a} {w} roepen naar {t}.',
  ],
}

const openers = [
  '',
  '',
  '',
  'hoi, ',
  'eerst was het leuk maar toen: ',
  'vandaag weer. ',
  'het begon gewoon, maar ',
  'Dit is wat er gebeurde: ',
  'juf ik wil iets vertellen, ',
]
const closers = [
  '',
  '',
  '. Het is niet de eerste keer',
  '. niemand deed iets',
  '!!',
  '. Ik vond het heel gemeen',
  '. Kunnen jullie dit stoppen',
  '. Wil je niet zeggen dat ik het zei',
  '. de pleinwacht was er niet',
  '. Ik heb het nog aan niemand verteld',
  ' en het was bijna de hele pauze',
  '. Ik moest bijna huilen',
]
const where: Partial<Record<Place, readonly string[]>> = {
  BIKE_SHED: ['bij de fietsen', 'achter in het fietsenhok'],
  PLAYGROUND: ['op het plein', 'bij het klimrek', 'bij de zandbak', 'bij het voetbalveldje'],
  CLOAKROOM_LOCKERS: ['bij de kapstok'],
  TOILET: ['bij de wc'],
  HALL_STAIRS: ['op de gang', 'op de trap'],
  CLASSROOM: ['in de klas'],
  CHANGING_ROOM: ['in de kleedkamer'],
  WAY_TO_SCHOOL: ['onderweg naar huis', 'bij het bruggetje'],
  CANTEEN_LUNCH: ['bij het overblijven'],
}

export function writeWords(context: WordsContext, random: Random): string {
  const { perspective, behaviour, place, actor, joiner, target, token } = context
  const grown = perspective === 'staff' || perspective === 'parent'
  const child = perspective === 'self' ? self : other
  const templates = grown ? adult[perspective] : (child[behaviour] ?? other[behaviour] ?? other.OTHER_UNKNOWN ?? [])
  const filled = random
    .pick(templates)
    .replaceAll('{a}', actor ?? 'iemand')
    .replaceAll('{j}', joiner ?? 'een ander kind')
    .replaceAll('{t}', target ?? 'een kind')
    .replaceAll('{w}', token)
  if (grown) return filled
  const spot = (where[place]?.length ?? 0) > 0 && random.chance(0.4) ? ` ${random.pick(where[place] ?? [])}` : ''
  const text = `${random.pick(openers)}${filled}${spot}${random.pick(closers)}`
  return random.chance(0.5) ? text : text.charAt(0).toLocaleUpperCase('nl') + text.slice(1)
}
