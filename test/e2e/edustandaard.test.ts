/**
 * The published EDEXML samples, which may not be in this repository, the whole way: file → command line → embedded database → panel, with the
 * connector and every command a process of its own.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { confirmGrant } from '../../connector/admin/grant-link.ts'
import { findPerson } from '../../connector/admin/people.ts'
import type { Groups } from '../../connector/api/contract.ts'
import { readConfig } from '../../connector/config.ts'
import { openLog } from '../../connector/log.ts'
import { localDay, schoolYearOn } from '../../connector/store/calendar.ts'
import { openDatabase } from '../../connector/store/database.ts'
import { type EmbeddedServer, startEmbedded } from '../../connector/store/embedded.ts'
import { openKeyring } from '../../connector/store/keyring.ts'
import { runM5 } from '../connector/cli/run.ts'
import { type SignIn, startSignIn } from '../school/sign-in.ts'
import { type ConnectorProcess, freePort, startConnector } from '../support/connector-process.ts'
import { dataDirectory, removeDataDirectory } from '../support/data-directory.ts'
import { signInAs } from '../support/frame.ts'

const sampleOf = (version: string) =>
  fileURLToPath(new URL(`../../../shared/data/edexml/${version}/EDEXML.Voorbeeld.${version}.xml`, import.meta.url))
const versions = ['2.0', '2.1']
const here = versions.every(version => existsSync(sampleOf(version)))
const why = here ? '' : ' (skipped: no ../shared/data/edexml beside this checkout)'

describe.skipIf(!here)(`the Edustandaard sample files sync through the CLI into the embedded database${why}`, () => {
  let data: string
  let connectorUrl: string
  /** Runs as long as the file: the commands adopt it and leave it. */
  let server: EmbeddedServer
  let signIn: SignIn
  let connector: ConnectorProcess | undefined

  beforeAll(async () => {
    data = dataDirectory('edustandaard')
    connectorUrl = `http://localhost:${await freePort()}`
    server = await startEmbedded(data)
    signIn = await startSignIn({ people: [person('leerkracht:LK2'), person('leerkracht:LK1')] })
  })
  afterAll(async () => {
    await connector?.stop()
    await signIn?.close()
    await server?.stop()
    await removeDataDirectory(data)
  })

  const m5 = async <T>(code: number, args: string[]): Promise<T> => {
    const answer = await runM5(args, { env: { M5_DATA: data, M5_URL: connectorUrl, CLIENT_SECRET: 'geheim' } })
    expect(answer.code, answer.out + answer.err).toBe(code)
    return answer.json as T
  }

  /** Board, school and source, as an administrator makes them. @returns how to name them in further commands */
  async function setUp(board: string, path: string) {
    await m5(0, ['board', 'add', board])
    const place = ['--board', board]
    const school = await m5<{ publishableKey: string; id: string; boardId: string }>(0, [
      ...['school', 'add', 'De Proefschool', '--brin', '99ZZ', ...place],
    ])
    await m5(0, ['source', 'add', '--kind', 'edexml-file', '--option', `path=${path}`, ...place])
    return { place, ...school }
  }

  const file = (name: string, xml: string) => {
    const path = join(data, name)
    writeFileSync(path, xml)
    return path
  }

  it.each(versions)('version %s: refused as an old year, then held, approved, and unchanged', async version => {
    const xml = readFileSync(sampleOf(version), 'utf8')
    const path = file(`old-${version}.xml`, xml)
    const { place } = await setUp(`Toen ${version}`, path)
    await m5(3, ['sync', ...place])
    const sync = ['sync', '--year', '2014-2015', ...place]
    const [held] = await m5<Run[]>(2, sync)
    expect(held).toMatchObject({ state: 'held', counts: { groups: 8, people: 6, memberships: 10, pupils: 3 } })
    expect(await m5(0, ['sync', '--approve', held?.runId ?? '', ...place])).toMatchObject({ state: 'applied' })
    expect(await m5(0, sync)).toMatchObject([{ state: 'unchanged' }])
    // Another file, of a later hour, that says the same.
    file(`old-${version}.xml`, xml.replace(/(<aanmaakdatum>.*?T)\d\d/, '$123'))
    expect(await m5(0, sync)).toMatchObject([{ state: 'unchanged', diff: ['school year 2014-2015'] }])
  })

  it.each(versions)('version %s, of this year: the groups in the panel are theirs', async version => {
    const year = schoolYearOn(localDay(new Date()))
    const xml = readFileSync(sampleOf(version), 'utf8').replace(/<schooljaar>.*?</, `<schooljaar>${year}<`)
    const { place, publishableKey, id: schoolId, boardId } = await setUp(`Nu ${version}`, file(`${version}.xml`, xml))
    const [held] = await m5<Run[]>(2, ['sync', ...place])
    expect(await m5(0, ['sync', '--approve', held?.runId ?? '', ...place])).toMatchObject({ state: 'applied' })

    const client = `m5-${version}`
    const { redirect } = await m5<{ redirect: string }>(0, [
      ...['signin', 'add', '--issuer', signIn.issuer, '--client-id', client, '--label', 'School', '--claim', 'sis_id'],
      ...['--key-type', 'sis-id', '--secret-env', 'CLIENT_SECRET', ...place],
    ])
    signIn.addClient({ client_id: client, client_secret: 'geheim', redirect_uris: [redirect] })
    const { token } = await m5<{ token: string }>(0, [
      ...['grant', 'add', '--person', 'leerkracht:LK2', '--role', 'SCHOOL_LEADER', '--confirm-by', 'leerkracht:LK1'],
      ...place,
    ])
    connector ??= await startConnector({ M5_DATA: data, M5_URL: connectorUrl })

    const groupsOf = async (sisId: string) => {
      const reader = await signInAs(connectorUrl, publishableKey, person(sisId).sub)
      const { groups } = (await (await reader.get('/api/groups')).json()) as Groups
      return groups
    }
    // An unconfirmed leader opens nothing, and no teacher of the sample has the role that opens a group.
    expect(await groupsOf('leerkracht:LK2')).toEqual([])
    expect(await groupsOf('leerkracht:LK1')).toEqual([])
    await confirm({ boardId, schoolId, token })
    const groups = await groupsOf('leerkracht:LK2')
    expect(groups.map(({ name }) => name).sort()).toEqual(['4A', '4B', 'Kabouters', 'Muizen', 'Vlinders'])
    expect(new Set(groups.map(({ schoolYear }) => schoolYear))).toEqual(new Set([year]))
  })

  /** As the second person, in this process, on the same database. */
  async function confirm({ boardId, schoolId, token }: { boardId: string; schoolId: string; token: string }) {
    const log = openLog({ logLevel: 'silent' })
    const config = readConfig({ M5_DATA: data })
    const db = await openDatabase(config, log, { leaveAdopted: true })
    const ctx = { db, keyring: await openKeyring(config, db), log }
    const { personId } = await findPerson(ctx, boardId, schoolId, 'leerkracht:LK1')
    await confirmGrant(ctx, { boardId, schoolId, token, personId })
    await db.close()
  }
})

interface Run {
  runId: string
}

const person = (sisId: string) => ({
  sub: `sub-${sisId}`,
  username: sisId,
  name: sisId,
  claims: { sis_id: sisId },
})
