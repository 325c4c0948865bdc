/**
 * The keys of every board: made with the board, wrapped by the master key, which stays outside the database. Reporter identity has a
 * key of its own, which only `reveal` opens; nothing but the logged reveal may call that.
 */
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Config } from '../config.ts'
import { AppError } from '../errors.ts'
import type { Database, Tx } from './database.ts'
import { type Fingerprint, fingerprints } from './fingerprints.ts'
import { reservedBoard, withTenant } from './scope.ts'
import { type Bytes, keyBytes, open, type Place, randomBytes, seal } from './seal.ts'

type FieldPlace = Omit<Place, 'boardId'>

/** All that code outside this file may do with a board's keys. Loaded once; every call after that is synchronous. */
export interface BoardKeys {
  seal(place: FieldPlace, plain: string | Uint8Array): Bytes
  /** @throws AppError `unavailable` */
  open(place: FieldPlace, envelope: Uint8Array): string
  /** Seals who reported under the reveal key. There is no opening beside it. */
  sealReporter(place: FieldPlace, personId: string): Bytes
  fingerprint: Fingerprint
}

const purposes = ['fields', 'reveal', 'fingerprint'] as const
type Purpose = (typeof purposes)[number]

export interface Keyring {
  /** Makes a board's keys, in the transaction that makes the board. */
  create(tx: Tx, boardId: string): Promise<void>
  board(boardId: string): Promise<BoardKeys>
  /** Opens who reported. For the logged reveal alone. */
  reveal(boardId: string, place: FieldPlace, envelope: Uint8Array): Promise<string>
}

/** @throws AppError `misconfigured` when the master key is missing, or not the one of this database */
export async function openKeyring(
  config: Pick<Config, 'masterKeyHex' | 'masterKeyFile'>,
  db: Database,
): Promise<Keyring> {
  const hasKeys = await withTenant(
    db,
    { boardId: reservedBoard, role: 'system' },
    async tx => (await tx.boardKey.count()) > 0,
  )
  const master = masterKey(config, !hasKeys)
  const loaded = new Map<string, Promise<LoadedKeys>>()

  const load = (boardId: string) => {
    let keys = loaded.get(boardId)
    if (!keys) {
      keys = loadKeys(db, master, boardId)
      loaded.set(boardId, keys)
      keys.catch(() => loaded.delete(boardId))
    }
    return keys
  }

  const keyring: Keyring = {
    async create(tx, boardId) {
      for (const purpose of purposes) {
        const wrapped = seal(master, 1, wrapPlace(boardId, purpose, 1), randomBytes(keyBytes))
        await tx.boardKey.create({ data: { boardId, purpose, version: 1, wrapped } })
      }
    },
    async board(boardId) {
      return (await load(boardId)).use
    },
    async reveal(boardId, place, envelope) {
      const { reveal } = await load(boardId)
      return open(reveal.of, { boardId, ...place }, envelope).toString('utf8')
    },
  }
  if (!hasKeys) await makeReservedBoard(db, keyring)
  await keyring.board(reservedBoard)
  return keyring
}

/** The reserved board carries the keys of what exists before a board is known (signing keys). Two first starts at once: one wins. */
async function makeReservedBoard(db: Database, keyring: Keyring): Promise<void> {
  await withTenant(db, { boardId: reservedBoard, role: 'system' }, async tx => {
    await tx.$executeRaw`select pg_advisory_xact_lock(5305, 1)`
    if ((await tx.board.count()) > 0) return
    await tx.board.create({ data: { boardId: reservedBoard, name: 'reserved' } })
    await keyring.create(tx, reservedBoard)
  })
}

interface Versions {
  newest: number
  of: (version: number) => Uint8Array
}
interface LoadedKeys {
  use: BoardKeys
  reveal: Versions
}

async function loadKeys(db: Database, master: Uint8Array, boardId: string): Promise<LoadedKeys> {
  const rows = await withTenant(db, { boardId, role: 'system' }, tx => tx.boardKey.findMany({ where: { boardId } }))
  const versions = (purpose: Purpose): Versions => {
    const keys = new Map<number, Uint8Array>()
    for (const row of rows.filter(r => r.purpose === purpose))
      keys.set(row.version, unwrap(master, boardId, purpose, row.version, row.wrapped))
    if (keys.size === 0) throw new AppError('unavailable', `Board ${boardId} has no key for ${purpose}.`)
    return {
      newest: Math.max(...keys.keys()),
      of: version => {
        const key = keys.get(version)
        if (!key) throw new AppError('unavailable', `Board ${boardId} has no version ${version} of its ${purpose} key.`)
        return key
      },
    }
  }
  const fields = versions('fields')
  const reveal = versions('reveal')
  const root = versions('fingerprint')
  return {
    reveal,
    use: {
      seal: (place, plain) => seal(fields.of(fields.newest), fields.newest, { boardId, ...place }, plain),
      open: (place, envelope) => open(fields.of, { boardId, ...place }, envelope).toString('utf8'),
      sealReporter: (place, personId) => seal(reveal.of(reveal.newest), reveal.newest, { boardId, ...place }, personId),
      fingerprint: fingerprints(root.of(root.newest)),
    },
  }
}

const wrapPlace = (boardId: string, purpose: Purpose, version: number): Place => ({
  boardId,
  table: 'BoardKey',
  row: `${purpose}:${version}`,
  column: 'wrapped',
})

function unwrap(
  master: Uint8Array,
  boardId: string,
  purpose: Purpose,
  version: number,
  wrapped: Uint8Array,
): Uint8Array {
  try {
    return open(() => master, wrapPlace(boardId, purpose, version), wrapped)
  } catch (cause) {
    const message = 'This master key does not open the keys in this database. Put back the key file that belongs to it.'
    throw new AppError('misconfigured', message, { cause, reason: 'master-key-wrong' })
  }
}

/** From the environment, else from the file, which is made at the very first start and only then. */
function masterKey(config: Pick<Config, 'masterKeyHex' | 'masterKeyFile'>, mayCreate: boolean): Uint8Array {
  if (config.masterKeyHex) return Buffer.from(config.masterKeyHex, 'hex')
  const file = config.masterKeyFile
  try {
    if (mayCreate) writeNewKey(file)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new AppError('misconfigured', `The master key file ${file} cannot be made.`, { cause })
  }
  let hex: string
  try {
    hex = readFileSync(file, 'utf8').trim()
  } catch (cause) {
    const message = `The master key file ${file} is not there, but the database has keys that need it. Put it back, or set M5_MASTER_KEY.`
    throw new AppError('misconfigured', message, { cause, reason: 'master-key-missing' })
  }
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new AppError('misconfigured', `${file} does not hold a master key.`)
  return Buffer.from(hex, 'hex')
}

function writeNewKey(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o711 })
  // Whole before it has its name: neither a kill nor a second start at the same time ever finds half a key.
  const draft = `${file}.${process.pid}`
  const handle = openSync(draft, 'w', 0o600)
  writeSync(handle, `${Buffer.from(randomBytes(keyBytes)).toString('hex')}\n`)
  fsyncSync(handle)
  closeSync(handle)
  try {
    linkSync(draft, file)
  } finally {
    unlinkSync(draft)
  }
}
