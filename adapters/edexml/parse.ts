/**
 * EDEXML content → wire objects, by an allow-list: BSN, birth date, sex, address, ethnicity, country, photo, ECK iD, weight and the
 * supplier's own blocks are never put into any object. Independent of element order and of namespaces (EDEXML has none, UWLR its own).
 * Names are the vendor's: this is the one place, with `map.ts`, that knows them.
 */
import { SourceError } from '../source.ts'
import { type Node, owned } from '../tree.ts'
import type { XmlElement } from '../xml.ts'

type Fields<Name extends string> = Partial<Record<Name, string>>

export type WireSchool = Fields<
  'schooljaar' | 'brincode' | 'dependancecode' | 'instellingsnummer' | 'schoolkey' | 'aanmaakdatum' | 'xsdversie'
>

export interface WireGroup extends Fields<'naam' | 'jaargroep'> {
  kind: 'groep' | 'samengestelde_groep'
  key: string
}

interface WireRoles {
  rol: readonly string[]
  rolomschrijving: readonly string[]
}

/** Shared by the many that have none: two arrays per membership would be most of a roster's memory. */
const none: readonly string[] = Object.freeze([])

export interface WireReference extends WireRoles {
  kind: WireGroup['kind']
  key: string
}

const nameFields = ['achternaam', 'voorvoegsel', 'voornamen', 'voorletters-1', 'roepnaam'] as const
const accountFields = ['gebruikersnaam', 'emailadres'] as const
const pupilFields = ['jaargroep', 'instroomdatum', 'uitstroomdatum'] as const
type PersonField = (typeof nameFields)[number] | (typeof accountFields)[number] | (typeof pupilFields)[number]

export interface WirePerson extends Fields<PersonField>, WireRoles {
  kind: 'leerling' | 'leerkracht'
  key: string
  groups: WireReference[]
}

export interface WireRoster {
  school: WireSchool | undefined
  groups: WireGroup[]
  people: WirePerson[]
  /** Source ids of records whose key, or a key they refer to, had spaces round it. */
  trimmed: Set<string>
  /** Source ids of records with U+FFFD in a kept field: somebody wrote the export in the wrong encoding. */
  damaged: Set<string>
}

/** Ours: some eight times the largest Dutch school; what keeps memory flat when a document is all tiny records. */
export const rosterLimits = { records: 40_000, references: 120_000, rolesPerGroup: 40, keyLength: 256 }

export const sourceIdOf = (record: { kind: string; key: string }) => `${record.kind}:${record.key}`

const malformed = (message: string, sourceId?: string) =>
  new SourceError('malformed', message, sourceId === undefined ? {} : { sourceId })

/** What is being filled while the document goes by. */
interface Filling {
  roster: WireRoster
  group: WireGroup
  person: WirePerson
  /** The person, or the reference inside it that is open: where a role belongs. */
  roles: WireRoles
  references: number
  seen: Record<WireGroup['kind'] | WirePerson['kind'], number>
  last: string
}

/**
 * @param parts of the document that are read
 * @returns the allow-list to follow, the roster that fills up while it is followed, and the source id of the last record begun
 */
export function rosterContent(parts: readonly string[] = ['school', 'groepen', 'leerlingen', 'leerkrachten']): {
  content: Node
  roster: WireRoster
  soFar: () => string
} {
  const roster: WireRoster = { school: undefined, groups: [], people: [], trimmed: new Set(), damaged: new Set() }
  const filling: Filling = {
    roster,
    group: { kind: 'groep', key: '' },
    person: { kind: 'leerling', key: '', groups: [], rol: none, rolomschrijving: none },
    roles: { rol: none, rolomschrijving: none },
    references: 0,
    seen: { groep: 0, samengestelde_groep: 0, leerling: 0, leerkracht: 0 },
    last: '',
  }
  const nodes: Record<string, Node> = {
    school: schoolNode(filling),
    groepen: {
      children: {
        groep: groupNode(filling, 'groep'),
        samengestelde_groep: groupNode(filling, 'samengestelde_groep'),
      },
    },
    leerlingen: { children: { leerling: personNode(filling, 'leerling', pupilNodes(filling)) } },
    leerkrachten: { children: { leerkracht: personNode(filling, 'leerkracht', teacherNodes(filling)) } },
  }
  const children = Object.fromEntries(Object.entries(nodes).filter(([name]) => parts.includes(name)))
  return { content: { children }, roster, soFar: () => filling.last }
}

/** A field is kept once; a second one is a contradiction, not an override. */
function field<T extends object>(
  filling: Filling,
  target: () => T,
  id: (record: T) => string,
  name: keyof T & string,
): Node {
  return {
    text(value) {
      const record = target()
      if (Object.hasOwn(record, name)) throw malformed(`${id(record)} has ${name} twice`, id(record))
      if (value.includes('\uFFFD')) filling.roster.damaged.add(id(record))
      Object.assign(record, { [name]: value })
    },
  }
}

const schoolFields = [
  'schooljaar',
  'brincode',
  'dependancecode',
  'instellingsnummer',
  'schoolkey',
  'aanmaakdatum',
  'xsdversie',
] as const

function schoolNode(filling: Filling): Node {
  const { roster } = filling
  const target = () => roster.school ?? {}
  const nodes = schoolFields.map(name => [name, field(filling, target, () => 'school', name)])
  return {
    open() {
      if (roster.school !== undefined) throw malformed('the document names two schools')
      roster.school = {}
    },
    children: Object.fromEntries(nodes),
  }
}

function groupNode(filling: Filling, kind: WireGroup['kind']): Node {
  const kept = (name: 'naam' | 'jaargroep') => field(filling, () => filling.group, sourceIdOf, name)
  return {
    open(attribute) {
      filling.group = { kind, key: keyOf(filling, kind, attribute) }
      filling.roster.groups.push(filling.group)
    },
    children: kind === 'groep' ? { naam: kept('naam'), jaargroep: kept('jaargroep') } : { naam: kept('naam') },
  }
}

function personNode(filling: Filling, kind: WirePerson['kind'], children: Record<string, Node>): Node {
  return {
    open(attribute) {
      const key = keyOf(filling, kind, attribute)
      filling.person = { kind, key, groups: [], rol: none, rolomschrijving: none }
      filling.roles = filling.person
      filling.roster.people.push(filling.person)
    },
    children,
  }
}

function personFields(filling: Filling, names: readonly PersonField[]): Record<string, Node> {
  return Object.fromEntries(names.map(name => [name, field(filling, () => filling.person, sourceIdOf, name)]))
}

function pupilNodes(filling: Filling): Record<string, Node> {
  return {
    ...personFields(filling, [...nameFields, ...accountFields, ...pupilFields]),
    groep: referenceNode(filling, 'groep', {}),
    samengestelde_groepen: { children: { samengestelde_groep: referenceNode(filling, 'samengestelde_groep', {}) } },
  }
}

function teacherNodes(filling: Filling): Record<string, Node> {
  const roles = { rol: roleNode(filling, 'rol'), rolomschrijving: roleNode(filling, 'rolomschrijving') }
  const groups = {
    groep: referenceNode(filling, 'groep', roles),
    samengestelde_groep: referenceNode(filling, 'samengestelde_groep', roles),
  }
  return { ...personFields(filling, [...nameFields, ...accountFields]), ...roles, groepen: { children: groups } }
}

function roleNode(filling: Filling, name: keyof WireRoles): Node {
  return {
    text(value) {
      const { person, roles } = filling
      if (roles[name].length >= rosterLimits.rolesPerGroup)
        throw malformed(`${sourceIdOf(person)} has too many roles`, sourceIdOf(person))
      roles[name] = [...roles[name], value]
    },
  }
}

/** A reference without a key is an empty element, and so an absent one; unless a role hangs on it. */
function referenceNode(filling: Filling, kind: WireGroup['kind'], children: Record<string, Node>): Node {
  return {
    open(attribute) {
      filling.references += 1
      if (filling.references > rosterLimits.references)
        throw malformed('more memberships than one school can have: refused')
      const raw = attribute('key') ?? ''
      const found: WireReference = { kind, key: owned(raw.trim()), rol: none, rolomschrijving: none }
      if (raw !== found.key) filling.roster.trimmed.add(sourceIdOf(filling.person))
      filling.roles = found
      filling.person.groups.push(found)
    },
    children,
    close() {
      const { person } = filling
      const found = person.groups.at(-1)
      if (found?.key === '') {
        if (found.rol.length > 0)
          throw malformed(`${sourceIdOf(person)} has a role on a group without a key`, sourceIdOf(person))
        person.groups.pop()
      }
      filling.roles = person
    },
  }
}

/** Key without the spaces that do not count; the XSD compares them literally, so both notations are in the wild. */
function keyOf(filling: Filling, kind: keyof Filling['seen'], attribute: XmlElement['attribute']): string {
  const { roster, seen } = filling
  seen[kind] += 1
  if (roster.groups.length + roster.people.length >= rosterLimits.records)
    throw malformed(`more than ${rosterLimits.records} records for one school: refused`)
  const raw = attribute('key') ?? ''
  const key = raw.trim()
  const which = `${kind} (number ${seen[kind]} in the document)`
  if (key === '' || isEckId(key))
    throw malformed(
      `${which} has no key of the school's own system: ask the supplier to send SIS keys, an ECK iD is not used`,
    )
  if (key.length > rosterLimits.keyLength) throw malformed(`${which} has a key that is too long`)
  filling.last = `${kind}:${key}`
  if (raw !== key) roster.trimmed.add(filling.last)
  return owned(key)
}

/** UWLR 2.3 makes the ECK iD primary; it belongs to the learning-material chain only and is never a key of ours. */
function isEckId(key: string): boolean {
  return /^https?:\/\/(ketenid\.nl|id\.school)\//i.test(key)
}
