/** People's names and addresses: sealed where they are stored, opened for one board at a time. */
import type { Tx } from './database.ts'
import type { BoardKeys } from './keyring.ts'
import type { Bytes } from './seal.ts'

export interface PersonNames {
  given?: string
  /** The roepnaam. */
  preferred?: string
  initials?: string
  prefix?: string
  family?: string
}

export interface PersonContact {
  username?: string
  email?: string
}

const place = (personId: string, column: 'namesSealed' | 'contactSealed') => ({
  table: 'Person',
  row: personId,
  column,
})

/** As people say it: roepnaam, else given name, else initials; prefix; family name. */
export function displayName(names: PersonNames): string {
  const first = names.preferred ?? names.given ?? names.initials
  return [first, names.prefix, names.family].filter(Boolean).join(' ')
}

const dutch = new Intl.Collator('nl')

/** For lists of grown-ups: by family name without its prefix (NEN 1888), then by prefix, then as `displayName` begins. */
export function inOrder(a: PersonNames, b: PersonNames): number {
  const parts = (names: PersonNames) => [names.family, names.prefix, names.preferred ?? names.given ?? names.initials]
  const theirs = parts(b)
  return parts(a).reduce((order, part, i) => order || dutch.compare(part ?? '', theirs[i] ?? ''), 0)
}

export const sealNames = (keys: BoardKeys, personId: string, names: PersonNames): Bytes =>
  keys.seal(place(personId, 'namesSealed'), JSON.stringify(names))

export const sealContact = (keys: BoardKeys, personId: string, contact: PersonContact): Bytes | null =>
  Object.keys(contact).length === 0 ? null : keys.seal(place(personId, 'contactSealed'), JSON.stringify(contact))

/** Unknown ids are absent; who was merged is called what they became. Some 5 µs a person. @throws AppError `unavailable` when a name does not open */
export async function namesOf(
  tx: Tx,
  keys: BoardKeys,
  boardId: string,
  personIds: readonly string[],
): Promise<Map<string, PersonNames>> {
  const rows = await tx.person.findMany({
    where: { boardId, id: { in: [...new Set(personIds)] } },
    select: { id: true, namesSealed: true, mergedInto: { select: { id: true, namesSealed: true } } },
  })
  return new Map(
    rows.map(({ id, namesSealed, mergedInto }) => {
      const now = mergedInto ?? { id, namesSealed }
      return [id, JSON.parse(keys.open(place(now.id, 'namesSealed'), now.namesSealed)) as PersonNames]
    }),
  )
}

/** What reaches them: of active people only, who was merged by what they became. Absent: unknown, gone, or no contact is known. */
export async function contactsOf(
  tx: Tx,
  keys: BoardKeys,
  boardId: string,
  personIds: readonly string[],
): Promise<Map<string, PersonContact>> {
  const select = { id: true, active: true, contactSealed: true } as const
  const rows = await tx.person.findMany({
    where: { boardId, id: { in: [...new Set(personIds)] } },
    select: { ...select, mergedInto: { select } },
  })
  return new Map(
    rows.flatMap(({ mergedInto, ...row }) => {
      const { id, active, contactSealed } = mergedInto ?? row
      if (!active || contactSealed === null) return []
      return [[row.id, JSON.parse(keys.open(place(id, 'contactSealed'), contactSealed)) as PersonContact]]
    }),
  )
}

export interface FoundPerson {
  personId: string
  role: string
  status: string
}

/**
 * By the key of the source (`leerkracht:12`) in one school, of any of its sources. An unstable key (`#`) is found in its school year only.
 * @returns what each source says, live ones first; more than one person when two sources use one key
 */
export async function peopleBySourceKey(
  tx: Tx,
  keys: BoardKeys,
  { boardId, schoolId, sourceKey, schoolYear }: Record<'boardId' | 'schoolId' | 'sourceKey' | 'schoolYear', string>,
): Promise<FoundPerson[]> {
  const tags = [sourceTag(keys, sourceKey), sourceTag(keys, sourceKey, schoolYear)]
  const rows = await tx.affiliation.findMany({
    where: { boardId, schoolId, sourceTag: { in: tags } },
    select: { personId: true, role: true, status: true },
    orderBy: [{ status: 'asc' }, { personId: 'asc' }],
  })
  return rows
}

/** @param schoolYear for a key that holds in that year only: the same key next year is somebody else */
export const sourceTag = (keys: BoardKeys, sourceId: string, schoolYear?: string): Bytes =>
  keys.fingerprint('source-key', schoolYear === undefined ? sourceId : `${schoolYear} ${sourceId}`)
