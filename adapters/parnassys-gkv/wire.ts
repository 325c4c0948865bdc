/**
 * The GKV's answers → wire objects, by an allow-list: birth dates and places, sex, addresses, telephone numbers and everything behind a
 * `geheim` flag are never put into any object. Lists are flat and joined by id; one element is a list of one. Namespaces and order of the
 * elements are not relied on: the WSDL is not public, and changed unannounced before.
 */
import { SourceError } from '../source.ts'
import type { Node } from '../tree.ts'

type Fields<Name extends string> = Partial<Record<Name, string>>

export type WireGroup = Fields<'id' | 'naam' | 'schooljaar'>
export type WirePlacement = Fields<'groep' | 'schooljaar' | 'vanafDatum' | 'totDatum' | 'leerjaar'>
type WireEnrolment = Fields<'datumInschrijving' | 'datumUitschrijving'>
type WireName = Fields<'id' | 'naam'>
type WireEmployment = Fields<'id' | 'naam' | 'afkorting'>

const pupilFields = ['id', 'leerlingNummer', 'achternaam', 'tussenvoegsel', 'roepNaam', 'voornamen'] as const
export interface WirePupil extends Fields<(typeof pupilFields)[number]> {
  placements: WirePlacement[]
  enrolments: WireEnrolment[]
}

const staffFields = ['id', 'firstName', 'lastName', 'tussenvoegsel', 'roepNaam', 'email'] as const
export interface WireEmployee extends Fields<(typeof staffFields)[number]> {
  /** Ids of employments, or the employments themselves. */
  employments: WireEmployment[]
}

export interface WirePupils {
  schoolYears: WireName[]
  groups: WireGroup[]
  pupils: WirePupil[]
}

export interface WireStaff {
  employments: WireEmployment[]
  staff: WireEmployee[]
}

/** Ours: some eight times the largest Dutch school; what keeps memory flat when an answer is all tiny records. */
const limits = { records: 40_000, parts: 120_000 }

const malformed = (message: string) => new SourceError('malformed', message)

/** Adds to lists and counts what comes, so that no answer grows without end. */
function adder() {
  const seen = { records: 0, parts: 0 }
  return <T>(to: T[], what: keyof typeof seen = 'records') =>
    (record: T) => {
      seen[what] += 1
      if (seen[what] > limits[what]) throw malformed(`more than ${limits[what]} ${what} for one school: refused`)
      to.push(record)
    }
}

/** A field is kept once; a second one is a contradiction, not an override. */
function fields<T extends object>(names: readonly (keyof T & string)[], target: () => T, what: string) {
  const nodes = names.map((name): [string, Node] => [
    name,
    {
      text(value) {
        const record = target()
        if (Object.hasOwn(record, name)) throw malformed(`a ${what} has ${name} twice`)
        Object.assign(record, { [name]: value })
      },
    },
  ])
  return Object.fromEntries(nodes)
}

/** `<list><item>…</item></list>`, where item has these fields and nothing else of it is read. */
function list<T extends object>(
  item: string,
  names: readonly (keyof T & string)[],
  found: (record: T) => void,
  more: (current: () => T) => Record<string, Node> = () => ({}),
  begin: () => T = () => ({}) as T,
): Node {
  let current = begin()
  return {
    children: {
      [item]: {
        open() {
          current = begin()
          found(current)
        },
        children: { ...fields<T>(names, () => current, item), ...more(() => current) },
      },
    },
  }
}

/** The `return` of getLeerlingen. */
export function pupilsContent(): { content: Node; found: WirePupils } {
  const found: WirePupils = { schoolYears: [], groups: [], pupils: [] }
  const add = adder()
  const parts = (pupil: () => WirePupil) => ({
    groepsindelingen: list<WirePlacement>(
      'groepsindeling',
      ['groep', 'schooljaar', 'vanafDatum', 'totDatum', 'leerjaar'],
      placement => add(pupil().placements, 'parts')(placement),
    ),
    inschrijvingen: list<WireEnrolment>('inschrijving', ['datumInschrijving', 'datumUitschrijving'], enrolment =>
      add(pupil().enrolments, 'parts')(enrolment),
    ),
  })
  const content: Node = {
    children: {
      schooljaren: list<WireName>('schooljaar', ['id', 'naam'], add(found.schoolYears)),
      groepen: list<WireGroup>('groep', ['id', 'naam', 'schooljaar'], add(found.groups)),
      leerlingen: list<WirePupil>('leerling', pupilFields, add(found.pupils), parts, () => ({
        placements: [],
        enrolments: [],
      })),
    },
  }
  return { content, found }
}

/** The `return` of getMedewerkers. An employment of a person is an id, as its text or in an `id` of its own. */
export function staffContent(): { content: Node; found: WireStaff } {
  const found: WireStaff = { employments: [], staff: [] }
  const add = adder()
  const employmentFields = ['id', 'naam', 'afkorting'] as const
  const parts = (employee: () => WireEmployee): Record<string, Node> => {
    let current: WireEmployment = {}
    const dienstverband: Node = {
      open() {
        current = {}
        add(employee().employments, 'parts')(current)
      },
      text(value) {
        current.id ??= value
      },
      children: fields<WireEmployment>(employmentFields, () => current, 'dienstverband'),
    }
    return { dienstverbanden: { children: { dienstverband } } }
  }
  const content: Node = {
    children: {
      dienstverbanden: list<WireEmployment>('dienstverband', employmentFields, add(found.employments)),
      medewerkers: list<WireEmployee>('medewerker', staffFields, add(found.staff), parts, () => ({ employments: [] })),
    },
  }
  return { content, found }
}
