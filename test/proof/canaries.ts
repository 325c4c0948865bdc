/**
 * What a thief finds: a dump of the database and the whole data directory (tables, WAL, logs), searched for every name and every own word. The
 * names of the groups, which are not sealed, must be found by the same search, else it proves nothing.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { readConfig } from '../../connector/config.ts'
import { openLog } from '../../connector/log.ts'
import { openDatabase } from '../../connector/store/database.ts'
import { startEmbedded } from '../../connector/store/embedded.ts'
import { openKeyring } from '../../connector/store/keyring.ts'
import { furnish } from '../school/furnish.ts'
import { spokenName } from '../school/names.ts'
import { dataDirectory, removeDataDirectory } from '../support/data-directory.ts'

export interface CanaryResult {
  searchedFor: number
  bytes: number
  /** Which kind was found where; never the word itself. */
  hits: { kind: string; file: string }[]
  controlHits: number
}

export async function canaries({ reports }: { reports: number }): Promise<CanaryResult> {
  const data = dataDirectory('canary')
  const config = readConfig({ M5_DATA: data, M5_LOG: 'silent' })
  try {
    const log = openLog(config)
    const db = await openDatabase(config, log)
    const before = filesBelow(data)
    const school = await furnish({ db, keyring: await openKeyring(config, db), log }, { today: new Date(), reports })
    await school.sis.close()
    // A name that is also a word of PostgreSQL's own catalogue was there before anybody came.
    const words = wordsOf(school).filter(({ bytes }) => !before.some(({ content }) => content.includes(bytes)))
    const dumped = await dump(data)
    await db.close()
    const files = [{ file: 'dump', content: dumped }, ...filesBelow(data)]
    const hits = files.flatMap(({ file, content }) =>
      words.filter(({ bytes }) => content.includes(bytes)).map(({ kind }) => ({ kind, file })),
    )
    const control = Buffer.from(school.generated.name)
    return {
      searchedFor: words.length,
      bytes: files.reduce((sum, { content }) => sum + content.length, 0),
      hits,
      controlHits: files.filter(({ file, content }) => file !== 'dump' && content.includes(control)).length,
    }
  } finally {
    await removeDataDirectory(data)
  }
}

type School = Awaited<ReturnType<typeof furnish>>

/** Shorter than five bytes would be found in any ciphertext by chance. */
const shortest = 5

function wordsOf({ generated, reports }: School): { kind: string; bytes: Buffer }[] {
  const people = [...generated.pupils, ...generated.teachers]
  const said = new Map<string, string>()
  const add = (kind: string, text: string | undefined) => {
    if (text && Buffer.byteLength(text) >= shortest) said.set(text, kind)
  }
  for (const person of people) {
    add('name', spokenName(person.name))
    add('family name', person.name.familyName)
    add('given name', person.name.givenName)
    add('user name', person.username)
    add('e-mail', person.email)
  }
  for (const { draft, token } of reports) {
    add('own words', draft.words)
    add('word of a report', token)
    add('typed name', draft.reporterName)
    for (const { who } of draft.involved) if ('typedName' in who) add('typed name', who.typedName)
  }
  return [...said].map(([text, kind]) => ({ kind, bytes: Buffer.from(text) }))
}

/** Every row of every table as text, as pg_dump would write it; bytea also decoded, so that nothing hides in hex. */
async function dump(data: string): Promise<Buffer> {
  const { host, port, superuser } = await startEmbedded(data)
  const client = new pg.Client({ host, port, user: superuser, database: 'm5' })
  await client.connect()
  try {
    const tables = await client.query<{ schema: string; name: string }>(
      `select schemaname as schema, tablename as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
    )
    const parts: Buffer[] = []
    for (const { schema, name } of tables.rows) {
      const { rows } = await client.query(`select * from ${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`)
      for (const value of rows.flatMap(row => Object.values(row as object)))
        parts.push(
          Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
        )
      parts.push(Buffer.from('\n'))
    }
    await client.query('checkpoint')
    return Buffer.concat(parts)
  } finally {
    await client.end()
  }
}

/** The files as they lie on disk, compressed WAL and pages as they are. */
function filesBelow(data: string): { file: string; content: Buffer }[] {
  return readdirSync(data, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => {
      const path = join(entry.parentPath, entry.name)
      return { file: path.slice(data.length + 1), content: readFileSync(path) }
    })
}
