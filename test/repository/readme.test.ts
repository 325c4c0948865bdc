/** Holds the pages for people to the code: what they tell somebody to type, open or set is there. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { SaxesParser } from 'saxes'
import { beforeAll, describe, expect, it } from 'vitest'
import { adapter, adapters } from '../../adapters/index.ts'
import { RosterKey } from '../../adapters/roster.ts'
import { exitCodes } from '../../connector/cli/exit.ts'
import { kindNames } from '../../connector/sign-in-kinds.ts'
import { grantRoles } from '../../connector/store/grants.ts'
import { guards } from '../../connector/sync/guards.ts'
import { commandLine, type Typed, typed } from './command-line.ts'
import { compile, root } from './compile.ts'
import { anchors, blocks, links, named, spans, table } from './markdown.ts'
import { commands, wordsOf } from './shell.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'manifest/README.md']
const readme = read('README.md')
const contributing = read('CONTRIBUTING.md')
const packageJson = JSON.parse(read('package.json')) as { version: string; scripts: Record<string, string> }
const folders = ['adapters', 'connector', 'widgets', 'prisma', 'manifest', 'test']

/** Everything that a page tells somebody to type, and what it only mentions: there arguments may be missing. */
const told = (page: string) => blocks(page, 'sh').flatMap(({ text }) => commands(text))
const mentioned = (page: string) =>
  spans(page)
    .filter(span => /^(npm|m5) /.test(span))
    .flatMap(commands)

describe('commands', () => {
  let program: Command
  beforeAll(async () => {
    program = await commandLine()
  }, 30_000)

  const ours = (all: string[][]) => all.filter(([name]) => name === 'm5').map(([, ...words]) => words)
  const m5 = (page: string): Typed[] => ours(told(page)).map(words => typed(program, words))

  for (const page of pages) {
    it(`${page} calls npm scripts that exist, and nothing but npm and m5`, () => {
      for (const words of [...told(read(page)), ...mentioned(read(page))])
        expect(npmFault(words), words.join(' ')).toBe('')
    })

    it(`${page} gives m5 only commands and options that it takes`, () => {
      m5(read(page))
      for (const words of ours(mentioned(read(page)))) typed(program, words, { mention: true })
    })
  }

  it('README shows how to use every group of commands', () => {
    const shown = new Set(m5(readme).map(({ name }) => name.split(' ')[0]))
    expect(program.commands.map(command => command.name()).filter(name => !shown.has(name))).toEqual([])
  })

  it('README names sources, key types and roles that exist, with every option they need', () => {
    for (const { name, values } of m5(readme)) {
      if (name === 'source add') {
        const kind = adapter(values.get('kind')?.[0] ?? '')
        const given = (values.get('option') ?? []).map(pair => pair.replace(/:?=.*$/s, ''))
        expect(given.filter(key => !optionNames(kind.kind).all.includes(key))).toEqual([])
        expect(optionNames(kind.kind).needed.filter(key => !given.includes(key))).toEqual([])
        for (const secret of kind.secrets) expect(values.get('option')?.join(' ')).toMatch(new RegExp(`${secret}=@`))
      }
      if (name === 'signin add') {
        const [kind = 'oidc'] = values.get('kind') ?? []
        expect(kindNames).toContain(kind)
        if (kind === 'oidc') expect(RosterKey.shape.type.options).toContain(values.get('key-type')?.[0])
      }
      if (name === 'grant add') expect(Object.keys(grantRoles)).toContain(values.get('role')?.[0])
    }
  })

  it('refuses a command that does not exist, an option that does not, and one that is missing', () => {
    expect(() => typed(program, ['board', 'paint', 'it'])).toThrow()
    expect(() => typed(program, ['sync', '--quick'])).toThrow('--quick')
    expect(() => typed(program, ['school', 'add', 'De School'])).toThrow('--brin')
    expect(npmFault(wordsOf('npm run fly'))).not.toBe('')
  })
})

function npmFault([name, ...words]: string[]): string {
  if (name === 'm5') return ''
  if (name !== 'npm') return `${name} is no command of ours`
  const [verb = '', ...more] = words.filter(word => word !== '--silent')
  if (verb === 'ci') return ''
  const script = verb === 'run' ? (more.shift() ?? '') : verb
  if (!Object.hasOwn(packageJson.scripts, script)) return `there is no script ${script}`
  return argumentsFault(script, more[0] === '--' ? more.slice(1) : [])
}

function argumentsFault(script: string, args: string[]): string {
  const file = /(?:^|\s)([\w/]+\.ts)$/.exec(packageJson.scripts[script] ?? '')?.[1]
  const source = script === 'test' ? read('vitest.config.ts') : file ? read(file) : ''
  const unknown = args.filter(arg => {
    if (arg === '--project' || existsSync(join(root, arg))) return false
    if (script === 'migration') return !/^[a-z0-9_]+$/.test(arg)
    if (script === 'demo' && Object.hasOwn(adapters, arg)) return false
    return !new RegExp(`['"]?\\b${arg.replace(/^--/, '')}\\b['"]?`).test(source)
  })
  return unknown.length > 0 ? `${script} knows no ${unknown.join(', ')}` : ''
}

describe('links and files', () => {
  for (const page of pages) {
    it(`every link of ${page} leads somewhere`, () => {
      for (const link of links(read(page)).filter(to => !/^https?:/.test(to))) {
        const [to = '', anchor] = link.split('#')
        const target = to === '' ? page : join(dirname(page), to)
        expect(existsSync(join(root, target)), link).toBe(true)
        if (anchor !== undefined) expect(anchors(read(target)), link).toContain(anchor)
      }
    })

    it(`every file that ${page} names is there`, () => {
      const files = spans(read(page)).filter(
        span => new RegExp(`^(${folders.join('|')})/\\S*$`).test(span) || /^[\w.-]+\.(md|json|ts)$/.test(span),
      )
      for (const file of files)
        expect(globSync(file.replaceAll(/<\w+>/g, '*'), { cwd: root }), file).not.toHaveLength(0)
    })
  }

  it('README names each of the six folders, in the order of the data, and git holds no seventh', () => {
    expect(table(readme, 'folder').map(([folder]) => named(folder)[0])).toEqual(folders.map(folder => `${folder}/`))
    const held = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0')
    const top = new Set(held.filter(path => path.includes('/')).map(path => path.split('/')[0] ?? ''))
    expect([...top].filter(name => !name.startsWith('.') && !folders.includes(name))).toEqual([])
  })
})

describe('tables', () => {
  it('settings are those of the environment schema, with its defaults', () => {
    const rows = table(readme, 'setting').map(([name, value = '']) => [named(name)[0], named(value)[0] ?? null])
    expect(Object.fromEntries(rows)).toEqual(environment(read('connector/config.ts')))
  })

  it('no setting is read anywhere else', () => {
    const known = Object.keys(environment(read('connector/config.ts')))
    for (const page of [readme, contributing])
      for (const span of spans(page).filter(text => /^(M5|DATABASE)_[A-Z_]+$/.test(text))) expect(known).toContain(span)
  })

  it('sources are those of the registry, with their options', () => {
    const rows = table(readme, '`--kind`').map(([kind, , needed = '', further]) => ({
      kind: named(kind)[0],
      needed: named(needed).sort(),
      further: named(further).sort(),
      secret: [...`${needed} ${further}`.matchAll(/`(\w+)` \(secret\)/g)].map(([, name]) => name),
    }))
    const registered = Object.values(adapters).map(({ kind, secrets }) => {
      const { all, needed } = optionNames(kind)
      return { kind, needed: needed.sort(), further: all.filter(key => !needed.includes(key)).sort(), secret: secrets }
    })
    expect(rows).toEqual(registered)
  })

  it('exit codes are those of the command line', () => {
    expect(table(readme, 'exit code').map(([code]) => Number(code))).toEqual(Object.values(exitCodes))
  })

  it('every guard of a sync is explained, as a refusal or as a hold', () => {
    const rows = table(readme, 'reason').flatMap(([ids, says]) =>
      named(ids).map(id => ({ id, verdict: says?.startsWith('refused') ? 'refuse' : 'hold' })),
    )
    const byId = (a: { id: string }, b: { id: string }) => a.id.localeCompare(b.id)
    expect(rows.sort(byId)).toEqual(guards.map(({ id, verdict }) => ({ id, verdict })).sort(byId))
  })

  it('every role that can be granted is in the table of who sees what', () => {
    const roles = table(readme, 'who').flatMap(([who]) => named(who))
    expect(roles.sort()).toEqual(Object.keys(grantRoles).sort())
  })

  it('test projects are those of the configuration', () => {
    const projects = [...read('vitest.config.ts').matchAll(/name: '(\w+)'/g)].map(([, name]) => name)
    expect(table(contributing, 'project').map(([name]) => named(name)[0])).toEqual(projects)
  })

  it('figures are those of a bench, with its goal', () => {
    const source = readdirSync(join(root, 'test/bench'))
      .map(name => read(`test/bench/${name}`))
      .join('\n')
    for (const [figure, goal = ''] of table(contributing, 'figure')) {
      expect(source).toContain(`bench: '${named(figure)[0]}'`)
      expect(source).toContain(`goal: '${goal}'`)
    }
  })
})

/** What zod wants of a source, by name. */
function optionNames(kind: string): { all: string[]; needed: string[] } {
  // SAFETY: every adapter's options are a z.object; Adapter knows them as any schema
  const { shape } = adapter(kind).options as unknown as {
    shape: Record<string, { safeParse(value: unknown): { success: boolean } }>
  }
  const all = Object.keys(shape)
  return { all, needed: all.filter(key => !shape[key]?.safeParse(undefined).success) }
}

/** Name → default as somebody would write it, or null, from the text: the schema is config.ts's own. */
function environment(source: string): Record<string, string | null> {
  const schema = /const Environment = z\.object\(\{\n([\s\S]*?)\n\}\)/.exec(source)?.[1] ?? ''
  const settings = schema.split(/^ {2}(?=[A-Z])/m).slice(1)
  return Object.fromEntries(
    settings.map(text => {
      const value = /\.default\(([^)]*)\)/.exec(text)?.[1]
      return [text.slice(0, text.indexOf(':')), value?.replace(/^'(.*)'$/, '$1') ?? null]
    }),
  )
}

describe('code blocks', () => {
  const embed = globSync('widgets/embed/*.ts', { cwd: root }).map(read).join('\n')
  const documented = (tag: string) =>
    [...embed.matchAll(new RegExp(`^ \\* @${tag} (\\S+) - (.*)$`, 'gm'))].map(([, name = '', text = '']) => ({
      name,
      text,
    }))

  for (const page of pages)
    for (const [i, { text }] of blocks(read(page), 'ts').entries())
      it(`TypeScript ${i + 1} of ${page} compiles`, async () => {
        expect(await compile(text)).toBe('')
      })

  it('says why an example does not compile', async () => {
    expect(await compile("// adapters/example/wrong.ts\nexport const wrong: number = 'no'\n")).toMatch('TS2322')
  })

  it('the snippet is well-formed, and its elements and attributes are ours', () => {
    const defined = [...embed.matchAll(/define\('([\w-]+)'/g)].map(([, tag]) => tag)
    const tags = new Set<string>()
    for (const { text } of blocks(readme, 'html')) {
      const parser = new SaxesParser()
      parser.on('error', error => {
        throw error
      })
      parser.on('opentag', ({ name, attributes }) => {
        if (!name.startsWith('m5-')) return
        tags.add(name)
        for (const attribute of Object.keys(attributes)) expect(embed).toContain(`getAttribute('${attribute}')`)
      })
      parser.write(`<page>${text}</page>`).close()
    }
    expect([...tags].sort()).toEqual(defined.sort())
  })

  it('the pinned script is that of this version', () => {
    expect(spans(readme).filter(span => /^\/v\/\d.*m5\.js$/.test(span))).toEqual([`/v/${packageJson.version}/m5.js`])
  })

  it('the lines against layout shift are those of the elements', () => {
    const wanted = [...embed.matchAll(/`(m5-\w+:not\(:defined\) \{[^`]*\})`/g)].map(([, rule]) => rule)
    const lines = blocks(readme, 'css').flatMap(({ text }) => text.trim().split('\n'))
    expect(lines.sort()).toEqual(wanted.sort())
  })

  it('properties, parts and events are those of the elements', () => {
    const rows = new Map(table(readme, 'property').map(([name, value = '']) => [named(name)[0], value]))
    expect([...rows.keys()].sort()).toEqual([...new Set(documented('cssprop').map(({ name }) => name))].sort())
    for (const { name, text } of documented('cssprop')) {
      const value = /\(([#\d][^)]*)\)/.exec(text)?.[1]
      if (value !== undefined) expect(rows.get(name), name).toContain(`\`${value}\``)
    }
    const all = spans(readme)
    for (const { name } of [...documented('csspart'), ...documented('fires')]) expect(all).toContain(name)
  })

  it('the wall in CONTRIBUTING is the wall of the migrations', () => {
    const flat = (sql: string) => sql.replaceAll(/\s+/g, ' ')
    const walls = blocks(contributing, 'sql').map(({ text }) => /using \(.*\)(?=;)/.exec(flat(text))?.[0] ?? 'none')
    const spine = globSync('prisma/migrations/*/migration.sql', { cwd: root }).map(read).map(flat).join('\n')
    expect(walls).toHaveLength(1)
    // There it stands in a string, with its quotes doubled.
    for (const wall of walls) expect(spine.includes(wall.replaceAll("'", "''")), wall).toBe(true)
  })
})
