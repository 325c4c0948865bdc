import { execFile } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { homedir, hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { strFromU8, unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build, everything } from '../../../connector/manifest/build.ts'
import { fill } from '../../../connector/manifest/fill.ts'
import { packages } from '../../../connector/manifest/packages.ts'
import { oddNames, source } from './source.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'm5-manifest-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const clientId = '11111111-2222-4333-8444-555555555555'
const whole = source({
  teamsClientIds: [clientId],
  signIns: [
    {
      ...{ label: 'Google', issuer: 'https://accounts.google.com', clientId: '12-ab.apps.googleusercontent.com' },
      redirect: 'https://m5.school.example/entry/callback/5c2f',
    },
  ],
})

const text = (content: string | Uint8Array) => (typeof content === 'string' ? content : strFromU8(content, true))
/** Zips opened, so that what is in them is looked through as well. */
async function opened(of = whole): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const [path, content] of await everything(of)) {
    found.set(path, text(content))
    if (!path.endsWith('.zip')) continue
    for (const [inner, bytes] of Object.entries(unzipSync(content as Uint8Array)))
      found.set(`${path}!${inner}`, /\.(png|mo)$/.test(inner) ? strFromU8(bytes, true) : strFromU8(bytes))
  }
  return found
}
const listing = (at: string) =>
  readdirSync(at, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(at.length + 1))
    .sort()

describe('the packages', () => {
  it('are the same bytes each time, and in every time zone', async () => {
    const script = `
      const { everything } = await import(${JSON.stringify(new URL('../../../connector/manifest/build.ts', import.meta.url).href)})
      const { createHash } = await import('node:crypto')
      const source = JSON.parse(process.argv[1])
      const files = await everything({ ...source, url: new URL(source.url), script: Buffer.from('export {}') })
      const sum = createHash('sha256')
      for (const [path, content] of files) sum.update(path).update(content)
      console.log(sum.digest('hex'))`
    const argument = JSON.stringify({ ...whole, script: undefined })
    const sum = async (TZ: string) =>
      (
        await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, argument], {
          env: { ...process.env, TZ },
        })
      ).stdout
    const [first, second, third] = await Promise.all([sum('Europe/Amsterdam'), sum('Pacific/Kiritimati'), sum('UTC')])
    expect(first).toMatch(/^[0-9a-f]{64}\n$/)
    expect([second, third]).toEqual([first, first])
  })

  it('hold nothing of the machine that made them', async () => {
    const here = [process.cwd(), homedir(), tmpdir(), hostname(), new URL('../../../', import.meta.url).pathname]
    const words = here.filter(word => word.length > 3)
    expect(words.length).toBeGreaterThan(1)
    for (const [path, content] of await opened())
      for (const word of words) expect(content.includes(word), `${path}: ${word}`).toBe(false)
    // The owner's name is too short a word to look for in every text; in a zip it would be a field of its own.
    expect(userInfo().username).toBeTypeOf('string')
    for (const [path, content] of await everything(whole))
      if (path.endsWith('.zip')) expect(extraFields(content as Uint8Array), path).toEqual([])
  })

  it('leave nothing to fill in by hand', async () => {
    for (const [path, content] of await opened()) {
      expect(content.match(/\{\{\w*\}\}/), path).toBeNull()
      if (!/\.(png|mo)$|lti\/|portal\//.test(path))
        expect(content.match(/\b(undefined|NaN|\[object)\b/), path).toBeNull()
    }
    for (const [path, content] of await opened())
      if (path.endsWith('.json')) expect(() => JSON.parse(content), path).not.toThrow()
  })

  it('say what to do where something is not there yet', async () => {
    const files = await opened(source())
    expect(files.get('google/uitleg.md')).toContain('nog niet bekend')
    expect(files.get('teams/uitleg.md')).toContain('api://m5.school.example/CLIENT-ID')
  })

  it.for(oddNames)('stay what they are for a school called %j', async name => {
    const files = await opened(source({ school: { name, key: 'pk_x' }, board: name }))
    for (const [path, content] of files) {
      if (path.endsWith('.json')) expect(() => JSON.parse(content), path).not.toThrow()
      if (/\.(html|svg)$/.test(path)) {
        expect(content, path).not.toContain('<script>alert')
        expect(content, path).not.toContain('?><?php')
      }
      if (/\.(php|js|mjs|ts)$/.test(path)) {
        expect(content, path).not.toContain("*/ system('x')")
        expect(content, path).not.toContain("'; drop")
      }
    }
  })

  it('each say for whom they are, and the overview names those that are made', async () => {
    const files = await opened()
    const overview = files.get('LEES-MIJ.md') ?? ''
    const made = new Set([...files.keys()].filter(path => path.includes('/')).map(path => path.split('/')[0]))
    for (const { name, for: whom, todo } of packages) {
      expect([whom.length > 10, todo.length > 20]).toEqual([true, true])
      expect(overview.includes(`## ${name}/`), name).toBe(made.has(name))
    }
    expect(['teams', 'google', 'wordpress', 'embed', 'tiles'].filter(name => !made.has(name))).toEqual([])
  })

  it('are each explained in the folder of their templates', () => {
    const readme = readFileSync(new URL('../../../manifest/README.md', import.meta.url), 'utf8')
    const explained = [...readme.matchAll(/^## (\w+)$/gm)].map(([, name]) => name)
    expect(explained).toEqual(packages.map(({ name }) => name))
  })

  it('stop at a word that nobody knows', () => {
    expect(() => fill('x/y.md', '{{secret}}', { url: 'x' })).toThrow(/\{\{secret\}\}/)
    expect(() => fill('x/y.md', '{{constructor}}', { url: 'x' })).toThrow()
  })
})

describe('building into a folder', () => {
  it('writes everything once, and the second time nothing', async () => {
    const out = join(dir, 'twice')
    const first = await build(whole, out)
    expect(first).toMatchObject({ changed: first.files.length, removed: 0 })
    expect(listing(out)).toEqual([...first.files, 'inhoud.json'].sort())
    for (const name of listing(out)) utimesSync(join(out, name), 1, 1)
    expect(await build(whole, out)).toEqual({ ...first, changed: 0 })
    expect(readFileSync(join(out, 'teams/m5-teams.zip')).length).toBeGreaterThan(1000)
  })

  it('takes away what it made before and makes no more, and nothing else', async () => {
    const out = join(dir, 'stale')
    const other = '99999999-2222-4333-8444-555555555555'
    await build(source({ teamsClientIds: [clientId, other] }), out)
    writeFileSync(join(out, 'teams/van-mij.txt'), 'blijft')
    const built = await build(whole, out)
    expect(built.removed).toBe(4)
    expect(existsSync(join(out, `teams/m5-teams-${other}.zip`))).toBe(false)
    expect(existsSync(join(out, 'teams/m5-teams.zip'))).toBe(true)
    expect(readFileSync(join(out, 'teams/van-mij.txt'), 'utf8')).toBe('blijft')
  })

  it.for(['../keep.txt', 'a/../../keep.txt', '/etc/keep.txt', 'a/./../../keep.txt'])(
    'believes no index that leads out of the folder: %s',
    async path => {
      const out = join(dir, `out-${path.replace(/\W/g, '-')}`)
      mkdirSync(out)
      writeFileSync(join(dir, 'keep.txt'), 'blijft')
      writeFileSync(join(out, 'inhoud.json'), JSON.stringify({ files: { [path]: 'x' } }))
      expect((await build(whole, out)).removed).toBe(0)
      expect(readFileSync(join(dir, 'keep.txt'), 'utf8')).toBe('blijft')
    },
  )

  it('says so where it cannot write', async () => {
    const out = join(dir, 'taken')
    writeFileSync(out, 'a file')
    chmodSync(out, 0o600)
    await expect(build(whole, out)).rejects.toMatchObject({ code: 'invalid-input' })
  })
})

/** Comments and extra fields of a zip's directory: where a packer leaves owners and times. */
function extraFields(zip: Uint8Array): string[] {
  const bytes = Buffer.from(zip)
  const found: string[] = []
  for (let at = bytes.indexOf('PK\x01\x02', 0, 'latin1'); at >= 0; at = bytes.indexOf('PK\x01\x02', at + 4, 'latin1')) {
    const [extra, comment] = [bytes.readUInt16LE(at + 30), bytes.readUInt16LE(at + 32)]
    const date = bytes.readUInt16LE(at + 14)
    if (extra + comment > 0 || date !== 0x21) found.push(`${at}: ${extra} ${comment} ${date}`)
  }
  return found
}
