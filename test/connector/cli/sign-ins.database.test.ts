import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SignIn, startSignIn } from '../../school/sign-in.ts'
import { type TestDatabase, testDatabase, testMasterKey } from '../../support/database.ts'
import { type More, runM5 } from './run.ts'

let t: TestDatabase
let entra: SignIn
const tid = randomUUID()
beforeAll(async () => {
  t = await testDatabase()
  entra = await startSignIn({ people: [], kind: 'entra', tenant: tid, host: '127.0.0.26' })
})
afterAll(() => Promise.all([t.close(), entra.close()]))

const m5 = (args: string[], more: More = {}) =>
  runM5(args, { ...more, env: { DATABASE_URL: t.url, M5_MASTER_KEY: testMasterKey, ...more.env } })
const common = ['--client-id', 'm5', '--label', 'School']

test('a sign-in is added by its kind, checked at its issuer at once, and says what to copy', async () => {
  await m5(['board', 'add', 'Stichting Noord'])
  await m5(['school', 'add', 'De Klim', '--brin', '99zz'])
  entra.addClient({ client_id: 'm5', client_secret: 'geheim', redirect_uris: ['http://localhost:4400/none'] })
  const kind = ['--kind', 'entra', '--tenant', tid, '--issuer', entra.issuer]
  const added = await m5(['sign-in', 'add', ...kind, ...common, '--secret-stdin'], { stdin: 'geheim\n' })
  const made = added.json as { id: string; findings: { check: string; verdict: string }[] }
  expect(added).toMatchObject({
    code: 0,
    json: {
      ...{
        kind: 'entra',
        tenant: tid,
        issuer: entra.issuer,
        scopes: 'openid profile',
        claim: 'oid',
        keyType: 'object-id',
      },
      redirect: `http://localhost:4400/entry/callback/${made.id}`,
      backchannel: `http://localhost:4400/entry/backchannel/${made.id}`,
    },
  })
  expect(added.out).not.toContain('geheim')
  const verdicts = Object.fromEntries(made.findings.map(({ check, verdict }) => [check, verdict]))
  expect(verdicts).toEqual({
    ...{ discovery: 'ok', addresses: 'ok', keys: 'ok', client: 'ok', scopes: 'ok', 'issuer-in-answer': 'ok' },
    'sign-out': 'ok',
  })

  entra.addClient({ client_id: 'm5', client_secret: 'een ander', redirect_uris: ['http://localhost:4400/none'] })
  const wrong = await m5(['signin', 'test', made.id], { plain: true })
  expect([wrong.code, wrong.out]).toEqual([4, expect.stringContaining('WRONG client: it does not know this client id')])
  await entra.close()
  const away = await m5(['sign-in', 'test', made.id], { plain: true })
  expect([away.code, away.out]).toEqual([4, expect.stringContaining('WRONG discovery: the issuer cannot be reached')])
  expect(wrong.out + away.out).not.toMatch(/geheim|een ander/)
  entra = await startSignIn({ people: [] })
}, 120_000)
