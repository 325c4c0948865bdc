import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SignedIn, signInAs } from '../../support/frame.ts'
import { account, seedPerson } from '../../support/seed.ts'
import { openWorld, type World } from '../../support/world.ts'

let w: World
let me: SignedIn
beforeAll(async () => {
  w = await openWorld()
  const { own, sister, foreign } = w.schools
  const pupil = (preferred: string, family: string, groups: string[], school = own, prefix?: string) =>
    seedPerson(w.t, school, {
      names: { preferred, family, ...(prefix ? { prefix } : {}) },
      groups: groups.map(id => ({ id })),
    })
  await pupil('Emma', 'Vries', [w.groups.a], own, 'de')
  await pupil('Emma', 'Bos', [w.groups.b])
  await pupil('Zoë', 'Ömer', [w.groups.b])
  await pupil('Sem', 'Zonder', [])
  await pupil('Emma', 'Verweg', [w.groups.sister], sister)
  await pupil('Emma', 'Elders', [w.groups.foreign], foreign)
  for (let i = 0; i < 14; i++) await pupil(`Xander${String.fromCharCode(97 + i)}`, 'Velen', [w.groups.b])
  const left = await pupil('Emma', 'Vertrokken', [w.groups.b])
  await w.t.asSuperuser(client => client.query('update "Person" set active = false where id = $1', [left.id]))
  const moved = await seedPerson(w.t, own, {
    names: { preferred: 'Emma', family: 'Vorigjaar' },
    groups: [{ id: w.groups.b, endsOn: '2026-08-02' }],
  })
  w.upstream.setPeople([...Object.values(w.people), moved].map(account))
  me = await signInAs(w.origin, own.key, w.people.pupil.subject)
})
afterAll(() => w.close())

interface Found {
  people: { id: string; name: string; group?: string }[]
  more: boolean
}
const search = async (q: string) => {
  const response = await me.get(`/api/people?${new URLSearchParams({ q })}`)
  return { status: response.status, ...((await response.json()) as Found) }
}
const names = async (q: string) => (await search(q)).people.map(p => `${p.name} ${p.group}`).sort()

describe('searching for a name', () => {
  it('finds pupils of this school by first or family name, with their group', async () => {
    expect(await names('emm')).toEqual(['Emma B 7B', 'Emma de V 7A'])
    expect(await names('bos')).toEqual(['Emma 7B'])
    expect(await names('BO')).toEqual(['Emma 7B', 'Jelle 7B'])
  })

  it('finds nobody of another school, another board, the staff, or who left', async () => {
    for (const q of ['Verweg', 'Elders', 'Karin', 'Personeel', 'Vertrokken', 'Vorigjaar', 'Zonder', 'Persoon'])
      expect([q, await names(q)]).toEqual([q, []])
  })

  it('finds neither the one who asks nor anybody by the middle of a name', async () => {
    expect(await names('Zofia')).toEqual([])
    expect(await names('owalczyk')).toEqual([])
  })

  it('overlooks accents and case', async () => {
    expect(await names('ZOE')).toEqual(['Zoë 7B'])
    expect(await names('ome')).toEqual(['Zoë 7B'])
  })

  it('gives ten at most, and says that there are more', async () => {
    const found = await search('xander')
    expect([found.people.length, found.more]).toEqual([10, true])
    expect((await search('xandera')).more).toBe(false)
  })

  it.for([
    '',
    'a',
    ' a ',
    '  ',
    'a1',
    '--',
    '%%',
    '..',
    '\u0301\u0301',
    'e\u0301',
    '\u0000\u0000',
    '*'.repeat(5),
    'ab'.repeat(31),
  ])('is refused with %j', async q => {
    expect((await search(q)).status).toBe(400)
  })

  it('is refused without a question, and with two', async () => {
    expect((await me.get('/api/people')).status).toBe(400)
    expect((await me.get('/api/people?q=ab&q=cd')).status).toBe(400)
  })

  it('takes what looks like a pattern as letters', async () => {
    for (const q of ['em%a', 'em.*a', "em' or 1=1", 'em_a', '(ab', 'ab\\'])
      expect([q, (await search(q)).people]).toEqual([q, []])
  })

  it('gives ids, names and groups and nothing else', async () => {
    for (const person of (await search('em')).people)
      expect(Object.keys(person).sort()).toEqual(['group', 'id', 'name'])
  })
})

describe('the own group', () => {
  it('is the pupils of it, without oneself', async () => {
    const { people } = (await (await me.get('/api/people/own-group')).json()) as Found
    expect(people.map(p => p.name).sort()).toEqual(['Emma', 'Jesse'])
    expect(people.every(p => Object.keys(p).sort().join() === 'id,name')).toBe(true)
  })

  it('of a teacher is empty: it is the homeroom one is a pupil of', async () => {
    const teacher = await signInAs(w.origin, w.schools.own.key, w.people.teacher.subject)
    expect(await (await teacher.get('/api/people/own-group')).json()).toEqual({ people: [], more: false })
  })
})

describe('who searches too much', () => {
  it('waits, and nobody else with them', async () => {
    const eager = await signInAs(w.origin, w.schools.own.key, w.people.classmate.subject)
    const answers = []
    for (let i = 0; i < 64; i++) answers.push((await eager.get('/api/people?q=em')).status)
    expect(answers.slice(0, 60)).toEqual(Array(60).fill(200))
    expect(answers.slice(60)).toEqual(Array(4).fill(429))
    expect((await search('em')).status).toBe(200)
    expect((await eager.report({ v: 1, behaviours: ['GOSSIP'] })).status).toBe(201)
  })
})
