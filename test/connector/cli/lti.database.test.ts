import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startLms } from '../../school/lms.ts'
import { type TestDatabase, testDatabase, testMasterKey } from '../../support/database.ts'
import { beginLaunch, endOf, launch, post } from '../../support/launch.ts'
import { type Service, startService } from '../../support/service.ts'
import { type More, runM5 } from './run.ts'

let t: TestDatabase
let service: Service
beforeAll(async () => {
  t = await testDatabase()
  service = await startService(t)
  await m5(['board', 'add', 'Stichting Noord'])
  await m5(['school', 'add', 'De Klim', '--brin', '99zz'])
})
afterAll(async () => {
  await service.close()
  await t.close()
})

const m5 = (args: string[], more: More = {}) =>
  runM5(args, {
    ...more,
    env: { DATABASE_URL: t.url, M5_MASTER_KEY: testMasterKey, M5_URL: service?.origin ?? 'http://localhost:4400' },
  })

// Each command is a process of its own.
describe('m5 lti', { timeout: 240_000 }, () => {
  it('registers an LMS by hand, holds its first launch, approves it, and explains what failed', async () => {
    const lms = await startLms()
    const added = await m5([
      ...['lti', 'platform', 'add', '--client-id', 'm5-tool', '--issuer', lms.issuer, '--label', 'Ons LMS'],
      ...['--auth-url', lms.authUrl, '--token-url', lms.tokenUrl, '--jwks-url', lms.jwksUrl],
    ])
    expect(added).toMatchObject({ code: 0, json: { tool: { redirect: `${service.origin}/lti/launch` } } })
    const { tool } = added.json as { tool: Record<'login' | 'redirect' | 'target' | 'jwks', string> }
    const registered = {
      ...{ clientId: 'm5-tool', deploymentId: '7', loginUrl: tool.login },
      ...{ redirectUris: [tool.redirect], targetLinkUri: tool.target },
    }
    lms.addTool(registered)
    const at = { lms, tool: registered }

    const held = await launch(at)
    expect(held.status).toBe(403)
    const number = /<b>([A-Z0-9]{3}-[A-Z0-9]{3})<\/b>/.exec(await held.text())?.[1] ?? ''
    const told = await m5(['lti', 'doctor', number.toLowerCase()], { plain: true })
    expect([told.code, told.out]).toEqual([0, expect.stringContaining('m5 lti deployment approve')])
    expect(told.out).toContain('Ons LMS')

    const list = await m5(['lti', 'deployment', 'list'])
    const [waiting] = list.json as { id: string; state: string; deploymentId: string }[]
    expect(waiting).toMatchObject({ state: 'quarantined', deploymentId: '7' })
    const approved = await m5(['lti', 'deployment', 'approve', waiting?.id.slice(0, 8) ?? ''], { plain: true })
    expect([approved.code, approved.out.trim()]).toEqual([0, 'Approved for De Klim.'])
    expect(endOf(await launch(at)).path).toMatch(/^\/meld\?s=pk_/)

    const { posting, visitor } = await beginLaunch(at)
    await post(visitor, { ...posting, fields: { ...posting.fields, id_token: 'x.y.z' } })
    const last = await m5(['lti', 'doctor'])
    expect((last.json as { code: string }[])[0]?.code).toBe('token-form')

    expect((await m5(['lti', 'deployment', 'refuse', waiting?.id ?? ''])).code).toBe(0)
    expect((await launch(at)).status).toBe(403)
    const { id } = added.json as { id: string }
    expect((await m5(['lti', 'platform', 'remove', id])).code).toBe(0)
    expect((await m5(['lti', 'platform', 'list'])).json).toEqual([])
    await lms.close()
  })

  it('fills in what a product always has, and says what is lacking', async () => {
    const site = 'https://moodle.school.example'
    const moodle = ['lti', 'platform', 'add', '--product', 'moodle', '--client-id', 'abc']
    const lacking = await m5(moodle, { plain: true })
    expect([lacking.code, lacking.err.trim()]).toEqual([1, 'Give --site, or --issuer.'])
    const added = await m5([...moodle, '--site', `${site}/`], { plain: true })
    expect(added.code).toBe(0)
    for (const words of ['/lti/login', '/lti/launch', '/lti/jwks', 'share name never'])
      expect(added.out).toContain(words)
    const [platform] = (await m5(['lti', 'platform', 'list'])).json as Record<string, string>[]
    expect(platform).toMatchObject({
      issuer: site,
      authUrl: `${site}/mod/lti/auth.php`,
      jwksUrl: `${site}/mod/lti/certs.php`,
    })
    const itslearning = await m5(['lti', 'platform', 'add', '--product', 'itslearning', '--client-id', 'x'])
    expect([itslearning.code, itslearning.json]).toMatchObject([1, { message: 'Give --issuer.' }])
  })

  it('knows no number that nobody was shown', async () => {
    const told = await m5(['lti', 'doctor', 'AAA-AAA'], { plain: true })
    expect([told.code, told.out]).toEqual([1, expect.stringContaining('Nothing is known of this number')])
  })

  it('rotates our keys, and the new one is published', async () => {
    const rotated = await m5(['lti', 'keys', 'rotate'])
    expect(rotated.code).toBe(0)
    const { kid } = rotated.json as { kid: string }
    const { keys } = (await (await fetch(`${service.origin}/lti/jwks`)).json()) as { keys: { kid: string }[] }
    expect(keys.map(key => key.kid)).toContain(kid)
  })
})
