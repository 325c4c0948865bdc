/**
 * Two boards, three schools, their sign-in and the running service: enough people for every question of who may see what. The clock of the
 * service can be moved; everybody else's stays.
 */
import { startSignIn } from '../school/sign-in.ts'
import { type TestDatabase, testDatabase } from './database.ts'
import { confirmCode, type Frame, makeFrame, walkWindow } from './frame.ts'
import {
  account,
  type SeededPerson,
  type SeededSchool,
  seedBoard,
  seedGrant,
  seedGroup,
  seedPerson,
  seedSchool,
  seedSignIn,
} from './seed.ts'
import { startService } from './service.ts'

export const portal = 'https://portaal.proef.example'

const staff = (preferred: string, ...groups: { id: string; role: 'teacher' | 'undecided' }[]) => ({
  role: 'staff' as const,
  names: { preferred, family: 'Personeel' },
  groups,
})
const pupil = (preferred: string, family: string, id: string) => ({ names: { preferred, family }, groups: [{ id }] })

export type World = Awaited<ReturnType<typeof openWorld>>

export async function openWorld() {
  const t = await testDatabase()
  const upstream = await startSignIn({ people: [] })
  let offset = 0
  const service = await startService(t, () => new Date(Date.now() + offset))
  const schools = await makeSchools(t)
  const groups = {
    a: await seedGroup(t, schools.own, '7A'),
    b: await seedGroup(t, schools.own, '7B'),
    sister: await seedGroup(t, schools.sister, '7A'),
    foreign: await seedGroup(t, schools.foreign, '7A'),
  }
  const people = await makePeople(t, schools, groups)
  upstream.setPeople(Object.values(people).map(account))
  const signIns = {
    own: await seedSignIn(t, schools.own, upstream, service.origin),
    sister: await seedSignIn(t, schools.sister, upstream, service.origin),
    foreign: await seedSignIn(t, schools.foreign, upstream, service.origin),
  }
  return {
    ...{ t, upstream, service, schools, groups, people, signIns },
    origin: service.origin,
    /** Moves the service's clock. Milliseconds from now. */
    shift(ms: number) {
      offset = ms
    },
    async close() {
      await service.close()
      await upstream.close()
      await t.close()
    },
  }
}

type Schools = Record<'own' | 'sister' | 'foreign', SeededSchool>
type Groups = Record<'a' | 'b' | 'sister' | 'foreign', string>

async function makeSchools(t: TestDatabase): Promise<Schools> {
  const [boardId, otherBoardId] = [await seedBoard(t), await seedBoard(t)]
  return {
    own: await seedSchool(t, boardId, { name: 'De Eigen School', origins: [portal] }),
    sister: await seedSchool(t, boardId, { name: 'De Zusterschool' }),
    foreign: await seedSchool(t, otherBoardId, { name: 'De Andere School' }),
  }
}

async function makePeople(t: TestDatabase, { own, sister, foreign }: Schools, { a, b, ...far }: Groups) {
  const it = await seedPerson(t, own, staff('Bas'))
  const csv = await seedPerson(t, own, staff('Hulya'))
  const unconfirmed = await seedPerson(t, own, staff('Ine'))
  await seedGrant(t, own, it.id, { role: 'IT_ADMINISTRATOR' })
  await seedGrant(t, own, csv.id, { role: 'SAFETY_COORDINATOR' })
  await seedGrant(t, own, unconfirmed.id, { role: 'SAFETY_COORDINATOR', confirmed: false })
  return {
    pupil: await seedPerson(t, own, pupil('Zofia', 'Kowalczyk', a)),
    classmate: await seedPerson(t, own, pupil('Jesse', 'Brandsma', a)),
    otherPupil: await seedPerson(t, own, pupil('Jelle', 'Boer', b)),
    teacher: await seedPerson(t, own, staff('Karin', { id: a, role: 'teacher' })),
    otherTeacher: await seedPerson(t, own, staff('Linda', { id: b, role: 'teacher' })),
    undecided: await seedPerson(t, own, staff('Wim', { id: a, role: 'undecided' })),
    parent: await seedPerson(t, own, { role: 'parent', groups: [{ id: a, role: 'other' }] }),
    trainee: await seedPerson(t, own, { role: 'trainee', groups: [{ id: a, role: 'other' }] }),
    sisterPupil: await seedPerson(t, sister, pupil('Zus', 'Terveer', far.sister)),
    sisterTeacher: await seedPerson(t, sister, staff('Zeger', { id: far.sister, role: 'teacher' })),
    foreignPupil: await seedPerson(t, foreign, pupil('Vreemd', 'Verweg', far.foreign)),
    foreignTeacher: await seedPerson(t, foreign, staff('Verre', { id: far.foreign, role: 'teacher' })),
    ...{ it, csv, unconfirmed },
  }
}

/** As far as the ticket. */
export async function ticketFor(
  world: Pick<World, 'origin'>,
  school: Pick<SeededSchool, 'key'>,
  person: Pick<SeededPerson, 'subject'>,
): Promise<{ frame: Frame; ticket: string }> {
  const frame = await makeFrame(world.origin, school.key)
  const handoff = await frame.openHandoff()
  const { page, visitor } = await walkWindow(world.origin, handoff.goPath, person.subject)
  await confirmCode(world.origin, page, handoff.code, visitor)
  const answer = await frame.claim(handoff)
  if (!answer.ticket) throw new Error(`the hand-off ended ${answer.state}`)
  return { frame, ticket: answer.ticket }
}
