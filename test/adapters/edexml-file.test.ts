import { appendFileSync } from 'node:fs'
import { mkdtemp, open, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { edexmlFile } from '../../adapters/edexml/file.ts'
import { adapter, adapters } from '../../adapters/index.ts'
import type { SourceContext } from '../../adapters/source.ts'
import { conforms, everyFault, readAll, readFailing } from './conformance.ts'
import { canaries, context, edexml, fixture, fixturePath } from './support.ts'

let folder = ''
let made = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm5-edexml-'))
})
afterAll(() => rm(folder, { recursive: true }))

const source = (options: { path: string; [name: string]: unknown }, given: SourceContext = context()) =>
  edexmlFile.open(edexmlFile.options.parse(options), given)

async function written(content: string | Uint8Array): Promise<string> {
  made += 1
  const path = join(folder, `${made}.xml`)
  await writeFile(path, content)
  return path
}

const of = async (content: string | Uint8Array, options: Record<string, unknown> = {}) =>
  source({ path: await written(content), ...options })
const school = fixture('school-2.1.xml')
const noServer = everyFault({ never: 'a file has no server' })

conforms('EDEXML 2.1 as a file', {
  open: () => source({ path: fixturePath('school-2.1.xml') }),
  ...{ adapter: edexmlFile, canaries, secrets: [], faults: noServer },
  failing: {
    'an empty file': { open: () => of(''), code: 'incomplete' },
    'half a file': { open: () => of(school.subarray(0, 3000)), code: 'incomplete' },
    garbage: { open: () => of(Buffer.from([0, 1, 2, 250, 251])), code: 'malformed' },
    'a file of another school': { open: () => of(school, { brin: '98QQ' }), code: 'malformed' },
    'a file of another location': { open: () => of(school, { brin: '99ZZ', location: '01' }), code: 'malformed' },
    'a file of another year': { open: () => of(school, { schoolYear: '2025-2026' }), code: 'malformed' },
    'no pupils': { open: () => of(edexml({ leerlingen: '' })), code: 'incomplete' },
    'no file': { open: () => source({ path: join(folder, 'nowhere', 'CANARY.xml') }), code: 'unreachable' },
    'a folder': { open: () => source({ path: folder }), code: 'unreachable' },
    'a file above the cap': { open: () => of(school, { maxBytes: 1000 }), code: 'malformed' },
  },
})

conforms('EDEXML 2.0 as a file', {
  open: () => source({ path: fixturePath('school-2.0.xml') }),
  ...{ adapter: edexmlFile, canaries: ['2016-02-02'], secrets: [], faults: noServer },
})
conforms('EDEXML 1.0.3 as a file', {
  open: () => source({ path: fixturePath('school-1.0.3.xml') }),
  ...{ adapter: edexmlFile, canaries: ['0.25', '?'], secrets: [], faults: noServer },
})

it('plants every canary in the file that is searched for them', () => {
  for (const canary of canaries) expect(school.toString()).toContain(canary)
})

describe('an EDEXML file', () => {
  it('proves a snapshot of one school and year, with hash and creation time as its cursor', async () => {
    const { proof } = await readAll(source({ path: fixturePath('school-2.1.xml') }))
    expect(proof).toMatchObject({
      kind: 'snapshot',
      scope: { brin: '99ZZ', location: '00', schoolYear: '2026-2027' },
      counts: { school: 1, group: 4, person: 11, membership: 12 },
      createdAt: '2026-09-14T00:00:03.000Z',
    })
    expect(JSON.parse(proof.cursor ?? '')).toEqual({
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      createdAt: proof.createdAt,
    })
  })

  it('is unchanged when it is the same again under another name and date', async () => {
    const first = await readAll(await of(school))
    const path = await written(school)
    await utimes(path, 0, 0)
    const again = await readAll(source({ path }), first.proof.cursor)
    expect(again.proof).toEqual({ ...first.proof, kind: 'unchanged' })
    expect(again.batches).toEqual([])
  })

  it('is refused when it is older than the one applied', async () => {
    const { proof } = await readAll(await of(school))
    const older = school.toString().replace('2026-09-14T02:00:03', '2026-09-13T02:00:03')
    const { items, error } = await readFailing(await of(older), proof.cursor)
    expect(error).toMatchObject({ code: 'malformed', message: expect.stringContaining('older') })
    expect(items).toEqual([])
  })

  it('is read anew when it changed, also within the same second', async () => {
    const { proof } = await readAll(await of(school))
    const changed = await readAll(await of(school.toString().replace('Chidi', 'Ada')), proof.cursor)
    expect(changed.proof.kind).toBe('snapshot')
  })

  it('refuses a cursor that is not its own', async () => {
    for (const cursor of ['', 'x', '{}', '{"sha256":1}'])
      expect((await readFailing(await of(school), cursor)).error.code).toBe('malformed')
  })

  it('comes in batches of 500 when the school is large', async () => {
    const leerlingen = Array.from(
      { length: 1200 },
      (_, n) => `<leerling key="${n}"><roepnaam>P${n}</roepnaam><groep key="G8"/></leerling>`,
    )
    const { batches, proof } = await readAll(await of(edexml({ leerlingen: leerlingen.join('') })))
    expect(proof.counts).toEqual({ school: 1, group: 1, person: 1200, membership: 1200 })
    expect(batches.map(({ page }) => page.count)).toEqual([500, 500, 500, 500, 402])
  })

  it('tells how far it is', async () => {
    const seen: unknown[] = []
    await readAll(
      source({ path: fixturePath('school-2.1.xml') }, context({ progress: (...step) => void seen.push(step) })),
    )
    expect(seen.at(-1)).toEqual([school.length, school.length])
  })

  it('stops when the run stops', async () => {
    const given = context({ signal: AbortSignal.abort() })
    expect((await readFailing(source({ path: fixturePath('school-2.1.xml') }, given))).error.code).toBe('unreachable')
  })

  it('of two gigabytes is refused without being read', async () => {
    const path = await written('<EDEX>')
    const file = await open(path, 'r+')
    await file.truncate(2 * 1024 ** 3)
    await file.close()
    let read = 0
    const { error } = await readFailing(source({ path }, context({ progress: bytes => (read = bytes) })))
    expect(error).toMatchObject({ code: 'malformed', message: expect.stringContaining('larger than') })
    expect(read).toBe(0)
  })

  it('that grows while it is read is incomplete', async () => {
    const path = await written(school)
    let grown = false
    const progress = () => {
      if (!grown) grown = appended(path)
    }
    const { error } = await readFailing(source({ path }, context({ progress })))
    expect(error.code).toBe('incomplete')
  })

  it('check says school, year, version, counts and what a person must decide', async () => {
    const { ok, says } = await source({ path: fixturePath('school-2.1.xml') }).check()
    expect(ok).toBe(true)
    expect(says).toEqual([
      'School 99ZZ-00, school year 2026-2027, version 2.1.',
      '4 groups, 6 pupils, 5 others.',
      '1 teacher memberships without a role on the group: a person decides on them.',
    ])
    const old = await source({ path: fixturePath('school-1.0.3.xml') }).check()
    expect(old.says).toContain('Version 1.03 was built from documents only: compare the result by hand.')
  })
})

describe('the registry', () => {
  it('knows each adapter under its own kind', () => {
    for (const kind of Object.keys(adapters)) expect(adapter(kind).kind).toBe(kind)
  })

  it('fails on an unknown kind and on names of the language', () => {
    for (const kind of ['parnassys', '', 'constructor', '__proto__'])
      expect(() => adapter(kind)).toThrow('unknown kind of roster source')
  })

  it('keeps every secret among the options', () => {
    expect(adapters.uwlr.secrets).toEqual(['key'])
    for (const name of adapters.uwlr.secrets) expect(Object.keys(adapters.uwlr.options.shape)).toContain(name)
  })
})

function appended(path: string): true {
  appendFileSync(path, ' ')
  return true
}
