/** The described elements are those that m5.js defines: what a template, a style or an event names is told, and nothing is told that is not there. */
import { readdirSync, readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { customData, customElements, elementsOf, webTypes } from '../../../connector/manifest/elements.ts'

const embed = new URL('../../../widgets/embed/', import.meta.url)
const sources = new Map(
  readdirSync(embed)
    .filter(name => name.endsWith('.ts'))
    .map(name => [name, readFileSync(new URL(name, embed), 'utf8')]),
)
const facts = elementsOf()
const code = (file: string) => (sources.get(file) ?? '').replace(/\/\*\*[\s\S]*?\*\//g, '')
/** What an element is made of: its own file, its styles, and what all share. */
const madeOf = (file: string) =>
  [file, file.replace('.ts', '-styles.ts'), 'framed.ts', 'frame.ts', 'link.ts', 'contrast.ts'].map(code).join('\n')
const all = (text: string, pattern: RegExp) =>
  [...new Set([...text.matchAll(pattern)].map(found => found[1] ?? ''))].sort()
const names = (told: { name: string }[]) => told.map(each => each.name).sort()

describe('the elements', () => {
  it('are those that main.ts defines, each with its own comment', () => {
    expect(facts.map(each => each.tag)).toEqual(
      all(code('main.ts'), /define\('([\w-]+)'/g).sort((a, b) => (a < b ? 1 : -1)),
    )
    for (const each of facts) {
      expect(each.description.length, each.tag).toBeGreaterThan(20)
      expect(each.slots).toHaveLength(1)
    }
  })

  it.for(facts)('$tag tells each part, property, event and attribute that there is', each => {
    const text = madeOf(each.file)
    expect(names(each.parts)).toEqual(all(text, /\bpart(?:="|', ')([\w-]+)/g))
    const properties = all(text, /(--m5-[\w-]+)/g)
    expect(names(each.cssProperties)).toEqual(properties)
    expect(names(each.events)).toEqual(all(text, /tell\('(m5-[\w-]+)'/g))
    expect(names(each.properties)).toEqual(all(text, /^ {2}declare (\w+)/gm))
    expect(names(each.attributes)).toEqual(all(text, /this\.getAttribute\('([\w-]+)'/g))
  })

  it.for(facts)('$tag says what each of them is', each => {
    for (const told of [
      ...each.parts,
      ...each.cssProperties,
      ...each.events,
      ...each.attributes,
      ...each.properties,
      ...each.slots,
    ])
      expect(told.description.length, told.name).toBeGreaterThan(5)
  })
})

describe('what is made of them', () => {
  const declaration = {
    type: 'object',
    required: ['kind', 'name', 'tagName', 'customElement'],
    properties: { kind: { const: 'class' }, customElement: { const: true } },
  }
  // The parts of https://raw.githubusercontent.com/webcomponents/custom-elements-manifest/main/schema.json (2.1.0) that we use.
  const manifest = {
    type: 'object',
    required: ['schemaVersion', 'modules'],
    properties: {
      schemaVersion: { const: '2.1.0' },
      modules: {
        type: 'array',
        items: {
          type: 'object',
          required: ['kind', 'path'],
          properties: {
            kind: { const: 'javascript-module' },
            declarations: { type: 'array', minItems: 2, items: declaration },
            exports: {
              type: 'array',
              items: {
                type: 'object',
                required: ['kind', 'name', 'declaration'],
                properties: { kind: { const: 'custom-element-definition' }, declaration: { required: ['name'] } },
              },
            },
          },
        },
      },
    },
  }

  it('is a custom-elements manifest', () => {
    const check = new Ajv({ strict: false }).compile(manifest)
    expect([check(customElements(facts)), check.errors]).toEqual([true, null])
    expect(check({ ...customElements(facts), schemaVersion: '1.0.0' })).toBe(false)
  })

  it('names the same elements for both editors', () => {
    const tags = facts.map(each => each.tag)
    const jetBrains = webTypes(facts, '1.0.0') as { contributions: { html: { elements: { name: string }[] } } }
    const vsCode = customData(facts) as { tags: { name: string }[] }
    expect(jetBrains.contributions.html.elements.map(each => each.name)).toEqual(tags)
    expect(vsCode.tags.map(each => each.name)).toEqual(tags)
  })
})
