/**
 * Whom a signed-in person may name: pupils of this school, by first name and group, the own group first. Never a directory: a search asks for
 * two letters and gives ten at most. Searching opens the names of one school in memory, for that moment.
 */
import { localDay } from '../store/calendar.ts'
import type { Database } from '../store/database.ts'
import type { Keyring } from '../store/keyring.ts'
import { namesOf, type PersonNames } from '../store/people.ts'
import { type PupilAt, pupilsOf } from '../store/pupils.ts'
import { withTenant } from '../store/scope.ts'

export interface NamingContext {
  db: Database
  keyring: Keyring
  clock: () => Date
}

interface Asker {
  boardId: string
  schoolId: string
  personId: string
}

const searchLimit = 10

export async function ownGroup(context: NamingContext, asker: Asker) {
  const pupils = await read(context, asker, 'own')
  const named = tiles(pupils.filter(p => p.id !== asker.personId))
  return { people: named.map(({ id, name }) => ({ id, name })), more: false }
}

/** @param text at least two letters (the contract checks): what a first or family name begins with, accents aside */
export async function search(context: NamingContext, asker: Asker, text: string) {
  const wanted = plain(text)
  const pupils = await read(context, asker, 'school')
  const hits = pupils.filter(p => p.id !== asker.personId && words(p.names).some(word => word.startsWith(wanted)))
  const shown = tiles(hits.slice(0, searchLimit))
  return { people: shown, more: hits.length > searchLimit }
}

type Pupil = PupilAt & { names: PersonNames }

async function read(
  context: NamingContext,
  { boardId, schoolId, personId }: Asker,
  of: 'own' | 'school',
): Promise<Pupil[]> {
  const keys = await context.keyring.board(boardId)
  const today = localDay(context.clock())
  return withTenant(context.db, { boardId, personId, role: 'person' }, async tx => {
    const pupils = await pupilsOf(tx, { boardId, schoolId, today, groupsOf: of === 'own' ? personId : null })
    const names = await namesOf(
      tx,
      keys,
      boardId,
      pupils.map(p => p.id),
    )
    return pupils
      .flatMap(p => {
        const found = names.get(p.id)
        return found ? [{ ...p, names: found }] : []
      })
      .sort((a, b) => firstName(a.names).localeCompare(firstName(b.names), 'nl'))
  })
}

/** First names; where two are the same, with as much of the family name as it takes to tell them apart. */
function tiles(pupils: Pupil[]): { id: string; name: string; group: string }[] {
  const same = (first: string) => pupils.filter(p => plain(firstName(p.names)) === plain(first))
  return pupils.map(({ id, group, names }) => {
    const first = firstName(names)
    const twins = same(first)
    const initial = (n: PersonNames) => [n.prefix, n.family?.slice(0, 1)].filter(Boolean).join(' ')
    const initials = new Set(twins.map(t => initial(t.names)))
    const family =
      initials.size === twins.length ? initial(names) : [names.prefix, names.family].filter(Boolean).join(' ')
    return { id, group, name: twins.length > 1 ? `${first} ${family}`.trim() : first }
  })
}

const firstName = (n: PersonNames) => n.preferred ?? n.given ?? n.initials ?? n.family ?? '?'
const words = (n: PersonNames) =>
  [n.preferred, n.given, n.family].flatMap(part => plain(part ?? '').split(/[\s-]+/)).filter(Boolean)
const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().trim()
