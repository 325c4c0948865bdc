import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { toolAddresses } from '../../../../connector/entry/lti/addresses.ts'
import { membersScope } from '../../../../connector/entry/lti/services.ts'
import { folder } from '../../../../connector/manifest/fill.ts'

const own = new URL('https://m5.example')
const place = new URL('../../../../manifest/lti/', import.meta.url)
const words = {
  ...{ url: own.origin, host: own.host, school: 'De "Proef" & co', key: 'pk_proef123', version: '1.0.0', board: 'B' },
  id: 'x',
}
const sheets = readdirSync(place).map(name => [name, readFileSync(new URL(name, place), 'utf8')] as const)

describe('the sheets for administrators of an LMS', () => {
  it('are there for each platform', () => {
    expect(sheets.map(([name]) => name).sort()).toEqual([
      ...['blackboard.md', 'brightspace.md', 'canvas.json', 'canvas.md', 'itslearning.md', 'moodle.md', 'uitleg.md'],
    ])
  })

  it.for(sheets)('%s names the addresses that the connector really has, and no other', ([, text]) => {
    const known = Object.values(toolAddresses(own))
    const named = [...text.matchAll(/\{\{url\}\}(\/[\w/-]*)/g)].map(([, path]) => new URL(path ?? '', own).href)
    expect(named.length).toBeGreaterThan(0)
    for (const address of named) expect(known).toContain(address)
  })

  it.for(sheets)('%s asks for no name and no marks', ([, text]) => {
    expect(text).not.toMatch(/lti-ags|privacy_level": "(?!anonymous)|\$Person|\$User/)
  })

  it('say where to place it once, for everybody', () => {
    for (const [name, text] of sheets.filter(([name]) => /^(moodle|canvas|brightspace|itslearning)\.md$/.test(name)))
      expect([name, text.includes('## Neerzetten')]).toEqual([name, true])
  })

  it('name commands that there are', async () => {
    const { Command } = await import('commander')
    const { ltiCommands } = await import('../../../../connector/cli/lti.ts')
    const lti = new Command('lti')
    ltiCommands(lti, async () => {})
    const has = ([name, ...more]: string[], at: InstanceType<typeof Command>): boolean => {
      const found = at.commands.find(each => each.name() === name)
      return found !== undefined && (found.commands.length === 0 || has(more, found))
    }
    const named = sheets.flatMap(([, text]) =>
      [...text.matchAll(/m5 lti ([a-z]+(?: [a-z]+)?)/g)].map(([, it = '']) => it),
    )
    expect(named.length).toBeGreaterThan(10)
    for (const each of named) expect([each, has(each.split(' '), lti)]).toEqual([each, true])
  })

  it('are filled in without a word left open, and the configuration of Canvas is JSON', () => {
    const files = folder('lti', words)
    for (const [, content] of files) expect(String(content)).not.toContain('{{')
    expect(JSON.parse(String(files.get('canvas.json')))).toMatchObject({
      oidc_initiation_url: 'https://m5.example/lti/login',
      public_jwk_url: 'https://m5.example/lti/jwks',
      scopes: [membersScope],
      description: expect.stringContaining('De "Proef" & co'),
      extensions: [{ domain: 'm5.example', privacy_level: 'anonymous' }],
    })
  })
})
