/**
 * Records that may be somebody the board knows already, kept until a person says so (rosters.md §8). One row per source, kind and record. What a
 * person once said stays: whom a record is not it is never asked to be again.
 */
import { randomUUID } from 'node:crypto'
import type { Tx } from './database.ts'
import type { BoardKeys } from './keyring.ts'
import type { PersonNames } from './people.ts'
import type { RosterScope } from './roster.ts'
import type { Bytes } from './seal.ts'

/**
 * `same-key`: an id of somebody else, or of several. `staff-address`: an address that a colleague has. `reused-key`: a key of this source that
 * suddenly has other names.
 */
export type ConflictKind = 'same-key' | 'staff-address' | 'reused-key'
/** Gone: what caused the question is no longer there. */
export type ConflictState = 'open' | 'same' | 'other' | 'gone'

/** What the source says of the record: sealed, and opened for who decides. Fingerprints are hex. */
export interface ConflictShown {
  sourceId: string
  role: string
  names: PersonNames
  /** Of names and contact, as they were when it was asked. */
  print: string
  /** By which an account may sign in, once it is known whose it is. */
  keys: { type: string; tag: string; stable: boolean }[]
}

export interface ConflictNote {
  kind: ConflictKind
  /** By which the source knows the record, hex. */
  tag: string
  /** Whom the record became, when it became somebody. */
  personId: string | null
  /** Who it may be. */
  candidates: string[]
  shown: ConflictShown
}

/** What a person said before about one record of this source. */
export interface DecidedConflict {
  kind: ConflictKind
  tag: string
  /** `open` when something new came up since. */
  state: ConflictState
  /** Whom it is, by the last word on it. */
  same: string | null
  /** Whom it is not. */
  different: ReadonlySet<string>
  candidates: string[]
  /** Of the record about which it was said. */
  print: string
}

interface Sealed {
  shown: ConflictShown
  /** Said to be somebody else, in earlier rounds too. */
  different: string[]
}

const place = (row: string) => ({ table: 'MatchConflict', row, column: 'shownSealed' })

export const sealShown = (keys: BoardKeys, id: string, sealed: Sealed): Bytes =>
  keys.seal(place(id), JSON.stringify(sealed))

// SAFETY: sealed by sealShown and bound to its row.
export const openShown = (keys: BoardKeys, row: { id: string; shownSealed: Uint8Array }): Sealed =>
  JSON.parse(keys.open(place(row.id), row.shownSealed)) as Sealed

/** Of one source, every kind. People who were merged since are who they became. */
export async function decidedConflicts(
  tx: Tx,
  keys: BoardKeys,
  { boardId, sourceId }: Pick<RosterScope, 'boardId' | 'sourceId'>,
): Promise<DecidedConflict[]> {
  const rows = await tx.matchConflict.findMany({ where: { boardId, sourceId } })
  const opened = rows.map(row => ({ row, ...openShown(keys, row) }))
  const became = await mergedInto(
    tx,
    boardId,
    opened.flatMap(({ row, different }) => [...different, ...row.candidates, row.decidedFor ?? '']).filter(Boolean),
  )
  const now = (id: string) => became.get(id) ?? id
  return opened
    .filter(({ row, different }) => row.state === 'same' || row.state === 'other' || different.length > 0)
    .map(({ row, shown, different }) => ({
      // SAFETY: kind and state are written by this file and admin/conflicts.ts alone.
      kind: row.kind as ConflictKind,
      tag: hex(row.sourceTag),
      state: row.state as ConflictState,
      same: row.state === 'same' && row.decidedFor !== null ? now(row.decidedFor) : null,
      different: new Set([...different, ...(row.state === 'other' ? row.candidates : [])].map(now)),
      candidates: row.candidates.map(now),
      print: shown.print,
    }))
}

/** Ids of people who are somebody else by now, and whom they became. */
async function mergedInto(tx: Tx, boardId: string, ids: string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await tx.person.findMany({
    where: { boardId, id: { in: [...new Set(ids)] }, mergedIntoId: { not: null } },
    select: { id: true, mergedIntoId: true },
  })
  return new Map(rows.map(({ id, mergedIntoId }) => [id, mergedIntoId ?? id]))
}

/**
 * Pairs of people about whom another source of the board asks, or asked and was told that they are two: one question is asked once, not from
 * both ends.
 */
export async function askedElsewhere(
  tx: Tx,
  { boardId, sourceId }: Pick<RosterScope, 'boardId' | 'sourceId'>,
): Promise<Set<string>> {
  const rows = await tx.matchConflict.findMany({
    where: { boardId, sourceId: { not: sourceId }, state: { in: ['open', 'other'] }, personId: { not: null } },
    select: { personId: true, candidates: true },
  })
  return new Set(rows.flatMap(({ personId, candidates }) => candidates.map(each => pairOf(personId ?? '', each))))
}

/** The same for (a, b) and (b, a). */
export const pairOf = (a: string, b: string): string => (a < b ? `${a} ${b}` : `${b} ${a}`)

export interface NoteInput {
  notes: ConflictNote[]
  /** Tags of the records that were looked at: an open question about another one stays as it is. */
  evaluated: ReadonlySet<string> | 'all'
  at: Date
}

/**
 * In the transaction that applies. New questions are opened; those that are still there are seen again, with what they are about now; open ones
 * without a cause are gone. What a person decided stays decided, until it would be about somebody else.
 * @returns how many are open now and were not before
 */
export async function noteConflicts(tx: Tx, keys: BoardKeys, scope: RosterScope, input: NoteInput): Promise<number> {
  const { boardId, schoolId, sourceId } = scope
  const { notes, evaluated, at } = input
  const rows = await tx.matchConflict.findMany({ where: { boardId, sourceId } })
  const byKey = new Map(rows.map(row => [`${row.kind} ${hex(row.sourceTag)}`, row]))
  const seen = new Set(notes.map(note => `${note.kind} ${note.tag}`))
  let opened = 0
  for (const note of notes) {
    const row = byKey.get(`${note.kind} ${note.tag}`)
    const { kind, personId, candidates, shown } = note
    if (!row) {
      const id = randomUUID()
      const facts = { boardId, id, schoolId, sourceId, kind, personId, candidates, lastSeenAt: at, createdAt: at }
      const sealed = {
        sourceTag: Buffer.from(note.tag, 'hex'),
        shownSealed: sealShown(keys, id, { shown, different: [] }),
      }
      await tx.matchConflict.create({ data: { ...facts, ...sealed } })
      opened += 1
      continue
    }
    const before = openShown(keys, row)
    if (stillDecided(row, before.shown, note)) {
      await tx.matchConflict.update({ where: { boardId_id: { boardId, id: row.id } }, data: { lastSeenAt: at } })
      continue
    }
    if (row.state !== 'open') opened += 1
    const different = [...new Set([...before.different, ...(row.state === 'other' ? row.candidates : [])])]
    await tx.matchConflict.update({
      where: { boardId_id: { boardId, id: row.id } },
      data: {
        ...{ state: 'open', personId, candidates, lastSeenAt: at, decidedFor: null, decidedBy: null, decidedAt: null },
        shownSealed: sealShown(keys, row.id, { shown, different }),
      },
    })
  }
  const gone = rows.filter(row => {
    const tag = hex(row.sourceTag)
    return row.state === 'open' && !seen.has(`${row.kind} ${tag}`) && (evaluated === 'all' || evaluated.has(tag))
  })
  await tx.matchConflict.updateMany({
    where: { boardId, id: { in: gone.map(row => row.id) }, state: 'open' },
    data: { state: 'gone' },
  })
  return opened
}

/** Decided, and about nobody and nothing that was not there when it was. */
function stillDecided(
  row: { state: string; candidates: string[]; decidedFor: string | null },
  before: ConflictShown,
  note: ConflictNote,
): boolean {
  if (row.state !== 'same' && row.state !== 'other') return false
  if (note.kind === 'reused-key' && before.print !== note.shown.print) return false
  const known = new Set([...row.candidates, row.decidedFor])
  return note.candidates.every(candidate => known.has(candidate))
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
