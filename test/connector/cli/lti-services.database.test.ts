import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lms, startLms } from '../../school/lms.ts'
import { type LmsServices, serveLms } from '../../school/lms-services.ts'
import { type TestDatabase, testDatabase, testMasterKey } from '../../support/database.ts'
import { postingOf } from '../../support/launch.ts'
import { type Service, startService } from '../../support/service.ts'
import { type More, runM5 } from './run.ts'

let t: TestDatabase
let service: Service
let lms: Lms
let services: LmsServices
beforeAll(async () => {
  t = await testDatabase()
  service = await startService(t)
  lms = await startLms()
  services = serveLms(lms)
  await m5(['board', 'add', 'Stichting Noord'])
  await m5(['school', 'add', 'De Klim', '--brin', '99zz'])
})
afterAll(async () => {
  await lms.close()
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
  it('invites an LMS, which connects itself, and reads its members', async () => {
    const told = await m5(['lti', 'invite', '--school', '99ZZ'], { plain: true })
    expect([told.code, told.out]).toEqual([0, expect.stringContaining('De Klim')])
    const invitation = /^http:\/\/localhost:\d+\/lti\/register\/[\w-]{43}$/m.exec(told.out)?.[0] ?? ''
    const { action, fields } = postingOf(await (await fetch(services.registrationUrl(invitation))).text())
    const body = new URLSearchParams({ ...fields, do: 'register' })
    const headers = { 'sec-fetch-site': 'same-origin' }
    const done = await fetch(new URL(action, service.origin), { method: 'POST', headers, body })
    expect(await done.text()).toContain('Gekoppeld')

    const list = await m5(['lti', 'platform', 'list'])
    const [platform] = list.json as { id: string; issuer: string }[]
    expect(platform?.issuer).toBe(lms.issuer)

    services.setMembers('course-1', [{ id: 'u1', name: 'Iemand Anders', sourcedId: 'nergens' }])
    const read = ['lti', 'members', platform?.id.slice(0, 8) ?? '', '--context', services.membersUrl('course-1')]
    expect(await m5(read)).toMatchObject({
      code: 0,
      json: { state: 'done', read: 'full', counts: { members: 1, linked: 0, unknownKey: 1 } },
    })
    services.setMembers('course-1', [])
    const held = await m5(read, { plain: true })
    expect([held.code, held.out]).toEqual([2, expect.stringContaining('--accept-loss')])
    services.misbehave({ members: 'elsewhere' })
    const broken = await m5(read, { plain: true })
    expect([broken.code, broken.out]).toEqual([4, 'The list was not read (elsewhere): nothing was changed.\n'])
    expect(held.out + broken.out).not.toContain('Iemand')
    expect(await m5([...read, '--key-type', 'email'])).toMatchObject({ code: 1 })
  })
})
