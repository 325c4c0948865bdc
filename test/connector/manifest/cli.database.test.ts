/** `m5 manifest` in a process of its own, on what administration has stored. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strFromU8, unzipSync } from 'fflate'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { createBoard } from '../../../connector/admin/boards.ts'
import { addSchool } from '../../../connector/admin/schools.ts'
import { addSignIn } from '../../../connector/admin/sign-ins.ts'
import { addTeamsTenant } from '../../../connector/admin/teams-tenants.ts'
import { integrityOf } from '../../../connector/manifest/source.ts'
import { type TestDatabase, testDatabase, testMasterKey } from '../../support/database.ts'
import { runM5 } from '../cli/run.ts'

vi.setConfig({ testTimeout: 120_000 })

const clientId = '11111111-2222-4333-8444-555555555555'
const secret = 'kanarie-client-geheim'
let t: TestDatabase
let dir: string
let boardId: string
let key: string
let signInId: string
beforeAll(async () => {
  t = await testDatabase()
  dir = mkdtempSync(join(tmpdir(), 'm5-built-'))
  boardId = (await createBoard(t, { name: 'Bestuur' })).boardId
  const school = await addSchool(t, { boardId, name: 'De Klim', brin: '99ZZ' })
  const other = await addSchool(t, { boardId, name: 'De Andere', brin: '99ZZ', location: '01' })
  key = school.publishableKey
  const signIn = { boardId, clientId: '12-ab.apps.googleusercontent.com', claim: 'sub', keyType: 'subject' } as const
  const google = {
    ...signIn,
    issuer: 'https://accounts.google.com',
    label: 'Google',
    kind: 'google',
    tenant: 'deklim.nl',
  }
  signInId = (await addSignIn(t, { ...google, schoolId: school.id, secret } as Parameters<typeof addSignIn>[1])).id
  await addTeamsTenant(t, { boardId, schoolId: school.id, tenant: clientId, clientId })
  const foreign = '99999999-2222-4333-8444-555555555555'
  await addTeamsTenant(t, { boardId, schoolId: other.id, tenant: foreign, clientId: foreign })
})
afterAll(async () => {
  await t.close()
  rmSync(dir, { recursive: true, force: true })
})

const m5 = (args: string[], plain = false, env: Record<string, string> = {}) =>
  runM5(args, {
    plain,
    env: { DATABASE_URL: t.url, M5_MASTER_KEY: testMasterKey, M5_URL: 'https://m5.deklim.nl', ...env },
  })

it('builds the packages of that school, and a second time changes nothing', async () => {
  const out = join(dir, 'een')
  const first = await m5(['manifest', 'build', '--school', key, '--out', out])
  expect(first).toMatchObject({ code: 0, json: { removed: 0 } })
  const again = await m5(['manifest', 'build', '--school', key, '--out', out], true)
  expect(again.out).toMatch(/^\d+ files, 0 new or changed, 0 removed\.\n/)

  const read = (path: string) => readFileSync(join(out, path), 'utf8')
  expect(read('embed/knop.html')).toContain(`https://m5.deklim.nl/meld?s=${key}`)
  const { integrity, url } = JSON.parse(read('embed/integrity.json')) as { integrity: string; url: string }
  expect(integrity).toBe(integrityOf(readFileSync(new URL('../../../widgets/dist/m5.js', import.meta.url))))
  expect(url).toMatch(/^https:\/\/m5\.deklim\.nl\/v\/\d+\.\d+\.\d+\/m5\.js$/)
  expect(read('google/uitleg.md')).toContain(`\`https://m5.deklim.nl/entry/callback/${signInId}\``)
  const app = unzipSync(readFileSync(join(out, 'teams/m5-teams.zip')))
  expect(JSON.parse(strFromU8(app['manifest.json'] as Uint8Array))).toMatchObject({
    webApplicationInfo: { id: clientId, resource: `api://m5.deklim.nl/${clientId}` },
  })
  const { files } = first.json as { files: string[] }
  for (const path of files) expect(readFileSync(join(out, path)).includes(secret), path).toBe(false)
})

it('names every package, for whom it is and what to do, without a database', async () => {
  const listed = await m5(['manifest', 'list'], true, { DATABASE_URL: 'postgres://nobody@localhost:1/none' })
  expect(listed.code).toBe(0)
  expect(listed.out).toMatch(/^MAP +VOOR +DOEN\n/)
  for (const name of ['teams', 'google', 'wordpress', 'embed', 'tiles', 'lti', 'portal'])
    expect(listed.out).toMatch(new RegExp(`^${name} +\\S`, 'm'))
})

it('asks which school where there are two, and for a folder', async () => {
  expect(await m5(['manifest', 'build', '--out', join(dir, 'x')])).toMatchObject({ code: 1 })
  expect(await m5(['manifest', 'build', '--school', key])).toMatchObject({ code: 1 })
  expect(await m5(['manifest', 'build', '--school', 'pk_nobody', '--out', join(dir, 'x')])).toMatchObject({ code: 1 })
})
