import fc from 'fast-check'
import { expect, it } from 'vitest'
import { understood } from '../../adapters/edexml/deliver.ts'
import { fixture, parsed } from './support.ts'

interface Tag {
  open: string
  close: string
  children: (Tag | string)[]
}

/** The fixture is plain: no comments, no CDATA. */
function tree(xml: string): Tag {
  const root: Tag = { open: '', close: '', children: [] }
  const stack = [root]
  for (const [token] of xml.replace(/<\?.*?\?>/, '').matchAll(/<[^>]+>|[^<]+/g)) {
    const top = stack.at(-1) as Tag
    if (token.startsWith('</')) (stack.pop() as Tag).close = token
    else if (token.startsWith('<')) {
      const tag: Tag = { open: token, close: '', children: [] }
      top.children.push(tag)
      if (!token.endsWith('/>')) stack.push(tag)
    } else if (token.trim() !== '') top.children.push(token)
  }
  return root
}

/** The order is random per run, and the same for the same seed: a small linear congruence. */
function shuffled(tag: Tag, random: () => number): string {
  const children = tag.children.map(child => (typeof child === 'string' ? child : shuffled(child, random)))
  for (let n = children.length - 1; n > 0; n -= 1) {
    const other = Math.floor(random() * (n + 1))
    ;[children[n], children[other]] = [children[other] as string, children[n] as string]
  }
  return tag.open + children.join('') + tag.close
}

it('gives the same roster for any order of elements and any cut into pieces', async () => {
  const original = fixture('school-2.1.xml').toString()
  const expected = understood(await parsed(original), '2026-11-23')
  const document = tree(original)
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 2 ** 31 - 2 }),
      fc.integer({ min: 1, max: 5000 }),
      async (seed, size) => {
        let state = seed
        const random = () => {
          state = (state * 48_271) % 2_147_483_647
          return state / 2_147_483_647
        }
        expect(understood(await parsed(shuffled(document, random), size), '2026-11-23')).toEqual(expected)
      },
    ),
    { numRuns: 60 },
  )
})
