import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const files = ['adapters', 'connector']
  .flatMap(folder =>
    readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' }).map(name => `${folder}/${name}`),
  )
  .filter(path => path.endsWith('.ts') && !path.includes('/generated/'))
  .map(path => ({ path, text: readFileSync(root + path, 'utf8') }))

const where = (pattern: RegExp) => files.filter(file => pattern.test(file.text)).map(file => file.path)
const outside = (folder: string, pattern: RegExp) => where(pattern).filter(path => !path.startsWith(folder))

describe('the source', () => {
  it('is read', () => {
    expect(files.length).toBeGreaterThan(80)
  })

  it('touches the database in connector/store alone', () => {
    expect(outside('connector/store/', /from '(pg|@prisma\/[^']+|[^']*\/generated\/[^']*)'/)).toEqual([])
  })

  it('opens no transaction beside the scope', () => {
    expect(where(/\.\$transaction\(/)).toEqual(['connector/store/scope.ts'])
  })

  it('asks the pool in the store alone, and for statements that set their own scope', () => {
    expect(outside('connector/store/', /\bpool\.(query|connect)\b/)).toEqual([])
    const asked = files.flatMap(({ text }) => [...text.matchAll(/text: '(select [^']*)'/g)].map(found => found[1]))
    for (const statement of asked)
      expect(statement).toMatch(
        /^select (\* from )?(read_session|claim_once|submit_reports|put_pending|take_pending|keep_oidc_record)\(/,
      )
  })

  it('builds no statement of text', () => {
    expect(where(/\$(query|execute)RawUnsafe|Prisma\.raw\(/)).toEqual([])
  })

  it('opens who reported nowhere but in the logged reveal, which is not there yet', () => {
    expect(outside('connector/store/keyring.ts', /\.reveal\(/)).toEqual([])
  })

  it('reads the environment in config.ts alone, and where a command line starts', () => {
    expect(where(/process\.env\b/)).toEqual(['connector/config.ts', 'connector/cli/m5.ts'])
  })

  it('prints nothing by itself', () => {
    expect(where(/\bconsole\./)).toEqual([])
  })

  it('neither compiles text nor follows a redirect to where the caller says', () => {
    expect(where(/\beval\(|new Function\(/)).toEqual([])
    expect(where(/redirect\([^)]*req\.(query|body|get)/)).toEqual([])
  })
})

describe('the lock', () => {
  const lock = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as {
    packages: Record<
      string,
      { version?: string; integrity?: string; resolved?: string; link?: boolean; inBundle?: boolean }
    >
  }
  const installed = Object.entries(lock.packages).filter(([path]) => path !== '')

  it('names what each package must be, and no registry', () => {
    expect(installed.filter(([, p]) => !p.integrity && !p.link && !p.inBundle).map(([path]) => path)).toEqual([])
    expect(installed.filter(([, p]) => p.resolved).map(([path]) => path)).toEqual([])
  })

  it('is of exact versions', () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
      readFileSync(`${root}package.json`, 'utf8'),
    ) as Record<string, Record<string, string>>
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }))
      expect([name, version]).toEqual([name, expect.stringMatching(/^\d+\.\d+\.\d+/)])
  })
})
