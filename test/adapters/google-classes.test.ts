/** The three things that a school at Google may call a class, and who teaches it. */
import { describe, expect, it } from 'vitest'
import type { SchoolGroup } from '../school/generate.ts'
import {
  courseId,
  customerId,
  googleId,
  groupAddress,
  groupTeachers,
  unitName,
  units,
  type Workspace,
} from '../school/sis/google-workspace.ts'
import { readAll, readFailing } from './conformance.ts'
import { cast, googleServer, homerooms, pupilsOf, recordsOf, school, seats, teacherOf, user } from './google-school.ts'

const { held, patient, source } = googleServer()

describe('homerooms by organisational unit', () => {
  const byUnit = (more: object = {}) => ({
    homerooms: { from: 'org-units', patterns: ['Groep *'], ...more },
    scheduled: false,
  })
  const unitId = (room: SchoolGroup) => {
    const found = held.server.state.workspace.orgUnits.find(({ name }) => name === unitName(room))
    return `ou:${found?.orgUnitId?.slice(3)}@2026-2027`
  }

  it('hold the pupils of the unit, and say that nobody says who teaches', async () => {
    const found = await readAll(source(byUnit()))
    for (const room of homerooms) expect(seats(found, 'pupil', unitId(room))).toEqual(pupilsOf(room))
    expect(recordsOf(found, 'membership').filter(({ role }) => role !== 'pupil')).toEqual([])
    expect(found.findings.map(({ code }) => code)).toEqual(['no-group-teachers'])
  })

  it('take every unit below the pupils’ when no pattern is given, and sit in the deepest', async () => {
    const found = await readAll(
      source({ homerooms: { from: 'org-units' }, scheduled: false, pupils: ['/De Vuurvlinder/Leerlingen'] }),
    )
    expect(recordsOf(found, 'group')).toHaveLength(homerooms.length)
  })

  it('take their teachers from the group with their name', async () => {
    const teachers = { from: 'groups', address: `leerkrachten-{class}@${school.domain}` }
    const found = await readAll(source(byUnit({ teachers })))
    for (const room of homerooms)
      expect(seats(found, 'teacher', unitId(room))).toEqual(groupTeachers(room, school).map(user).sort())
    expect(found.findings).toEqual([])
  })

  it('take their teachers from the course with their name', async () => {
    const found = await readAll(source(byUnit({ teachers: { from: 'courses', name: '{class}' } })))
    for (const room of homerooms)
      expect(seats(found, 'teacher', unitId(room))).toEqual(groupTeachers(room, school).map(user).sort())
    const asked = held.server.requests.filter(each => each.endsWith('/students')).length
    expect(asked).toBeGreaterThan(0)
    expect(recordsOf(found, 'group').every(({ sourceId }) => sourceId.startsWith('ou:'))).toBe(true)
  })

  it('keep their id when the unit gets another name', async () => {
    const before = recordsOf(await readAll(source(byUnit())), 'group').map(({ sourceId }) => sourceId)
    const { workspace } = held.server.state
    const old = `${units.pupils}/Groep 8`
    for (const each of workspace.users) if (each.orgUnitPath === old) each.orgUnitPath = `${units.pupils}/Groep acht`
    for (const each of workspace.orgUnits)
      if (each.orgUnitPath === old)
        Object.assign(each, { name: 'Groep acht', orgUnitPath: `${units.pupils}/Groep acht` })
    expect(recordsOf(await readAll(source(byUnit())), 'group').map(({ sourceId }) => sourceId)).toEqual(before)
  })
})

describe('homerooms by group', () => {
  const byGroup = (more: object = {}) => ({
    homerooms: { from: 'groups', patterns: [`groep-*@${school.domain}`], ...more },
    scheduled: false,
  })
  const groupId = (room: SchoolGroup) => {
    const found = held.server.state.workspace.groups.find(({ email }) => email === groupAddress(room, school.domain))
    return `group:${found?.id}@2026-2027`
  }

  it('hold their staff for a person: to be in a group is not to teach it', async () => {
    const found = await readAll(source(byGroup()))
    for (const room of homerooms) {
      expect(seats(found, 'pupil', groupId(room))).toEqual(pupilsOf(room))
      expect(seats(found, 'teacher', groupId(room))).toEqual([])
      expect(seats(found, 'undecided', groupId(room))).toContain(teacherOf(cast.teachers.itAdmin))
    }
  })

  it('take their teachers from the group that the options name, and nobody else', async () => {
    const teachers = { from: 'groups', address: `leerkrachten-{class}@${school.domain}` }
    const found = await readAll(source(byGroup({ teachers })))
    for (const room of homerooms) {
      expect(seats(found, 'teacher', groupId(room))).toEqual(groupTeachers(room, school).map(user).sort())
      expect(seats(found, 'undecided', groupId(room))).toEqual([])
      expect(seats(found, 'other', groupId(room))).toEqual([teacherOf(cast.teachers.itAdmin)])
    }
  })

  it('that go away while we read make the roster incomplete', async () => {
    const lost = patient({
      fetch: (input, init) => {
        if (String(input).includes('/members')) held.server.state.workspace.groups = []
        return fetch(input, init)
      },
    })
    expect((await readFailing(source(byGroup(), lost))).error.code).toBe('incomplete')
  })

  it('leave out groups in groups, people of outside and those of another school, and say how many', async () => {
    const [room] = homerooms as [SchoolGroup]
    const group = held.server.state.workspace.groups.find(({ email }) => email === groupAddress(room, school.domain))
    group?.members.push(
      { type: 'EXTERNAL', email: 'CANARY@example.org', role: 'MEMBER' },
      { type: 'GROUP', id: '01parents', role: 'MEMBER' },
      { type: 'USER', id: googleId.other(3), role: 'MEMBER' },
    )
    const found = await readAll(source(byGroup()))
    expect(found.findings).toContainEqual({ code: 'unknown-person', sourceId: groupId(room), detail: '3' })
    expect(seats(found, 'pupil', groupId(room))).toEqual(pupilsOf(room))
  })
})

describe('courses', () => {
  const eight = homerooms.find(({ name }) => name === '8') as SchoolGroup
  const course = () =>
    held.server.state.workspace.courses.find(({ id }) => id === courseId(eight)) as Workspace['courses'][number]
  const sourceId = `course:${courseId(eight)}`
  const only = (patterns: string[]) => ({ homerooms: { from: 'courses', patterns }, scheduled: false })
  const groupsOf = async (patterns: string[]) =>
    recordsOf(await readAll(source(only(patterns))), 'group').map(each => each.sourceId)

  it.each([
    ['name', 'groep 8'],
    ['section', '2026-2027'],
    ['name and section', 'Groep 8 / {year}'],
    ['alias of the domain', 'd:99ZZ-8-{year}'],
  ])('are homerooms by %s', async (_, pattern) => expect(await groupsOf([pattern])).toContain(sourceId))

  it.each(['Groep 8 / 2025-2026', 'd:99ZZ-8-2526', 'Klas *', 'Groep'])('are none by %s', async pattern =>
    expect(await groupsOf([pattern])).toEqual([]),
  )

  it('says when there is no homeroom at all', async () => {
    const { findings } = await readAll(source(only(['Klas *'])))
    expect(findings).toEqual([{ code: 'no-homerooms', sourceId: `school:${customerId}${units.pupils}` }])
    expect((await source(only(['Klas *'])).check()).says.join(' ')).toContain('No homerooms')
  })

  it.each([
    ['left standing from last year', '2025-08-25T09:00:00.000Z', 'Groep 8', 'undecided'],
    ['made for next year', '2027-05-10T09:00:00.000Z', 'Groep 8', 'undecided'],
    ['without a date', undefined, 'Groep 8', 'undecided'],
    ['old, with the year in its section', '2025-08-25T09:00:00.000Z', 'Groep 8 / {year}', 'teacher'],
  ])('%s do not open a panel by themselves', async (_, creationTime, pattern, role) => {
    if (creationTime === undefined) delete course().creationTime
    else course().creationTime = creationTime
    const found = await readAll(source(only([pattern])))
    const teacher = teacherOf(cast.teachers.teacherOf8)
    expect(recordsOf(found, 'membership')).toContainEqual(
      expect.objectContaining({ groupSourceId: sourceId, personSourceId: teacher, role }),
    )
    expect(found.findings.some(each => each.code === 'role-undecided' && each.sourceId === teacher)).toBe(
      role === 'undecided',
    )
  })

  it('keep a pupil who helps to teach a pupil, and say so', async () => {
    const pupil = googleId.pupil(cast.pupils.lead)
    course().teachers.push({ courseId: courseId(eight), userId: pupil })
    const found = await readAll(source())
    expect(recordsOf(found, 'person').find(each => each.sourceId === user(pupil))?.role).toBe('pupil')
    expect(seats(found, 'other', sourceId)).toContain(user(pupil))
    expect(found.findings).toContainEqual({ code: 'several-roles', sourceId: user(pupil), detail: sourceId })
  })

  it('open nothing to a trainee whom Classroom calls a teacher, nor to staff who sit among the students', async () => {
    const [trainee, director] = [cast.teachers.trainee, cast.teachers.director].map(googleId.teacher) as [
      string,
      string,
    ]
    course().teachers.push({ courseId: courseId(eight), userId: trainee })
    course().students.push({ courseId: courseId(eight), userId: director })
    const found = await readAll(source())
    expect(seats(found, 'other', sourceId)).toEqual([user(trainee), user(director)].sort())
    expect(found.findings).toContainEqual({ code: 'several-roles', sourceId: user(director), detail: sourceId })
  })

  it('leave out who is of another school, and say how many', async () => {
    course().students.push(...[4, 5].map(n => ({ courseId: courseId(eight), userId: googleId.other(n) })))
    const found = await readAll(source())
    expect(found.findings).toContainEqual({ code: 'unknown-person', sourceId, detail: '2' })
  })

  it('without a pupil of this school are not its classes', async () => {
    course().students = []
    const found = await readAll(source())
    expect(recordsOf(found, 'group').map(each => each.sourceId)).not.toContain(sourceId)
    const alone = found.findings.filter(({ code }) => code === 'pupil-without-group').map(each => each.sourceId)
    expect(alone.sort()).toEqual(pupilsOf(eight))
  })

  it('that are deleted while we read are left out, when a new list agrees', async () => {
    const found = await readAll(
      source(
        {},
        deletingAtTheFirstQuestion(() => courseId(eight)),
      ),
    )
    expect(recordsOf(found, 'group').map(each => each.sourceId)).not.toContain(sourceId)
    expect(held.server.requests.filter(each => each === 'GET /v1/courses').length).toBeGreaterThan(5)
  })

  it.each([
    ['students', 'Groep *'],
    ['teachers', 'Groep *'],
    ['aliases', 'd:*'],
  ])('whose %s cannot be found, though they are on the list, make the roster incomplete', async (part, pattern) => {
    const lost = patient({
      fetch: (input, init) =>
        String(input).includes(`/courses/${courseId(eight)}/${part}`)
          ? fetch(`${held.server.url}/v1/courses/1/students`, init)
          : fetch(input, init),
    })
    const { items, error } = await readFailing(source(only([pattern]), lost))
    expect(error).toMatchObject({ code: 'incomplete', sourceId })
    expect(items).toEqual([])
  })

  function deletingAtTheFirstQuestion(id: () => string) {
    return patient({
      fetch: (input, init) => {
        const { workspace } = held.server.state
        if (String(input).includes(`/courses/${id()}/`))
          workspace.courses = workspace.courses.filter(each => each.id !== id())
        return fetch(input, init)
      },
    })
  }
})

describe('pages that shift', () => {
  it('are refused: where a user comes twice another may be missing', async () => {
    const { users } = held.server.state.workspace
    const [first] = users
    users.splice(100, 0, { ...first })
    expect((await readFailing(source())).error).toMatchObject({
      code: 'malformed',
      message: expect.stringContaining('twice'),
    })
  })

  it('never mix two Workspace accounts', async () => {
    Object.assign(held.server.state.workspace.users[3] ?? {}, { customerId: 'C0another' })
    expect((await readFailing(source())).error.code).toBe('malformed')
  })
})
