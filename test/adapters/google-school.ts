/** The invented school on a Google of its own, for the tests of the source: the server, ways to open it, and questions about what came. */
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { google, googleSource } from '../../adapters/google/source.ts'
import type { GroupRecord, MembershipRecord, PersonRecord } from '../../adapters/roster.ts'
import type { SourceContext } from '../../adapters/source.ts'
import { type GeneratedSchool, generateSchool, type SchoolGroup } from '../school/generate.ts'
import { allScopes, type GoogleSis, startGoogle } from '../school/sis/google.ts'
import { googleId, workspaceOf } from '../school/sis/google-workspace.ts'
import type { Everything } from './conformance.ts'
import { context, now } from './support.ts'

export const school: GeneratedSchool = generateSchool({ today: '2026-11-23', pupils: 240 })
export const homerooms = school.groups.filter(({ kind }) => kind === 'homeroom')
export const { cast } = school

/** For one test file: started before it, put right before each test. */
export function googleServer() {
  // SAFETY: filled before the first test.
  const held = {} as { server: GoogleSis }
  const waits: number[] = []
  beforeAll(async () => {
    held.server = await startGoogle({ school: () => school, clock: () => now })
  })
  afterAll(() => held.server.close())
  beforeEach(() => {
    const { server } = held
    server.behave('ok')
    server.state.workspace = workspaceOf(school)
    server.state.delegated = new Set(allScopes)
    server.requests.length = 0
    server.asked.length = 0
    waits.length = 0
  })
  const patient = (more: Partial<SourceContext> = {}) =>
    context({
      wait: async ms => {
        waits.push(ms)
      },
      ...more,
    })
  const source = (options: Record<string, unknown> = {}, given = patient(), timeoutMs = 20_000) =>
    googleSource(google.options.parse({ ...held.server.options, ...options }), given, { timeoutMs })
  return { held, waits, patient, source }
}

export const recordsOf = <Type extends 'person' | 'group' | 'membership'>({ records }: Everything, type: Type) =>
  records.filter(record => record.type === type) as (Type extends 'person'
    ? PersonRecord
    : Type extends 'group'
      ? GroupRecord
      : MembershipRecord)[]

export const seats = (found: Everything, role: MembershipRecord['role'], group: string) =>
  recordsOf(found, 'membership')
    .filter(each => each.role === role && each.groupSourceId === group)
    .map(({ personSourceId }) => personSourceId)
    .sort()

export const user = (id: string) => `user:${id}`
export const pupilOf = (key: string) => user(googleId.pupil(key))
export const teacherOf = (key: string) => user(googleId.teacher(key))
export const pupilsOf = (group: SchoolGroup) =>
  school.pupils
    .filter(({ groupKey, scheduledKeys }) => groupKey === group.key || scheduledKeys.includes(group.key))
    .map(({ key }) => pupilOf(key))
    .sort()
