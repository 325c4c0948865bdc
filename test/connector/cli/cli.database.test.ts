/** The command line as people use it: a process of its own, the embedded database of its own data directory, an EDEXML file. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { readConfig } from '../../../connector/config.ts'
import { openLog } from '../../../connector/log.ts'
import { openDatabase } from '../../../connector/store/database.ts'
import { startEmbedded } from '../../../connector/store/embedded.ts'
import { openKeyring } from '../../../connector/store/keyring.ts'
import { routesTo } from '../../../connector/store/routes.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { optionsPlace } from '../../../connector/sync/source.ts'
import { dataDirectory, removeDataDirectory } from '../../support/data-directory.ts'
import { type More, runM5 } from './run.ts'

let dir: string
let data: string
let keep: Awaited<ReturnType<typeof startEmbedded>>

/** One server for the whole file, as a running connector has: the commands adopt it and must leave it. */
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm5cli-'))
  // Else the server's own user could not enter it, and its clusters would lie elsewhere.
  chmodSync(dir, 0o711)
  data = dataDirectory('cli')
  keep = await startEmbedded(data)
})
afterAll(async () => {
  await keep.stop()
  await removeDataDirectory(data)
  rmSync(dir, { recursive: true, force: true })
})

const m5 = (args: string[], more: More = {}) => runM5(args, { ...more, env: { M5_DATA: data, ...more.env } })

function schoolYear(): string {
  const now = new Date()
  const start = now.getUTCFullYear() - (now.getUTCMonth() < 7 ? 1 : 0)
  return `${start}-${start + 1}`
}

interface Made {
  brin?: string
  /** Seconds after midnight of this day: each export is newer than the one before. */
  n?: number
  without?: string[]
}

function edexml({ brin = '99ZZ', n = 0, without = [] }: Made = {}): string {
  const today = new Date().toISOString().slice(0, 10)
  const kept = (key: string, xml: string) => (without.includes(key) ? '' : xml)
  const pupils = ['P1', 'P2', 'P3', 'P4'].map(key =>
    kept(
      key,
      `<leerling key="${key}"><achternaam>Kanarie${key}</achternaam><roepnaam>Roep${key}</roepnaam><jaargroep>7</jaargroep><groep key="G7"/></leerling>`,
    ),
  )
  const staff = ['12', '13', '14'].map(key =>
    kept(
      key,
      `<leerkracht key="${key}"><achternaam>Kanariemeester${key}</achternaam><roepnaam>Juf${key}</roepnaam>${key === '12' ? '<groepen><groep key="G7"><rol>LRK</rol></groep></groepen>' : '<rol>DIR</rol>'}</leerkracht>`,
    ),
  )
  return `<?xml version="1.0" encoding="UTF-8"?>
<EDEX><school><schooljaar>${schoolYear()}</schooljaar><peildatum>${today}</peildatum><brincode>${brin}</brincode>
<dependancecode>00</dependancecode><aanmaakdatum>${today}T00:00:${String(n).padStart(2, '0')}</aanmaakdatum><auteur>x</auteur><xsdversie>2.1</xsdversie></school>
<groepen><groep key="G7"><naam>7 Uilen</naam><jaargroep>7</jaargroep></groep></groepen>
<leerlingen>${pupils.join('')}</leerlingen><leerkrachten>${staff.join('')}</leerkrachten></EDEX>`
}

const write = (made?: Made): string => {
  const path = join(dir, 'roster.xml')
  writeFileSync(path, edexml(made))
  return path
}

/** Some twenty processes: each starts Node, Prisma and a connection. */
vi.setConfig({ testTimeout: 240_000 })

describe('usage', () => {
  test('--help names the exit codes, without a database', async () => {
    const answer = await m5(['--help'], { env: { M5_DATA: '/nowhere' } })
    expect(answer.code).toBe(0)
    expect(answer.out).toContain('2 held')
  })

  test.each([
    [['nonsense'], 1],
    [['school', 'add', 'De Klim'], 1],
    [['origin', 'add', 'https://x.nl', '--school', 'pk_nope'], 1],
    [['source', 'add', '--kind', 'unknown'], 1],
    [['origin', 'remove', 'portal'], 1],
  ])('%j ends with %i', async (args, code) => {
    expect((await m5(args as string[])).code).toBe(code)
  })

  test('a setting that is wrong ends with 5, and says which', async () => {
    const answer = await m5(['board', 'list'], { env: { M5_MASTER_KEY: 'short' } })
    expect(answer).toMatchObject({ code: 5, json: { error: 'misconfigured' } })
    expect(answer.out).toContain('M5_MASTER_KEY')
    expect(answer.out).not.toContain('short')
  })
})

test('a school from nothing to its leader: board, school, origin, sign-in, source, sync, approval, grant', async () => {
  expect(await m5(['board', 'add', 'Stichting Noord'])).toMatchObject({ code: 0, json: { name: 'Stichting Noord' } })
  const school = (await m5(['school', 'add', 'De Klim', '--brin', '99zz'])).json as { publishableKey: string }
  expect(school.publishableKey).toMatch(/^pk_/)
  const at = ['--school', school.publishableKey]
  expect(await m5(['origin', 'add', 'http://portal.school.nl', ...at])).toMatchObject({ code: 1 })
  expect(await m5(['origin', 'add', 'https://portal.school.nl/', ...at])).toMatchObject({ code: 0 })

  const signIn = [
    '--issuer',
    'https://idp.school.nl',
    '--client-id',
    'm5',
    '--label',
    'School',
    '--claim',
    'sub',
    '--key-type',
    'username',
  ]
  expect(await m5(['signin', 'add', ...signIn, '--secret-stdin', ...at], { stdin: 'geheim-1\n' })).toMatchObject({
    code: 0,
    json: { hasSecret: true },
  })
  const signIns = await m5(['signin', 'list', ...at])
  expect(signIns.out).not.toContain('geheim')
  const [{ id: signInId }] = signIns.json as [{ id: string }]
  expect(signIns.json).toMatchObject([{ redirect: `http://localhost:4400/entry/callback/${signInId}` }])
  const byEmail = ['--label', 'Mail', '--claim', 'email', '--key-type', 'email']
  const mail = await m5(['signin', 'add', ...signIn.slice(0, 4), ...byEmail, ...at])
  expect(mail).toMatchObject({
    code: 1,
    json: { message: expect.stringMatching(/e-mail address alone never links .* Use sis-id, .* or username/) },
  })

  const path = write()
  const source = (await m5(['source', 'add', '--kind', 'edexml-file', '--option', `path=${path}`, ...at])).json as {
    id: string
  }
  const health = await m5(['source', 'test'])
  expect(health).toMatchObject({ code: 0, json: { ok: true } })

  const first = await m5(['sync'])
  expect(first).toMatchObject({
    code: 2,
    json: [{ state: 'held', reasons: [{ guard: 'first-run' }], sourceId: source.id }],
  })
  expect(first.out + first.err).not.toMatch(/Kanarie|Roep/)
  const [{ runId }] = first.json as [{ runId: string }]
  expect((await m5(['sync', 'show', runId])).out).toContain('4 pupil: leerling:P1')
  expect(await m5(['sync', '--approve', runId])).toMatchObject({ code: 0, json: { state: 'applied' } })
  expect(await m5(['sync', '--approve', runId])).toMatchObject({ code: 1, json: { error: 'conflict' } })
  expect(await m5(['sync'])).toMatchObject({ code: 0, json: [{ state: 'unchanged' }] })
  write({ n: 1 })
  expect(await m5(['sync'])).toMatchObject({
    code: 0,
    json: [{ state: 'unchanged', diff: [`school year ${schoolYear()}`] }],
  })
  expect(await m5(['source', 'remove', source.id])).toMatchObject({ code: 1, json: { error: 'conflict' } })

  write({ n: 2, without: ['14'] })
  const held = await m5(['sync', ...at])
  expect(held).toMatchObject({ code: 2 })
  expect(held.out).toContain('staff-removal')
  const [{ runId: second }] = held.json as [{ runId: string }]
  expect(await m5(['sync', '--cancel', second])).toMatchObject({ code: 0 })

  write({ n: 3, brin: '98YY' })
  expect(await m5(['sync'])).toMatchObject({
    code: 3,
    json: [{ state: 'refused', reasons: [{ guard: 'other-school' }] }],
  })
  rmSync(path)
  expect(await m5(['sync'])).toMatchObject({
    code: 4,
    json: [{ state: 'failed', reasons: [{ guard: 'source-unreachable' }] }],
  })
  expect(await m5(['source', 'test'])).toMatchObject({ code: 4 })
  const runs = (await m5(['sync', 'status'])).json as { state: string }[]
  expect(runs.map(run => run.state)).toEqual(['failed', 'refused', 'cancelled', 'unchanged', 'unchanged', 'applied'])

  const grant = ['grant', 'add', '--person', 'leerkracht:13', '--role', 'SCHOOL_LEADER', ...at]
  expect(await m5(grant)).toMatchObject({ code: 1 })
  const made = await m5([...grant, '--confirm-by', 'leerkracht:14'])
  expect(made).toMatchObject({ code: 0, json: { grant: { confirmed: false } } })
  expect(made.out).toMatch(/localhost:4400\/bevestig\?s=pk_[\w-]+#[\w-]{43}/)
  const itAdmin = ['grant', 'add', '--person', 'leerkracht:14', '--role', 'IT_ADMINISTRATOR', ...at]
  expect(await m5(itAdmin)).toMatchObject({ code: 0 })
  const grants = await m5(['grant', 'list'])
  expect(grants).toMatchObject({ code: 0, json: [{ state: 'waiting' }, { state: 'confirmed' }] })
  expect(grants.out).not.toMatch(/Kanarie|Juf/)
  const [{ id: grantId }] = grants.json as [{ id: string }]
  const listed = await m5(['grant', 'list'], { plain: true })
  expect(listed.out).toMatch(new RegExp(`^${grantId.slice(0, 8)} +SCHOOL_LEADER +waiting$`, 'm'))
  expect(listed.out).not.toContain(grantId)
  expect(listed.err).toBe('')
  const named = await m5(['grant', 'list', '--names'], { plain: true })
  expect(named.out).toMatch(/SCHOOL_LEADER +waiting +Juf13 Kanariemeester13$/m)
  expect(named.err).toContain('names of people')
  expect(await m5(['grant', 'revoke', grantId.slice(0, 8)])).toMatchObject({ code: 0, json: { id: grantId } })
  expect(await m5(['grant', 'list'])).toMatchObject({ json: [{ state: 'revoked' }, { state: 'confirmed' }] })
})

test('a secret among the options is refused as an argument, and taken from standard input or the environment', async () => {
  const add = ['source', 'add', '--kind', 'uwlr', '--option', 'url=https://uwlr.school.nl/', '--option', 'brin=99ZZ']
  add.push('--option', 'customerCode=M5', '--option', 'customerName=M5')
  const open = await m5([...add, '--option', 'key=geheim-2'])
  expect(open).toMatchObject({ code: 1, json: { error: 'invalid-input' } })
  expect(open.out).not.toContain('geheim-2')
  expect(await m5([...add, '--option', 'key=@-'], { stdin: 'geheim-2\n' })).toMatchObject({ code: 0 })
  expect(await m5([...add, '--option', 'key=@env:KEY'], { env: { KEY: 'geheim-2' } })).toMatchObject({ code: 0 })
  expect((await m5(['source', 'list'])).out).not.toContain('geheim-2')
})

test('what was set up can be undone and changed: origin, sign-in, unused source, settings', async () => {
  const school = (await m5(['school', 'add', 'De Terug', '--brin', '97XX'])).json as { publishableKey: string }
  const at = ['--school', school.publishableKey]
  await m5(['origin', 'add', 'https://portal.school.nl', ...at])
  const [{ id: origin }] = (await m5(['origin', 'list', ...at])).json as [{ id: string }]
  expect(await m5(['origin', 'remove', origin])).toMatchObject({ code: 0, json: { id: origin, removed: true } })
  expect(await m5(['origin', 'remove', origin])).toMatchObject({ code: 1, json: { error: 'not-found' } })

  const facts = ['--issuer', 'https://idp.terug.nl', '--client-id', 'm5', '--label', 'School', '--claim', 'sis_id']
  const signIn = await m5(['signin', 'add', ...facts, '--key-type', 'sis-id', ...at], { plain: true })
  const [, id = ''] = /^Sign-in (\S+)$/m.exec(signIn.out) ?? []
  expect(signIn.out).toContain(`Redirect address http://localhost:4400/entry/callback/${id}\n`)
  expect(await m5(['signin', 'remove', id])).toMatchObject({ code: 0 })
  expect(await m5(['signin', 'list', ...at])).toMatchObject({ json: [] })

  const source = await m5(['source', 'add', '--kind', 'edexml-file', '--option', `path=${join(dir, 'none')}`, ...at])
  const { id: sourceId } = source.json as { id: string }
  expect(await m5(['sync', '--source', sourceId])).toMatchObject({ code: 4 })
  expect(await m5(['source', 'remove', sourceId])).toMatchObject({ code: 0 })
  expect(await m5(['source', 'list', ...at])).toMatchObject({ json: [] })

  const lines = ['--help-line', 'Meldpunt=0800 1234', '--help-line', 'Chat=https://chat.school.nl']
  const set = await m5(['school', 'set', ...at, '--panel', 'at-once', '--school-day-ends', '14:15', ...lines])
  const helpLines = [
    { label: 'Meldpunt', phone: '0800 1234' },
    { label: 'Chat', url: 'https://chat.school.nl' },
  ]
  expect(set).toMatchObject({ code: 0, json: { panel: 'at-once', schoolDayEnds: '14:15', helpLines } })
  const back = await m5(['school', 'set', ...at, '--panel', 'end-of-day', '--default-help-lines'])
  expect(back).toMatchObject({ code: 0, json: { panel: 'end-of-day', schoolDayEnds: '14:15' } })
  expect(back.json).not.toHaveProperty('helpLines')
  expect(await m5(['school', 'set', ...at, '--school-day-ends', 'noon'])).toMatchObject({ code: 1 })
  expect(await m5(['school', 'set', ...at])).toMatchObject({ code: 1, json: { error: 'invalid-input' } })

  const limits = [
    '--sync-limit',
    'removalShare=0.2',
    '--sync-limit',
    'summerHold=false',
    '--sync-limit',
    'topGrades=15,16',
  ]
  expect(await m5(['school', 'set', ...at, ...limits])).toMatchObject({
    code: 0,
    json: { sync: { removalShare: 0.2, summerHold: false, topGrades: ['15', '16'], removalsAtLeast: 5 } },
  })
  expect(await m5(['school', 'set', ...at, '--sync-limit', 'removalShare=default'])).toMatchObject({
    json: { sync: { removalShare: 0.1, summerHold: false } },
  })
  for (const wrong of ['removalShare=2', 'removalShare=many', 'nonsense=1', 'removalShare'])
    expect(await m5(['school', 'set', ...at, '--sync-limit', wrong])).toMatchObject({ code: 1 })
})

test('what the sources are and what passes their doors is said without a database', async () => {
  const nowhere = { env: { M5_DATA: '/nowhere', DATABASE_URL: 'postgresql://nobody@127.0.0.1:9/none' } }
  const kinds = await m5(['source', 'kinds'], nowhere)
  expect(kinds.code).toBe(0)
  for (const { kind } of kinds.json as { kind: string }[]) {
    const fields = await m5(['source', 'fields', kind], nowhere)
    expect(fields).toMatchObject({ code: 0, json: { kind, fields: expect.anything(), never: expect.anything() } })
  }
  expect((await m5(['source', 'fields', 'edexml-file'], { ...nowhere, plain: true })).out).toMatch(
    /^achternaam +person.familyName$/m,
  )
  expect(await m5(['source', 'fields', 'nothing'], nowhere)).toMatchObject({ code: 1 })
})

test('a roster that is handed over as a file is held and shown, whatever was applied before', async () => {
  const env = { M5_DATA: join(dir, 'upload') }
  await m5(['board', 'add', 'Stichting Oost'], { env })
  await m5(['school', 'add', 'De Upload', '--brin', '99ZZ'], { env })
  await m5(['source', 'add', '--kind', 'edexml-file'], { env })
  expect(await m5(['sync'], { env })).toMatchObject({ code: 4 })
  const first = await m5(['sync', '--file', write()], { env })
  expect(first).toMatchObject({ code: 2, json: [{ state: 'held' }] })
  const [{ runId } = { runId: '' }] = first.json as { runId: string }[]
  expect(await m5(['sync', '--approve', runId], { env })).toMatchObject({ code: 0, json: { state: 'applied' } })
  expect(await m5(['sync', '--file', write({ n: 1 })], { env })).toMatchObject({ code: 2, json: [{ state: 'held' }] })
  expect(await m5(['sync', '--file', join(dir, 'nowhere.xml')], { env })).toMatchObject({ code: 4 })
})

test('a source that is broken does not keep the next one from its sync', async () => {
  const env = { M5_DATA: join(dir, 'broken') }
  await m5(['board', 'add', 'Stichting Zuid'], { env })
  await m5(['school', 'add', 'De Kapot', '--brin', '99ZZ'], { env })
  const source = ['source', 'add', '--kind', 'edexml-file', '--option', `path=${write()}`]
  const broken = (await m5(source, { env })).json as { id: string }
  const sound = (await m5(source, { env })).json as { id: string }
  await breakOptions(env.M5_DATA, broken.id)
  expect(await m5(['sync'], { env })).toMatchObject({
    code: 5,
    json: [
      { sourceId: broken.id, error: 'fault' },
      { sourceId: sound.id, state: 'held' },
    ],
  })
})

/** Seals what is no JSON: a fault that no adapter and no guard knows. */
async function breakOptions(dataDir: string, id: string): Promise<void> {
  const config = readConfig({ M5_DATA: dataDir })
  const db = await openDatabase(config, openLog({ logLevel: 'silent' }))
  const keyring = await openKeyring(config, db)
  const boardId = (await routesTo(db, 'board'))[0]?.toBoardId ?? ''
  const keys = await keyring.board(boardId)
  await withTenant(db, { boardId, role: 'system' }, tx =>
    tx.source.update({
      where: { boardId_id: { boardId, id } },
      data: { optionsSealed: keys.seal(optionsPlace(id), '{') },
    }),
  )
  await db.close()
}

test('it leaves a server that it found running, and stops one that it started', async () => {
  expect((await m5(['board', 'list'])).code).toBe(0)
  process.kill(keep.pid, 0)
  const other = join(dir, 'other')
  expect((await m5(['board', 'list'], { env: { M5_DATA: other } })).code).toBe(0)
  expect(readFileSync(join(other, 'postgres', 'PG_VERSION'), 'utf8')).toMatch(/^\d/)
  expect(() => readFileSync(join(other, 'postgres', 'postmaster.pid'))).toThrow('ENOENT')
})
