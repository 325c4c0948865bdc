/** Every kind of sign-in, each played by a real OpenID provider that answers as that vendor does. */
import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { withTenant } from '../../../connector/store/scope.ts'
import { type SignIn, type SignInPerson, signed, startSignIn } from '../../school/sign-in.ts'
import { makeFrame, signInAs, walkWindow } from '../../support/frame.ts'
import {
  type SeededPerson,
  type SeededSchool,
  seedPerson,
  seedSchool,
  seedSignIn,
  tablesHolding,
} from '../../support/seed.ts'
import { openWorld, type World } from '../../support/world.ts'

const tid = randomUUID()
let w: World
let google: SignIn
let entra: SignIn
let entree: SignIn
beforeAll(async () => {
  w = await openWorld()
  google = await startSignIn({ people: [], kind: 'google', host: '127.0.0.21' })
  entra = await startSignIn({ people: [], kind: 'entra', tenant: tid, host: '127.0.0.22' })
  entree = await startSignIn({ people: [], kind: 'entree', host: '127.0.0.23' })
})
afterEach(() => {
  for (const site of [google, entra, entree, w.upstream]) {
    site.forge(null)
    site.answerUserinfo(null)
    site.shift(0)
  }
})
afterAll(() => Promise.all([w.close(), google.close(), entra.close(), entree.close()]))

const someone = (sub: string, claims: Record<string, unknown>): SignInPerson => ({
  ...{ sub, username: sub, name: sub, claims },
})

/** A person whom the roster of that school knows by this key too. */
async function known(school: SeededSchool, type: string, value: string): Promise<SeededPerson> {
  const person = await seedPerson(w.t, school)
  const keys = await w.t.keyring.board(school.boardId)
  const { boardId, id: schoolId, sourceId } = school
  const valueTag = keys.fingerprint('roster-key', `${type}:${value}`)
  await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
    tx.rosterKey.create({
      data: { boardId, id: randomUUID(), schoolId, sourceId, personId: person.id, type, valueTag, stable: true },
    }),
  )
  return person
}

async function come(school: SeededSchool, sub: string) {
  const frame = await makeFrame(w.origin, school.key)
  const handoff = await frame.openHandoff()
  const { status, page } = await walkWindow(w.origin, handoff.goPath, sub)
  return { status, page, handoff, claim: () => frame.claim(handoff) }
}
const meOf = async (school: SeededSchool, sub: string) => {
  const me = await signInAs(w.origin, school.key, sub)
  const claims = JSON.parse(Buffer.from(me.tokens.access.split('.')[1] ?? '', 'base64url').toString()) as {
    sub: string
  }
  return claims.sub
}
const identitiesOf = (personId: string) =>
  w.t.asSuperuser(async client => {
    const { rows } = await client.query('select issuer, "linkedBy" from "Identity" where "personId" = $1', [personId])
    return rows
  })
const troubles = (boardId: string) =>
  withTenant(w.t.db, { boardId, role: 'system' }, tx => tx.entryTrouble.findMany({ where: { boardId } }))

describe('Google Workspace', () => {
  let school: SeededSchool
  let person: SeededPerson
  const number = '108204268033311374519'
  beforeAll(async () => {
    school = await seedSchool(w.t, w.schools.own.boardId)
    person = await known(school, 'object-id', number)
    await seedSignIn(w.t, school, google, w.origin, {
      ...{ kind: 'google', tenant: 'school.nl', claim: 'sub', keyType: 'object-id' },
    })
    google.setPeople([
      someone(number, { hd: 'school.nl' }),
      someone('108204268033311374000', { hd: 'andere.nl' }),
      { ...someone('108204268033311374001', {}), email: 'kind@school.nl' },
    ])
  })

  it('lets in whom the roster knows by Google’s number, and asks for the school’s domain', async () => {
    const frame = await makeFrame(w.origin, school.key)
    const { goPath } = await frame.openHandoff()
    const gone = await fetch(new URL(goPath, w.origin), { redirect: 'manual' })
    const to = new URL(gone.headers.get('location') ?? '')
    expect(Object.fromEntries(to.searchParams)).toMatchObject({ hd: 'school.nl', prompt: 'select_account' })
    expect(await meOf(school, number)).toBe(person.id)
    expect(await identitiesOf(person.id)).toEqual([{ issuer: google.issuer, linkedBy: 'claim:object-id' }])
  })

  it('refuses an account of another domain in its own words, with a number for the administrator', async () => {
    const { status, page, claim } = await come(school, '108204268033311374000')
    expect(status).toBe(403)
    expect(page).toContain('Je bent ingelogd met een account van een andere school')
    const number = /Nummer voor de ICT-beheerder: <b>([0-9A-Y]{3}-[0-9A-Y]{3})<\/b>/.exec(page)?.[1]
    const note = (await troubles(school.boardId)).find(each => each.number === number)
    expect(note).toMatchObject({ code: 'sign-in-other-school', channel: 'oidc', facts: { kind: 'google' } })
    expect(JSON.stringify(note)).not.toMatch(/andere\.nl|1082042680/)
    expect(await claim()).toEqual({ state: 'refused', reason: 'other-school' })
  })

  it('refuses a private account, whatever its address', async () => {
    const { status, page, claim } = await come(school, '108204268033311374001')
    expect([status, await claim()]).toEqual([403, { state: 'refused', reason: 'private-account' }])
    expect(page).toContain('Dit is geen account van school')
  })
})

describe('Microsoft Entra', () => {
  let school: SeededSchool
  let person: SeededPerson
  const oid = randomUUID()
  beforeAll(async () => {
    school = await seedSchool(w.t, w.schools.own.boardId)
    person = await known(school, 'object-id', oid)
    await seedSignIn(w.t, school, entra, w.origin, {
      ...{ kind: 'entra', tenant: tid, claim: 'oid', keyType: 'object-id' },
    })
    entra.setPeople([
      someone('pairwise-1', { tid, oid }),
      someone('pairwise-2', { tid, oid }),
      someone('elsewhere', { tid: randomUUID(), oid }),
      someone('bare', { tid }),
    ])
  })

  it('knows somebody by tenant and object id, also under another subject', async () => {
    expect(entra.issuer).toMatch(new RegExp(`/${tid}/v2\\.0$`))
    expect(await meOf(school, 'pairwise-1')).toBe(person.id)
    expect(await meOf(school, 'pairwise-2')).toBe(person.id)
    expect(await identitiesOf(person.id)).toHaveLength(1)
  })

  it('refuses another tenant, and an answer without an object id', async () => {
    const elsewhere = await come(school, 'elsewhere')
    expect(await elsewhere.claim()).toEqual({ state: 'refused', reason: 'other-school' })
    expect(elsewhere.page).toContain('account van een andere school')
    const bare = await come(school, 'bare')
    expect(await bare.claim()).toEqual({ state: 'refused', reason: 'sign-in-failed' })
    const codes = (await troubles(school.boardId)).map(each => each.code)
    expect(codes).toContain('sign-in-claims-missing')
  })
})

describe('Entree Federatie', () => {
  let school: SeededSchool
  let brin: string
  const affiliation = `student-${randomUUID()}`
  const attributes = (uid: string, more: Record<string, unknown>) => ({
    uid,
    eduPersonAffiliation: affiliation,
    givenName: affiliation,
    ...more,
  })
  beforeAll(async () => {
    school = await seedSchool(w.t, w.schools.own.boardId)
    const { boardId, id } = school
    brin = await withTenant(w.t.db, { boardId, role: 'system' }, async tx => {
      const row = await tx.school.update({ where: { boardId_id: { boardId, id } }, data: { location: '03' } })
      return row.brin
    })
    await seedSignIn(w.t, school, entree, w.origin, {
      ...{ kind: 'entree', tenant: 'petteflat', claim: 'nlEduPersonRealId', keyType: 'username' },
    })
    entree.setPeople([
      someone(
        's1',
        attributes('hash1@petteflat', {
          nlEduPersonHomeOrganizationId: `${brin}03`,
          nlEduPersonRealId: 'piet@petteflat',
        }),
      ),
      someone(
        's2',
        attributes('hash2@petteflat', { nlEduPersonHomeOrganizationId: brin, nlEduPersonRealId: 'aagje@petteflat' }),
      ),
      someone(
        's3',
        attributes('hash3@petteflat', {
          nlEduPersonHomeOrganizationId: `${brin}04`,
          nlEduPersonRealId: 'piet@petteflat',
        }),
      ),
      someone(
        's4',
        attributes('hash4@petteflat', { nlEduPersonHomeOrganizationId: brin, nlEduPersonRealId: 'piet@andere' }),
      ),
      someone('s5', attributes('hash5@petteflat', {})),
    ])
  })

  it('takes the claims of userinfo, BRIN with and without location, and the real id as user name', async () => {
    const [piet, aagje] = [await known(school, 'username', 'piet'), await known(school, 'username', 'aagje')]
    expect(await meOf(school, 's1')).toBe(piet.id)
    expect(await meOf(school, 's2')).toBe(aagje.id)
    // From then on `uid` is enough.
    entree.answerUserinfo(({ nlEduPersonRealId: _id, ...claims }) => claims)
    expect(await meOf(school, 's1')).toBe(piet.id)
  })

  it('keeps nothing of what somebody is called or is at school', async () => {
    expect(await tablesHolding(w.t, affiliation)).toEqual([])
    expect(await tablesHolding(w.t, 'hash1@petteflat')).toEqual([])
  })

  it('refuses another location, another realm, and an answer without a school', async () => {
    expect(await (await come(school, 's3')).claim()).toEqual({ state: 'refused', reason: 'other-school' })
    expect(await (await come(school, 's4')).claim()).toEqual({ state: 'refused', reason: 'nobody-found' })
    expect(await (await come(school, 's5')).claim()).toEqual({ state: 'refused', reason: 'sign-in-failed' })
  })

  it('refuses userinfo of somebody else, of nobody, and none', async () => {
    for (const wrong of [
      (claims: Record<string, unknown>) => ({ ...claims, sub: 's2' }),
      ({ sub: _sub, ...claims }: Record<string, unknown>) => claims,
      () => ({}),
    ]) {
      entree.answerUserinfo(wrong)
      const { status, claim } = await come(school, 's1')
      expect([status, await claim()]).toEqual([400, { state: 'open' }])
    }
  })
})

describe('an issuer', () => {
  const enter = () => signInAs(w.origin, w.schools.own.key, w.people.pupil.subject)

  it.for([-60, -55, 55, 59])('whose clock is %i seconds off is understood', async (seconds, { expect }) => {
    w.upstream.shift(seconds)
    await expect(enter()).resolves.toBeDefined()
  })

  it.for([-3700, 75, 3600])('whose clock is %i seconds off is not', async (seconds, { expect }) => {
    w.upstream.shift(seconds)
    const { status, claim } = await come(w.schools.own, w.people.pupil.subject)
    expect([status, await claim()]).toEqual([400, { state: 'open' }])
  })

  it('that changes its keys fails nobody, also twice within a minute and while many sign in', async () => {
    await enter()
    const asked = w.upstream.keysAsked()
    await enter()
    expect(w.upstream.keysAsked()).toBe(asked)
    for (const publishes of ['both', 'new'] as const) {
      const before = w.upstream.keysAsked()
      await w.upstream.rotate(publishes)
      await Promise.all(Array.from({ length: 12 }, enter))
      // One look at the new keys for all who come together, or hardly more.
      expect(w.upstream.keysAsked() - before).toBeLessThanOrEqual(2)
    }
  })

  it('that signs with a key it does not publish lets nobody in', async () => {
    const old = w.upstream
    const lost = await old.rotate('old')
    const { status } = await come(w.schools.own, w.people.pupil.subject)
    expect(status).toBe(400)
    await old.rotate('new')
    old.forge(payload => signed(payload, lost))
    expect((await come(w.schools.own, w.people.pupil.subject)).status).toBe(400)
    old.forge(null)
    await enter()
  })
})
