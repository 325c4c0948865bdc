import { describe, expect, it } from 'vitest'
import { grantRoles } from '../../connector/api/contract.ts'
import * as vocabulary from '../../connector/api/vocabulary.ts'
import * as enChild from '../../widgets/kit/en.ts'
import * as enStaff from '../../widgets/kit/en-staff.ts'
import * as nlChild from '../../widgets/kit/nl.ts'
import * as nlStaff from '../../widgets/kit/nl-staff.ts'

const nl = { ...nlChild, ...nlStaff }
const en = { ...enChild, ...enStaff }

const flat = (value: unknown, path = ''): [string, unknown][] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => flat(inner, `${path}.${key}`))
    : [[path, value]]

describe('words', () => {
  for (const [name, language] of Object.entries({ nl, en })) {
    it(`${name} has every text, and none is empty`, () => {
      const mine = new Map(flat({ ...language }))
      for (const [path, value] of flat({ ...nl })) {
        expect(typeof mine.get(path), path).toBe(typeof value)
        if (typeof value === 'string') expect(mine.get(path), path).not.toBe('')
      }
      expect(mine.size).toBe(flat({ ...nl }).length)
    })

    it(`${name} names every word of the vocabulary, in both ages`, () => {
      const { shared, form, panel, grant } = language
      const sets: [readonly string[], object][] = [
        [vocabulary.places, shared.places],
        [vocabulary.moments, shared.moments],
        [vocabulary.places, panel.short.places],
        [vocabulary.moments, panel.short.moments],
        [grantRoles, grant.roles],
        [grantRoles, grant.opened],
        [vocabulary.frequencies, shared.frequencies],
        [vocabulary.behaviourTypes, form.behaviours.young],
        [vocabulary.behaviourTypes, form.behaviours.older],
        [vocabulary.reporterKinds, form.kinds],
        [vocabulary.targetKinds, form.targets],
        [vocabulary.days, form.days],
        [vocabulary.helpers, form.helpers],
        [vocabulary.wishes, form.wishes],
      ]
      for (const [values, texts] of sets) expect(Object.keys(texts).sort()).toEqual([...values].sort())
    })
  }

  it('English differs from Dutch wherever there is a sentence', () => {
    const dutch = new Map(flat({ ...nl }))
    const same = flat({ ...en }).filter(
      ([path, text]) => typeof text === 'string' && text.includes(' ') && dutch.get(path) === text,
    )
    expect(same.filter(([path]) => !path.startsWith('.form.helpLines') && path !== '.shared.places.BUS')).toEqual([])
  })

  it('never asks a child whether it was bullying, never calls the panel just Monitor, never promises anonymity', () => {
    for (const [path, text] of [...flat({ ...nl }), ...flat({ ...en })]) {
      if (typeof text !== 'string') continue
      expect(text, path).not.toMatch(/gepest|pesten|bully|anoniem|anonymous/i)
      if (/monitor/i.test(text)) expect(text, path).toMatch(/^M5 Monitor: /)
    }
  })
})
