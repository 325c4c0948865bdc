import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { explainSignIn } from '../../../connector/entry/sign-in-trouble.ts'
import {
  type Claims,
  type Expected,
  issuerFor,
  kindNames,
  signInKinds,
  single,
} from '../../../connector/sign-in-kinds.ts'

const { google, entra, entree, oidc } = signInKinds
const tid = 'aaaabbbb-0000-4ccc-8111-dddd2222eeee'
const other = '00000000-0000-4000-8000-000000000000'

describe('whose account it is', () => {
  const school: Expected = { tenant: null, brin: '99AB', location: '01' }
  const at = (tenant: string | null): Expected => ({ ...school, tenant })

  it.for<[string, Claims, string | null]>([
    ['the domain of the school', { hd: 'school.nl' }, null],
    ['the same in capitals', { hd: 'School.NL' }, null],
    ['another domain', { hd: 'andere.nl' }, 'other-school'],
    ['a domain below it', { hd: 'leerling.school.nl' }, 'other-school'],
    ['a domain that ends like it', { hd: 'geenschool.nl' }, 'other-school'],
    ['a list', { hd: ['school.nl'] }, 'other-school'],
    ['no domain', {}, 'private-account'],
    ['an empty one', { hd: '' }, 'private-account'],
    ['no domain, with an address of the school', { email: 'kind@school.nl', email_verified: true }, 'private-account'],
  ])('Google: %s', ([, claims, verdict], { expect }) => {
    expect(google.check(claims, at('school.nl'))).toBe(verdict)
  })

  it('Google: pupils and colleagues may have a domain each', () => {
    const both = at('school.nl,leerling.school.nl')
    expect([google.check({ hd: 'school.nl' }, both), google.check({ hd: 'leerling.school.nl' }, both)]).toEqual([
      null,
      null,
    ])
    for (const hd of ['school.nl,leerling.school.nl', 'ouder.school.nl', ',', 'nl'])
      expect(google.check({ hd }, both)).toBe('other-school')
    expect([google.hints(both), google.hints(at('school.nl'))]).toEqual([{ hd: '*' }, { hd: 'school.nl' }])
    expect(google.check({ hd: 'school.nl' }, at(null))).toBe('other-school')
  })

  it.for<[string, Claims, string | null]>([
    ['the tenant of the school', { tid, oid: 'o' }, null],
    ['another tenant', { tid: other, oid: 'o' }, 'other-school'],
    ['no tenant', { oid: 'o' }, 'claims-missing'],
    ['no object id', { tid }, 'claims-missing'],
    ['an empty object id', { tid, oid: '' }, 'claims-missing'],
    ['an object id that is a list', { tid, oid: ['o'] }, 'claims-missing'],
    [
      'Microsoft’s tenant of private accounts',
      { tid: '9188040d-6c67-4c5b-b112-36a304b66dad', oid: 'o' },
      'other-school',
    ],
  ])('Entra: %s', ([, claims, verdict], { expect }) => {
    expect(entra.check(claims, at(tid))).toBe(verdict)
  })

  it.for<[string, unknown, string | null]>([
    ['the BRIN of the school', '99AB', null],
    ['in small letters', '99ab', null],
    ['with this location', '99AB01', null],
    ['with another location', '99AB02', 'other-school'],
    ['another BRIN', '99AC', 'other-school'],
    ['another BRIN with this location', '99AC01', 'other-school'],
    ['this one among others', ['99AC', '99AB'], null],
    ['a list of others', ['99AC', '99AD01'], 'other-school'],
    ['five characters', '99AB0', 'other-school'],
    ['a longer one', '99AB011', 'other-school'],
    ['none', undefined, 'claims-missing'],
    ['an empty list', [], 'claims-missing'],
    ['a number', 9901, 'claims-missing'],
  ])('Entree: %s', ([, home, verdict], { expect }) => {
    expect(entree.check({ uid: 'x@school', nlEduPersonHomeOrganizationId: home }, school)).toBe(verdict)
  })

  it('Entree: without a uid is nobody', () => {
    for (const uid of [undefined, '', [], ['a', 'b'], {}])
      expect(entree.check({ uid, nlEduPersonHomeOrganizationId: '99AB' }, school)).toBe('claims-missing')
  })

  it('Entree: what somebody is at school changes nothing', () => {
    for (const eduPersonAffiliation of ['student', 'employee', 'staff', undefined])
      expect(entree.check({ uid: 'x', nlEduPersonHomeOrganizationId: '99AB', eduPersonAffiliation }, school)).toBeNull()
    expect(JSON.stringify(entree)).not.toContain('Affiliation')
  })

  it('another provider: whoever has the key of the roster', () => {
    expect(oidc.check({}, school)).toBeNull()
  })
})

describe('the key that the roster would have', () => {
  it('is what Entree calls somebody, without the realm where the school says which', () => {
    expect(entree.toKey('piet@school', null)).toBe('piet@school')
    expect(entree.toKey('piet@School', 'school')).toBe('piet')
    for (const value of ['piet@andere', 'piet', '@school', 'piet@x@school', 'piet@'])
      expect(entree.toKey(value, 'school')).toBeNull()
  })

  it('is one text or number, never a list of several', () => {
    expect([single('a'), single(7), single(['a'])]).toEqual(['a', '7', 'a'])
    for (const value of ['', undefined, null, [], ['a', 'b'], {}, true, 1.5, [['a']]]) expect(single(value)).toBeNull()
  })

  it('is never an e-mail address', () => {
    for (const name of kindNames) {
      const { keyType, claim, subject } = signInKinds[name]
      expect([keyType, claim, subject]).not.toContain('email')
    }
  })
})

describe('the issuer', () => {
  it('of Google and of a tenant is ours to say', () => {
    expect(issuerFor(google, undefined, 'school.nl')).toBe('https://accounts.google.com')
    expect(issuerFor(entra, undefined, tid)).toBe(`https://login.microsoftonline.com/${tid}/v2.0`)
    expect(issuerFor(entra, `https://login.microsoftonline.com/${tid}/v2.0`, tid)).not.toBeNull()
    for (const wrong of [
      'https://login.microsoftonline.com/common/v2.0',
      'https://login.microsoftonline.com/organizations/v2.0',
      `https://login.microsoftonline.com/${other}/v2.0`,
      `https://sts.windows.net/${tid}/`,
      'https://accounts.google.com',
      `https://evil.example/${tid}/v2.0`,
    ])
      expect(issuerFor(entra, wrong, tid), wrong).toBeNull()
    for (const wrong of [
      'https://accounts.google.com/',
      'accounts.google.com',
      'https://accounts.google.com.evil.example',
    ])
      expect(issuerFor(google, wrong, 'school.nl'), wrong).toBeNull()
  })

  it('of Entree stands at Kennisnet', () => {
    expect(issuerFor(entree, 'https://oidcng.entree.kennisnet.nl', null)).not.toBeNull()
    expect(issuerFor(entree, 'https://oidcng.entree-s.kennisnet.nl', null)).not.toBeNull()
    for (const wrong of [
      'https://kennisnet.nl',
      'https://entree.kennisnet.nl.evil.example',
      'https://xentree.kennisnet.nl',
    ])
      expect(issuerFor(entree, wrong, null), wrong).toBeNull()
    expect(issuerFor(entree, undefined, null)).toBeNull()
  })

  it('of another provider is none of those that have a kind of their own', () => {
    expect(issuerFor(oidc, 'https://login.school.nl/realm', null)).toBe('https://login.school.nl/realm')
    for (const wrong of [
      'https://accounts.google.com',
      `https://login.microsoftonline.com/${tid}/v2.0`,
      'https://oidcng.entree.kennisnet.nl',
      'http://login.school.nl',
      'https://login.school.nl/?x=1',
      'https://a:b@login.school.nl',
      'school.nl',
      '',
    ])
      expect(issuerFor(oidc, wrong, null), wrong).toBeNull()
  })

  it('on this very machine may be played by another, at the path of its kind', () => {
    expect(issuerFor(google, 'http://127.0.0.9:4000', 'school.nl')).toBe('http://127.0.0.9:4000')
    expect(issuerFor(entra, `http://127.0.0.9:4000/${tid}/v2.0`, tid)).not.toBeNull()
    expect(issuerFor(entra, 'http://127.0.0.9:4000', tid)).toBeNull()
    expect(issuerFor(entra, `http://127.0.0.9:4000/${other}/v2.0`, tid)).toBeNull()
    expect(issuerFor(entree, 'http://127.0.0.9:4000', null)).not.toBeNull()
  })
})

describe('what went wrong', () => {
  it('is explained to the administrator, whatever this code can say', () => {
    const source = ['upstreams', 'logout-routes', 'window-routes', 'logout'].map(name =>
      readFileSync(new URL(`../../../connector/entry/${name}.ts`, import.meta.url), 'utf8'),
    )
    const written = source.flatMap(text =>
      [...text.matchAll(/'((?:sign-in|logout)-[a-z-]+)'/g)].map(found => found[1] ?? ''),
    )
    const notNoted = [
      'sign-in-kind',
      'sign-in-unknown',
      'sign-in-failed',
      'sign-in-declined',
      'logout-routes',
      'logout-later',
      'logout-refused',
    ]
    const codes = [...new Set(written)].filter(code => !notNoted.includes(code))
    expect(codes).toContain('sign-in-answer')
    for (const code of [...codes, 'sign-in-other-school', 'sign-in-private-account', 'logout-typ'])
      expect(explainSignIn(code), code).toMatchObject({
        what: expect.stringMatching(/./),
        todo: expect.stringMatching(/./),
      })
    expect(explainSignIn('token-form')).toBeUndefined()
  })
})
