import { appendFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Zip, ZipDeflate, zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { oneRosterCsv, oneRosterCsvSource } from '../../adapters/oneroster/csv.ts'
import { oneRoster } from '../../adapters/oneroster/rest.ts'
import type { MembershipRecord, PersonRecord } from '../../adapters/roster.ts'
import type { SourceContext } from '../../adapters/source.ts'
import { canariesOf, type GeneratedSchool, generateSchool } from '../school/generate.ts'
import { startOneRosterPeer } from '../school/sis/oneroster.ts'
import { type BundleFiles, bulkFiles, deltaFiles, oneRosterBundle, zipped } from '../school/sis/oneroster-csv.ts'
import { classIdOf, oneRosterCanaries } from '../school/sis/oneroster-school.ts'
import { conforms, everyFault, readAll, readFailing } from './conformance.ts'
import { context, now } from './support.ts'

const generated = generateSchool({ today: '2026-11-23' })
let folder = ''
let made = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm5-oneroster-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function written(content: Uint8Array | string): Promise<string> {
  made += 1
  const path = join(folder, `${made}.zip`)
  await writeFile(path, content)
  return path
}

async function unpacked(files: BundleFiles): Promise<string> {
  made += 1
  const path = join(folder, String(made))
  await mkdir(path)
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text)
  return path
}

const options = (more: Record<string, unknown> = {}) => oneRosterCsv.options.parse({ school: '99ZZ00', ...more })
const source = (path: string, more: Record<string, unknown> = {}, given: Partial<SourceContext> = {}) =>
  oneRosterCsvSource(options({ path, ...more }), context(given))
const of = async (content: Uint8Array | string, more: Record<string, unknown> = {}) =>
  source(await written(content), more)

const bulk = { '1.1': bulkFiles(generated, '1.1'), '1.2': bulkFiles(generated, '1.2') }
const whole = zipped(bulk['1.2'])
/** A bundle in which one file is another. */
const except = (name: string, change: (text: string) => string, version: '1.1' | '1.2' = '1.2') =>
  zipped({ ...bulk[version], [name]: change(bulk[version][name] ?? '') })
const lacking = (name: string) =>
  zipped(Object.fromEntries(Object.entries(bulk['1.2']).filter(([each]) => each !== name)))
const failure = async (content: Uint8Array | string, more: Record<string, unknown> = {}) =>
  (await readFailing(await of(content, more))).error

/** Sets the bit of every header that says "encrypted". */
function locked(zip: Uint8Array): Uint8Array {
  const bytes = Buffer.from(zip)
  for (const [signature, flags] of [['PK\u0003\u0004', 6] as const, ['PK\u0001\u0002', 8] as const])
    for (let at = bytes.indexOf(signature, 0, 'latin1'); at >= 0; at = bytes.indexOf(signature, at + 1, 'latin1'))
      bytes.writeUInt16LE(bytes.readUInt16LE(at + flags) | 1, at + flags)
  return bytes
}

/** So many megabytes of nothing, in a few kilobytes, made with flat memory. */
async function bomb(megabytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  const zip = new Zip((_, piece) => void pieces.push(piece))
  for (const [name, text] of Object.entries(bulk['1.2'])) {
    const file = new ZipDeflate(name, { level: 1 })
    zip.add(file)
    file.push(Buffer.from(text), name !== 'users.csv')
    if (name !== 'users.csv') continue
    const block = Buffer.alloc(1024 ** 2, '\n')
    for (let n = 1; n <= megabytes; n += 1) file.push(block, n === megabytes)
  }
  zip.end()
  return Buffer.concat(pieces)
}

/** The same, with a directory that says it is small. */
function lying(zip: Uint8Array): Uint8Array {
  const bytes = Buffer.from(zip)
  for (
    let at = bytes.indexOf('PK\u0001\u0002', 0, 'latin1');
    at >= 0;
    at = bytes.indexOf('PK\u0001\u0002', at + 1, 'latin1')
  )
    if (bytes.readUInt32LE(at + 24) > 1024 ** 2) bytes.writeUInt32LE(1000, at + 24)
  return bytes
}

for (const version of ['1.1', '1.2'] as const)
  conforms(`OneRoster ${version} as CSV`, {
    adapter: oneRosterCsv,
    open: () => of(zipped(bulk[version])),
    canaries: [...canariesOf(generated), ...oneRosterCanaries],
    secrets: [],
    faults: everyFault({ never: 'a bundle has no server' }),
    failing: {
      'an empty file': { open: () => of(''), code: 'incomplete' },
      'what is no zip': { open: () => of('sourcedId,CANARY'), code: 'malformed' },
      'half a zip': { open: () => of(whole.subarray(0, whole.length / 2)), code: 'incomplete' },
      'no file': { open: () => source(join(folder, 'nowhere', 'CANARY.zip')), code: 'unreachable' },
      'no path': { open: () => oneRosterCsvSource(options(), context()), code: 'unreachable' },
      'no manifest': { open: () => of(lacking('manifest.csv')), code: 'incomplete' },
      'a missing file': { open: () => of(lacking('users.csv')), code: 'incomplete' },
      'a password': { open: () => of(locked(whole)), code: 'malformed' },
      'another school': { open: () => of(whole, { school: '97XX00' }), code: 'incomplete' },
      'another year': { open: () => of(whole, { schoolYear: '2030-2031' }), code: 'incomplete' },
      'no pupils': {
        open: () => of(except('roles.csv', text => text.replaceAll(',student,', ',teacher,'))),
        code: 'incomplete',
      },
      'a column missing': {
        open: () => of(except('classes.csv', text => text.replace('schoolSourcedId', 'x'))),
        code: 'malformed',
      },
      'another number of cells': { open: () => of(except('orgs.csv', text => `${text}CANARY\r\n`)), code: 'malformed' },
      'a user twice': {
        open: () => of(except('users.csv', text => `${text}${text.split('\r\n')[1]}\r\n`)),
        code: 'malformed',
      },
      'bytes of another charset': {
        open: async () => {
          const files = Object.entries(bulk['1.2']).map(([name, text]) => [name, Buffer.from(text, 'latin1')] as const)
          return of(zipSync(Object.fromEntries(files)))
        },
        code: 'malformed',
      },
    },
  })

describe('a whole bundle', () => {
  it.each(['1.1', '1.2'] as const)('gives the same records as REST does (%s)', async version => {
    const server = await startOneRosterPeer({ school: () => generated, clock: () => now }, { version })
    try {
      const rest = await readAll(oneRoster.open(oneRoster.options.parse(server.options), context()))
      const csv = await readAll(await of(zipped(bulk[version])))
      expect(csv.records).toEqual(rest.records)
      expect(csv.findings).toEqual(rest.findings)
      expect(csv.proof.scope).toEqual(rest.proof.scope)
      expect(csv.proof.kind).toBe('snapshot')
    } finally {
      await server.close()
    }
  })

  it('may lie in a folder of the zip, or unpacked in one', async () => {
    const { records } = await readAll(await of(whole))
    expect((await readAll(await of(zipped(bulk['1.2'], 'export 2026/')))).records).toEqual(records)
    expect((await readAll(source(await unpacked(bulk['1.2'])))).records).toEqual(records)
  })

  it('is unchanged when it is the same again, however it is packed, and read anew under other options', async () => {
    const { proof } = await readAll(await of(whole))
    const again = await readAll(await of(zipped(bulk['1.2'], 'map/')), proof.cursor ?? null)
    expect(again.batches).toEqual([])
    expect(again.proof).toEqual({
      kind: 'unchanged',
      scope: { brin: '99ZZ', location: '00', schoolYear: '2026-2027' },
      counts: { school: 0, group: 0, person: 0, membership: 0 },
      cursor: proof.cursor,
    })
    for (const other of [{ teachers: 'all' }, { userIds: { Fed: 'subject' } }])
      expect((await readAll(await of(whole, other), proof.cursor ?? null)).proof.kind).toBe('snapshot')
    for (const wrong of ['', 'x', '{}'])
      expect((await readFailing(await of(whole), wrong)).error.code).toBe('malformed')
  })

  it('keeps nothing of a person in its cursor', async () => {
    const { proof } = await readAll(await of(whole))
    const known = Object.keys(JSON.parse(proof.cursor ?? '').classes)
    expect(known).toHaveLength(generated.groups.length)
    expect(proof.cursor).not.toMatch(/leerling|medewerker/)
  })

  it('comes by upload as well', async () => {
    const bundle = oneRosterBundle(generated)
    const given = context({ file: await written(bundle.zip) })
    const uploaded = oneRosterCsv.open(oneRosterCsv.options.parse(bundle.options), given)
    expect((await readAll(uploaded)).proof.kind).toBe('snapshot')
  })

  it('says what it found', async () => {
    expect(await (await of(whole)).check()).toEqual({
      ok: true,
      says: ['School 99ZZ-00, school year 2026-2027, version 1.2.', '12 groups (10 homerooms), 240 pupils, 23 others.'],
    })
    const none = except('enrollments.csv', text => text.replaceAll(',teacher,true', ',teacher,false'))
    expect((await (await of(none)).check()).says.at(-1)).toContain('set the option teachers to "all"')
    expect((await (await of(none, { teachers: 'all' })).check()).says).toHaveLength(2)
  })

  it('with a byte order mark, quotes and line ends of its own is read', async () => {
    const { records } = await readAll(await of(whole))
    const files = Object.entries(bulk['1.2']).map(([name, text]) => [name, `\uFEFF${text.replaceAll('\r\n', '\n')}`])
    expect((await readAll(await of(zipped(Object.fromEntries(files))))).records).toEqual(records)
  })
})

describe('a zip', () => {
  it.each([
    ['of a password', locked(whole), 'the bundle has a password: ask for one without, over a safe way'],
    ['that stops', whole.subarray(0, 5000), 'the bundle stops halfway'],
    [
      'that leads out of itself',
      zipSync({ '../users.csv': Buffer.from('x') }),
      'the bundle holds a file name that leads out of it: refused',
    ],
    [
      'with an absolute path',
      zipSync({ '/etc/users.csv': Buffer.from('x') }),
      'the bundle holds a file name that leads out of it: refused',
    ],
    [
      'with its files in two folders',
      zipped({ ...bulk['1.2'], 'x/users.csv': 'CANARY' }),
      'the bundle holds users.csv twice',
    ],
    ['of nothing we know', zipSync({ 'CANARY.csv': Buffer.from('x') }), 'the bundle has no manifest.csv'],
    ['with everything too deep', zipped(bulk['1.2'], 'a/b/'), 'the bundle has no manifest.csv'],
  ])('%s is refused', async (_, content, says) => expect((await failure(content)).message).toBe(says))

  it('with files split over folders is refused', async () => {
    const { 'users.csv': users = '', ...rest } = bulk['1.2']
    expect((await failure(zipped({ ...rest, 'x/users.csv': users }))).message).toBe(
      'the bundle holds its files in several folders',
    )
  })

  it('that was damaged on its way is refused', async () => {
    const bytes = Buffer.from(
      zipSync(Object.fromEntries(Object.entries(bulk['1.2']).map(([name, text]) => [name, Buffer.from(text)])), {
        level: 0,
      }),
    )
    const at = bytes.indexOf('Vuurvlinder')
    bytes.write('VUURVLINDER', at)
    expect((await failure(bytes)).message).toBe('the bundle is damaged: it cannot be unpacked')
  })

  it('with the litter of a Mac is read', async () => {
    const litter = zipped({
      ...bulk['1.2'],
      '__MACOSX/._users.csv': 'CANARY',
      '__MACOSX/users.csv': 'CANARY',
      '.DS_Store': 'x',
    })
    expect((await readAll(await of(litter))).proof.kind).toBe('snapshot')
  })

  it('of too many files is refused', async () => {
    const many = Object.fromEntries(Array.from({ length: 1100 }, (_, n) => [`${n}.txt`, '']))
    expect((await failure(zipped({ ...many, ...bulk['1.2'] }))).message).toBe(
      'the bundle holds more than 1000 files: refused',
    )
  })

  it('above the cap is refused unread', async () => {
    const { error } = await readFailing(
      oneRosterCsvSource(options({ path: await written(whole) }), context(), { maxBytes: 1000 }),
    )
    expect(error.message).toBe('the bundle is larger than 1000 bytes: refused')
  })

  it('that is a bomb is refused by what it says it holds, and when it lies by what comes out', async () => {
    const small = { maxUnpackedBytes: 16 * 1024 ** 2 }
    const zip = await bomb(100)
    const path = await written(zip)
    const before = process.memoryUsage().rss
    let read = 0
    const progress = (bytes: number) => (read = bytes)
    const honest = await readFailing(oneRosterCsvSource(options({ path }), context({ progress }), small))
    expect(honest.error.message).toBe('the bundle is larger than 16777216 bytes when it is unpacked: refused')
    expect(read).toBe(0)
    const liar = await written(lying(zip))
    const lied = await readFailing(oneRosterCsvSource(options({ path: liar }), context({ progress }), small))
    expect(lied.error.code).toBe('malformed')
    expect(read).toBeLessThan(small.maxUnpackedBytes)
    expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 ** 2)
  })

  it('that grows while it is read is incomplete, and so is a folder', async () => {
    for (const [path, file] of [
      await written(whole).then(zip => [zip, zip]),
      await unpacked(bulk['1.2']).then(dir => [dir, join(dir, 'orgs.csv')]),
    ] as [string, string][]) {
      let grown = false
      const progress = () => {
        if (!grown) appendFileSync(file, '\r\n')
        grown = true
      }
      const { error } = await readFailing(source(path, {}, { progress }))
      expect(error).toMatchObject({ code: 'incomplete', message: expect.stringContaining('changed while it was read') })
    }
  })

  it('stops when the run stops', async () => {
    const { error } = await readFailing(source(await written(whole), {}, { signal: AbortSignal.abort() }))
    expect(error).toMatchObject({ code: 'unreachable', message: 'reading was stopped' })
  })
})

it('refuses a folder whose files are too large together, each being small enough', async () => {
  const path = await unpacked(bulk['1.2'])
  const largest = Math.max(...Object.values(bulk['1.2']).map(text => Buffer.byteLength(text)))
  const given = { maxUnpackedBytes: largest + 1 }
  const { error } = await readFailing(oneRosterCsvSource(options({ path }), context(), given))
  expect(error.message).toBe(`the bundle is larger than ${largest + 1} bytes when it is unpacked: refused`)
})

describe('the manifest', () => {
  const said = (change: (text: string) => string) => failure(except('manifest.csv', change))
  it.each([
    [
      'another version',
      (text: string) => text.replace('oneroster.version,1.2', 'oneroster.version,2.0'),
      'the manifest names no version of OneRoster that we read (1.1, 1.2)',
    ],
    [
      'a word that is none',
      (text: string) => text.replace('file.users,bulk', 'file.users,CANARY'),
      'the manifest says something unknown of users.csv',
    ],
    [
      'an absent list',
      (text: string) => text.replace('file.users,bulk', 'file.users,absent'),
      'the bundle has no users.csv: it cannot be read as a whole school',
    ],
    [
      'lists and changes mixed',
      (text: string) => text.replace('file.users,bulk', 'file.users,delta'),
      'the bundle mixes whole lists (bulk) with changes (delta) of classes, users, roles or enrolments: ask for one or the other',
    ],
    [
      'changes of orgs',
      (text: string) => text.replace('file.orgs,bulk', 'file.orgs,delta'),
      'the bundle gives changes of orgs or sessions beside whole lists: ask for one or the other',
    ],
  ])('with %s is refused', async (_, change, says) => expect((await said(change)).message).toBe(says))

  it('that names 1.2.1 is one of 1.2', async () => {
    const zip = except('manifest.csv', text => text.replace('oneroster.version,1.2', 'oneroster.version,1.2.1'))
    expect((await readAll(await of(zip))).proof.kind).toBe('snapshot')
  })
})

const pupil = generated.pupils.find(each => each.groupKey !== undefined && each.scheduledKeys.length === 0)
if (pupil?.groupKey === undefined) throw new Error('the generated school has no pupil in one group')
const home = { key: pupil.key, group: `class:${classIdOf(pupil.groupKey)}`, person: `user:leerling-${pupil.key}` }
const at = new Date('2026-11-22T20:00:00Z')

async function applied(
  version: '1.1' | '1.2',
  change: (school: GeneratedSchool) => GeneratedSchool,
  edit = (files: BundleFiles) => files,
) {
  const { proof } = await readAll(await of(zipped(bulk[version])))
  const delta = edit(deltaFiles(generated, change(structuredClone(generated)), version, at))
  return { cursor: proof.cursor ?? null, delta, path: await written(zipped(delta)) }
}

const renamed = (school: GeneratedSchool) => ({
  ...school,
  pupils: school.pupils.map(each =>
    each.key === home.key ? { ...each, name: { ...each.name, givenName: 'Nieuw', firstNames: 'Nieuw' } } : each,
  ),
})
const moved = (school: GeneratedSchool) => {
  const other = school.groups.find(({ kind, key }) => kind === 'homeroom' && key !== pupil.groupKey)
  return {
    ...school,
    pupils: school.pupils.map(each => (each.key === home.key ? { ...each, groupKey: other?.key ?? '' } : each)),
  }
}
const left = (school: GeneratedSchool) => ({ ...school, pupils: school.pupils.filter(({ key }) => key !== home.key) })

describe.each(['1.1', '1.2'] as const)('a bundle of changes (%s)', version => {
  it('needs a whole one before it', async () => {
    const { path, cursor } = await applied(version, moved)
    const says = /this bundle holds changes only, and nothing whole was read before/
    expect((await readFailing(source(path))).error).toMatchObject({
      code: 'incomplete',
      message: expect.stringMatching(says),
    })
    expect((await readFailing(source(path, { schoolYear: '2025-2026' }), cursor)).error.message).toMatch(says)
    expect((await readFailing(source(path, { teachers: 'all' }), cursor)).error.message).toMatch(says)
    await expect(source(path).check()).rejects.toMatchObject({ code: 'incomplete' })
  })

  it('maps an enrolment in a class that it does not bring', async () => {
    const { path, cursor } = await applied(version, moved)
    const { records, batches, proof } = await readAll(source(path), cursor)
    expect(proof).toMatchObject({
      kind: 'delta',
      createdAt: at.toISOString(),
      scope: { brin: '99ZZ', schoolYear: '2026-2027' },
    })
    expect(records.filter(({ type }) => type !== 'school')).toMatchObject([
      { type: 'membership', personSourceId: home.person, role: 'pupil' },
    ])
    expect(batches.flatMap(({ removed = [] }) => removed)).toContainEqual({
      type: 'membership',
      groupSourceId: home.group,
      personSourceId: home.person,
    })
  })

  it('brings a new name', async () => {
    const { path, cursor } = await applied(version, renamed)
    const { records } = await readAll(source(path), cursor)
    const [person, ...more] = records.filter((each): each is PersonRecord => each.type === 'person')
    expect(person).toMatchObject({ sourceId: home.person, givenName: 'Nieuw', role: 'pupil' })
    expect(more).toEqual([])
  })

  it('says who is gone, by id and nothing more', async () => {
    const { path, cursor } = await applied(version, left)
    const { records, batches } = await readAll(source(path), cursor)
    const removed = batches.flatMap(batch => batch.removed ?? [])
    expect(removed).toContainEqual({ type: 'person', sourceId: home.person })
    expect(removed).toContainEqual({ type: 'membership', groupSourceId: home.group, personSourceId: home.person })
    expect(JSON.stringify(records)).not.toContain(home.person)
  })

  it('that is older than what was applied is refused, and the same again is unchanged', async () => {
    const { path, cursor } = await applied(version, moved)
    const { proof } = await readAll(source(path), cursor)
    expect((await readAll(source(path), proof.cursor ?? null)).proof.kind).toBe('unchanged')
    const older = deltaFiles(generated, renamed(generated), version, new Date('2026-11-20T20:00:00Z'))
    const { error } = await readFailing(await of(zipped(older)), proof.cursor ?? null)
    expect(error.message).toBe(
      'the bundle is older (2026-11-20T20:00:00.000Z) than the one applied last (2026-11-22T20:00:00.000Z)',
    )
  })

  it('without a status or a date in a row is refused', async () => {
    const { path, cursor } = await applied(version, moved, files => ({
      ...files,
      'enrollments.csv': (files['enrollments.csv'] ?? '').replace(at.toISOString(), ''),
    }))
    expect((await readFailing(source(path), cursor)).error.message).toBe(
      'enrollments.csv gives changes without status or dateLastModified (line 2)',
    )
  })

  it('remembers a new group for the next one, and forgets one that is gone', async () => {
    const choir = generated.groups.at(-1)?.key ?? ''
    const gone = (school: GeneratedSchool) => ({ ...school, groups: school.groups.filter(({ key }) => key !== choir) })
    const { path, cursor } = await applied(version, gone)
    const { batches, proof } = await readAll(source(path), cursor)
    expect(batches.flatMap(({ removed = [] }) => removed)).toEqual([
      { type: 'group', sourceId: `class:${classIdOf(choir)}` },
    ])
    expect(JSON.parse(proof.cursor ?? '').classes).not.toHaveProperty(classIdOf(choir))
    const back = deltaFiles(gone(generated), generated, version, new Date('2026-11-23T10:00:00Z'))
    const again = await readAll(await of(zipped(back)), proof.cursor ?? null)
    expect(JSON.parse(again.proof.cursor ?? '').classes).toHaveProperty(classIdOf(choir), 'scheduled')
  })
})

it('refuses changes of 1.2 that bring half a user', async () => {
  for (const missing of ['roles', 'users']) {
    const { path, cursor } = await applied('1.2', renamed, files => ({
      ...Object.fromEntries(Object.entries(files).filter(([name]) => name !== `${missing}.csv`)),
      'manifest.csv': (files['manifest.csv'] ?? '').replace(`file.${missing},delta`, `file.${missing},absent`),
    }))
    const says = `${home.person} came in users.csv or in roles.csv only`
    // A user whose org is told by primaryOrgSourcedId is ours.
    expect((await readFailing(source(path), cursor)).error).toMatchObject({
      code: 'incomplete',
      message: expect.stringContaining(says),
    })
  }
})

it('takes the panel away from a teacher who is an aide from now on', async () => {
  const key = generated.cast.teachers.otherTeacher
  const { path, cursor } = await applied('1.2', school => ({
    ...school,
    teachers: school.teachers.map(each =>
      each.key === key ? { ...each, groups: each.groups.map(place => ({ ...place, roles: ['OWA'] })) } : each,
    ),
  }))
  const { records, batches } = await readAll(source(path), cursor)
  const person = `user:medewerker-${key}`
  expect(records.filter((each): each is MembershipRecord => each.type === 'membership')).toMatchObject([
    { personSourceId: person, role: 'other' },
  ])
  expect(batches.flatMap(({ removed = [] }) => removed)).toContainEqual(
    expect.objectContaining({ personSourceId: person, role: 'teacher' }),
  )
})
