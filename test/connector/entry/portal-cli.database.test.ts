/** `m5 portal` and `m5 teams`, as an administrator types them. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Issuer, startIssuer } from '../../school/portal-issuer.ts'
import { testMasterKey } from '../../support/database.ts'
import { openWorld, type World } from '../../support/world.ts'
import { runM5 } from '../cli/run.ts'

// Each command is a process of its own.
vi.setConfig({ testTimeout: 180_000 })

let w: World
let issuer: Issuer
beforeAll(async () => {
  w = await openWorld()
  issuer = await startIssuer()
})
afterAll(async () => {
  await issuer?.close()
  await w?.close()
})

const env = () => ({ DATABASE_URL: w.t.url, M5_MASTER_KEY: testMasterKey, M5_URL: w.origin })
const m5 = (...args: string[]) => runM5(args, { env: env() })
const typed = (...args: string[]) => runM5(args, { env: env(), plain: true })
const school = () => ['--school', w.schools.own.key]
const add = (...more: string[]) =>
  m5(
    'portal',
    'add',
    ...school(),
    '--issuer',
    issuer.origin,
    '--jwks-url',
    issuer.jwksUrl,
    '--label',
    'Portaal',
    ...more,
  )

describe('m5 portal', () => {
  it('adds, tests, lists and removes, and says what the portal must sign', async () => {
    const made = (await add('--key-type', 'sis-id')).json as Record<string, string>
    expect(made).toMatchObject({ mayName: 'pupils-and-parents', audience: w.origin, school: w.schools.own.key })
    const id = made.id ?? ''
    expect((await m5('portal', 'list', ...school())).json).toEqual([
      expect.objectContaining({ id, issuer: issuer.origin }),
    ])
    const board = ['--board', w.schools.own.boardId]
    const tested = await m5('portal', 'test', id, ...board)
    expect([tested.code, tested.json]).toEqual([0, { id, keys: issuer.keys.map(({ kid }) => kid) }])
    for (const [how, code] of [
      ['empty', 3],
      ['broken', 3],
      ['away', 4],
    ] as const) {
      issuer.answers = how
      const answer = await typed('portal', 'test', id, ...board)
      expect([how, answer.code, answer.out.trim() === '']).toEqual([how, code, false])
    }
    expect((await m5('portal', 'remove', id, '--board', w.schools.foreign.boardId)).code).not.toBe(0)
    expect((await m5('portal', 'remove', id, ...board)).json).toEqual({ id, removed: true })
  })

  it('says what is wrong with what was typed, and adds nothing', async () => {
    const answer = await add('--key-type', 'email', '--may-name', 'staff')
    expect([answer.code, (answer.json as { message: string }).message]).toEqual([
      1,
      expect.stringMatching(/keyType.*mayName/),
    ])
    expect((await m5('portal', 'list', ...school())).json).toEqual([])
  })
})

describe('m5 teams', () => {
  it('adds, lists and removes a tenant, and says the address of the app', async () => {
    const [tenant, client] = ['3F1C0E6A-5d0c-4a55-9b0a-0c8f2d1e7a11', 'b6f7a3d2-9c1e-4f0b-8a7d-5e4c3b2a1f00']
    const added = await m5('teams', 'add', ...school(), '--tenant', tenant, '--client-id', client)
    const made = added.json as Record<string, string>
    expect(made).toMatchObject({ tenant: tenant.toLowerCase(), resource: `api://${new URL(w.origin).host}/${client}` })
    expect((await m5('teams', 'list', ...school())).json).toEqual([expect.objectContaining({ id: made.id })])
    expect((await m5('teams', 'add', ...school(), '--tenant', 'common', '--client-id', client)).code).toBe(1)
    const gone = await m5('teams', 'remove', made.id ?? '', '--board', w.schools.own.boardId)
    expect(gone.json).toEqual({ id: made.id, removed: true })
  })
})
