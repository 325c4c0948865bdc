import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PanelPage } from '../../../connector/api/contract.ts'
import { readPanel } from '../../../connector/monitor/panel.ts'
import { submit } from '../../../connector/reports/submit.ts'
import type { Draft } from '../../../connector/reports/understand.ts'
import { schoolOf } from '../../../connector/store/schools.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import {
  type SeededPerson,
  type SeededSchool,
  seedBoard,
  seedGrant,
  seedGroup,
  seedPerson,
  seedSchool,
} from '../../support/seed.ts'

let t: TestDatabase
let school: SeededSchool
let [own, other]: string[] = []
let teacher: SeededPerson
let [target, actor, stranger, reporter]: SeededPerson[] = []
beforeAll(async () => {
  t = await testDatabase()
  school = await seedSchool(t, await seedBoard(t), { settings: {}, year: '2026-2027' })
  own = await seedGroup(t, school, '7A')
  other = await seedGroup(t, school, '7B')
  const pupil = (preferred: string, id: string | undefined) =>
    seedPerson(t, school, { names: { preferred, family: `Achternaam${preferred}` }, groups: [{ id: String(id) }] })
  target = await pupil('Tijn', own)
  actor = await pupil('Jesse', own)
  stranger = await pupil('Amira', other)
  reporter = await pupil('Zofia', own)
  teacher = await seedPerson(t, school, { role: 'staff', groups: [{ id: own, role: 'teacher' }] })
})
afterAll(() => t.close())

const context = (at: string) => ({ db: t.db, keyring: t.keyring, clock: () => new Date(at) })
const who = (person: SeededPerson | undefined, role: string) => ({ who: { personId: String(person?.id) }, role })

async function report(at: string, draft: Partial<Draft> = {}, by?: SeededPerson): Promise<string> {
  const { boardId, id } = school
  const facts = await withTenant(t.db, { boardId, role: 'system' }, tx => schoolOf(tx, boardId, id))
  const whole: Draft = {
    ...{ behaviours: ['GOSSIP'], helpedBy: [], dangerNow: false, day: 'TODAY' },
    ...{ involved: [who(actor, 'ACTOR'), who(target, 'TARGET')], ...draft },
  }
  const receipt = await submit(context(at), {
    ...{ school: facts, idemKey: randomUUID(), body: Buffer.from(randomUUID()), draft: whole, problems: [] },
    reporter: by ? { personId: by.id, kind: 'PUPIL', standing: 'SIGNED' } : null,
  })
  return receipt.id
}
const panel = (
  at: string,
  ask: { from?: string; to?: string; groupId?: string } = {},
  reader: SeededPerson = teacher,
) => {
  const { boardId, id: schoolId } = school
  return readPanel(
    context(at),
    { boardId, schoolId, personId: reader.id, channel: 'oidc' },
    { groupId: String(own), ...ask },
  )
}
const shownAt = async (at: string, id: string, ask = {}) => (await panel(at, ask)).reports.some(r => r.id === id)

describe("the teacher's panel", () => {
  it.for([
    ['a morning', '2026-11-23T08:00:00Z', '2026-11-23T14:29:59Z', '2026-11-23T14:30:00Z'],
    ['an evening', '2026-11-24T19:00:00Z', '2026-11-24T22:59:59Z', '2026-11-24T23:00:00Z'],
    ['the morning the clocks go back', '2026-10-25T09:00:00Z', '2026-10-25T14:29:59Z', '2026-10-25T14:30:00Z'],
    ['the evening before they go forward', '2027-03-27T20:00:00Z', '2027-03-27T22:59:59Z', '2027-03-27T23:00:00Z'],
    ['the morning they go forward', '2027-03-28T09:00:00Z', '2027-03-28T13:29:59Z', '2027-03-28T13:30:00Z'],
  ])('holds a report of %s until its time', async ([, sent, before, after]) => {
    const id = await report(String(sent))
    expect([await shownAt(String(before), id), await shownAt(String(after), id)]).toEqual([false, true])
  })

  it('shows what happened and nothing of who told, when, in which words, or who saw', async () => {
    const words = 'kanarie-woorden'
    const id = await report(
      '2026-12-01T09:17:33Z',
      {
        words,
        involved: [
          who(actor, 'ACTOR'),
          who(stranger, 'JOINER'),
          who(target, 'TARGET'),
          who(reporter, 'BYSTANDER'),
          { who: { typedName: 'Kanarienaam' }, role: 'HELPER' },
          { who: { typedName: 'Kanariejan' }, role: 'JOINER' },
        ],
        helpedBy: ['GROWN_UP'],
        wish: 'TALK',
      },
      reporter,
    )
    const page = await panel('2026-12-02T09:00:00Z')
    const shown = page.reports.find(r => r.id === id)
    expect(PanelPage.parse(page).reports.find(r => r.id === id)).toEqual({
      id,
      on: '2026-12-01',
      ...{ precision: 'DAY', moment: 'UNKNOWN', place: 'UNKNOWN', behaviours: ['GOSSIP'], frequency: 'UNKNOWN' },
      involved: [
        { role: 'ACTOR', pupil: { id: actor?.id, label: 'Jesse AchternaamJesse' } },
        ...expectJoiners(shown?.involved),
        { role: 'TARGET', pupil: { id: target?.id, label: 'Tijn AchternaamTijn' } },
      ],
    })
    const text = JSON.stringify(page)
    const secrets = [
      words,
      'Kanarie',
      reporter?.id,
      'Zofia',
      stranger?.id,
      'Amira',
      'BYSTANDER',
      'HELPER',
      '09:17',
      'GROWN_UP',
      'TALK',
      'SIGNED',
      teacher.id,
    ]
    for (const secret of secrets) expect(text).not.toContain(String(secret))
    for (const name of [
      'receivedAt',
      'visibleFrom',
      'reporterTag',
      'standing',
      'reporterKind',
      'problems',
      'words',
      'helpedBy',
      'wish',
      'urgent',
    ])
      expect(text).not.toContain(`"${name}"`)
  })

  /** The two are in no promised order. */
  const expectJoiners = (involved: { role: string }[] = []) => {
    const joiners = involved.filter(i => i.role === 'JOINER')
    expect(joiners).toHaveLength(2)
    expect(joiners).toEqual(
      expect.arrayContaining([
        { role: 'JOINER', pupil: { label: 'een leerling van groep 7B' } },
        { role: 'JOINER', pupil: { label: 'iemand' } },
      ]),
    )
    return joiners
  }

  it('never shows what is about a body boundary', async () => {
    const id = await report('2026-12-01T09:00:00Z', { behaviours: ['GOSSIP', 'BODY_BOUNDARY'] })
    expect(await shownAt('2026-12-05T09:00:00Z', id)).toBe(false)
  })

  it('never shows a report in which a colleague did it, also not to the colleague', async () => {
    const colleague = await seedPerson(t, school, { role: 'staff' })
    for (const adult of [colleague, teacher]) {
      const id = await report('2026-12-01T09:00:00Z', { involved: [who(adult, 'ACTOR'), who(target, 'TARGET')] })
      expect(await shownAt('2026-12-05T09:00:00Z', id)).toBe(false)
    }
  })

  it('does not show a report in which pupils of the group only saw or helped', async () => {
    const id = await report('2026-12-01T09:00:00Z', {
      involved: [who(stranger, 'ACTOR'), who(target, 'BYSTANDER'), who(actor, 'HELPER')],
    })
    expect(await shownAt('2026-12-05T09:00:00Z', id)).toBe(false)
  })

  it('begins on the day of the membership, and ends with it', async () => {
    const substitute = await seedPerson(t, school, {
      role: 'staff',
      groups: [{ id: String(own), role: 'teacher', startsOn: '2027-01-11', endsOn: '2027-01-15' }],
    })
    const [before, first] = [await report('2027-01-10T08:00:00Z'), await report('2027-01-11T08:00:00Z')]
    const page = await panel('2027-01-12T09:00:00Z', { from: '2026-08-01' }, substitute)
    expect([page.since, page.from]).toEqual(['2027-01-11', '2027-01-11'])
    const ids = page.reports.map(r => r.id)
    expect([ids.includes(before), ids.includes(first)]).toEqual([false, true])
    for (const at of ['2027-01-10T22:59:59Z', '2027-01-14T23:00:00Z'])
      await expect(panel(at, {}, substitute)).rejects.toMatchObject({ code: 'not-found' })
    await expect(panel('2027-01-14T22:59:59Z', {}, substitute)).resolves.toBeDefined()
  })

  it('puts a report without a day into the week it came in, and never before that week', async () => {
    const id = await report('2026-12-03T09:00:00Z', { day: undefined })
    const at = '2026-12-20T09:00:00Z'
    expect(await shownAt(at, id, { from: '2026-11-30', to: '2026-12-01' })).toBe(true)
    expect(await shownAt(at, id, { from: '2026-12-03', to: '2026-12-04' })).toBe(false)
    const shown = (await panel(at)).reports.find(r => r.id === id)
    expect(shown).not.toHaveProperty('on')
  })

  it('orders by day, and within a day by nothing that tells when it came', async () => {
    const sent: string[] = []
    for (let i = 0; i < 12; i++) sent.push(await report(`2027-02-01T08:${10 + i}:00Z`))
    const ids = (await panel('2027-02-02T09:00:00Z', { from: '2027-02-01', to: '2027-02-02' })).reports.map(r => r.id)
    expect(ids).toEqual([...sent].sort())
    expect(ids).not.toEqual(sent)
  })

  it('is as empty for a group without reports as for an unknown day', async () => {
    const page = await panel('2026-12-05T09:00:00Z', { from: '2026-12-04', to: '2026-12-01' })
    expect(page.reports).toEqual([])
  })

  it('is logged at every reading, with who, which group and how many', async () => {
    const { boardId } = school
    const read = () =>
      withTenant(t.db, { boardId, role: 'system' }, tx =>
        tx.auditEntry.findMany({ where: { boardId, action: 'panel.read' } }),
      )
    const before = (await read()).length
    const page = await panel('2026-12-05T09:00:00Z')
    const entries = await read()
    expect(entries).toHaveLength(before + 1)
    expect(entries).toContainEqual(
      expect.objectContaining({
        ...{ actor: teacher.id, object: own, outcome: 'done', detail: { reports: page.reports.length } },
      }),
    )
  })

  it('that cannot be logged is not shown', async () => {
    await t.asSuperuser(client => client.query('revoke insert on "AuditEntry" from m5_app'))
    try {
      await expect(panel('2026-12-05T09:00:00Z')).rejects.toThrow()
    } finally {
      await t.asSuperuser(client => client.query('grant insert on "AuditEntry" to m5_app'))
    }
  })

  it.for([
    ['a grant for the group', { role: 'GROUP_TEACHER' }, true],
    ['a grant not confirmed', { role: 'GROUP_TEACHER', confirmed: false }, false],
    ['a grant that is over', { role: 'GROUP_TEACHER', until: '2026-12-05' }, false],
    ['a grant until tomorrow', { role: 'GROUP_TEACHER', until: '2026-12-06' }, true],
    ['a grant of tomorrow', { role: 'GROUP_TEACHER', startsOn: '2026-12-06' }, false],
    ['the coordinator', { role: 'SAFETY_COORDINATOR' }, true],
    ['the leader', { role: 'SCHOOL_LEADER' }, true],
    ['the IT administrator', { role: 'IT_ADMINISTRATOR' }, false],
    ['the privacy officer', { role: 'PRIVACY_OFFICER' }, false],
    ['the support coordinator', { role: 'SUPPORT_COORDINATOR' }, false],
    ['an unknown role', { role: 'HEADMASTER' }, false],
  ] as const)('opens by grant: %s', async ([, grant, opens]) => {
    const person = await seedPerson(t, school, { role: 'staff' })
    const group = grant.role === 'GROUP_TEACHER' ? { groupId: String(own) } : {}
    await seedGrant(t, school, person.id, { startsOn: '2026-11-01', ...group, ...grant })
    const outcome = await panel('2026-12-05T09:00:00Z', {}, person).then(
      () => true,
      () => false,
    )
    expect(outcome).toBe(opens)
  })

  it.for([
    ['a teacher without a role on it', { role: 'staff', groups: 'undecided' }],
    ['somebody of the staff who helps there', { role: 'staff', groups: 'other' }],
    ['a parent, even as its teacher', { role: 'parent', groups: 'teacher' }],
    ['a trainee, even as its teacher', { role: 'trainee', groups: 'teacher' }],
    ['somebody unknown, even as its teacher', { role: 'unknown', groups: 'teacher' }],
    ['a pupil, even as its teacher', { role: 'pupil', groups: 'teacher' }],
    ['a teacher who left', { role: 'staff', groups: 'teacher', status: 'inactive' }],
    ['a teacher who comes later', { role: 'staff', groups: 'teacher', status: 'pending' }],
  ] as const)('stays closed to %s', async ([, { groups, ...person }]) => {
    const reader = await seedPerson(t, school, { ...person, groups: [{ id: String(own), role: groups }] })
    await expect(panel('2026-12-05T09:00:00Z', {}, reader)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('stays closed for a scheduled group, a group that ended and a group of last year', async () => {
    const plus = await seedGroup(t, school, 'Plusklas', 'scheduled')
    const ended = await seedGroup(t, school, '7C')
    const reader = await seedPerson(t, school, {
      role: 'staff',
      groups: [plus, ended, String(own)].map(id => ({ id, role: 'teacher' as const })),
    })
    await t.asSuperuser(client => client.query('update "Group" set active = false where id = $1', [ended]))
    for (const groupId of [plus, ended])
      await expect(panel('2026-12-05T09:00:00Z', { groupId }, reader)).rejects.toMatchObject({ code: 'not-found' })
    await expect(panel('2027-08-01T09:00:00Z', {}, reader)).rejects.toMatchObject({ code: 'not-found' })
  })
})
