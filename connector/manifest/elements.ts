/**
 * What the elements of m5.js say about themselves, read from the comments at their classes: custom-elements.json (schema 2.1.0), and the same
 * for JetBrains (web-types) and VS Code (HTML custom data).
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const embed = fileURLToPath(new URL('../../widgets/embed/', import.meta.url))

export interface Told {
  name: string
  description: string
  /** What a css property or attribute is when nobody says it, in brackets in the comment. */
  default?: string
}

export interface ElementFacts {
  tag: string
  className: string
  file: string
  description: string
  slots: Told[]
  parts: Told[]
  cssProperties: Told[]
  events: Told[]
  attributes: Told[]
  /** Of the object in the page's script. */
  properties: Told[]
}

const tags = {
  slot: 'slots',
  csspart: 'parts',
  cssprop: 'cssProperties',
  fires: 'events',
  attr: 'attributes',
  prop: 'properties',
} as const
type Kind = keyof typeof tags

/** All elements that main.ts defines, in its order. What the base class says, all say. */
export function elementsOf(): ElementFacts[] {
  const sources = readdirSync(embed)
    .filter(name => name.endsWith('.ts'))
    .map(file => ({ file, text: readFileSync(embed + file, 'utf8') }))
  const main = sources.find(({ file }) => file === 'main.ts')?.text ?? ''
  const base = commentOf(sources, 'Framed')
  return [...main.matchAll(/define\('([\w-]+)', (\w+)\)/g)].map(([, tag = '', className = '']) => {
    const own = commentOf(sources, className)
    const facts: ElementFacts = {
      ...{ tag, className, file: own.file, description: own.description },
      ...{ slots: [], parts: [], cssProperties: [], events: [], attributes: [], properties: [] },
    }
    for (const { kind, told } of [...own.told, ...base.told]) facts[tags[kind]].push(told)
    return facts
  })
}

function commentOf(sources: { file: string; text: string }[], className: string) {
  for (const { file, text } of sources) {
    const found = new RegExp(String.raw`/\*\*((?:(?!\*/)[\s\S])*)\*/\s*export (?:abstract )?class ${className}\b`).exec(
      text,
    )
    if (found) return { file, ...read(found[1] ?? '') }
  }
  return { file: '', description: '', told: [] }
}

function read(comment: string): { description: string; told: { kind: Kind; told: Told }[] } {
  const lines = comment.split('\n').map(line => line.replace(/^\s*\* ?/, '').trim())
  const at = lines.findIndex(line => line.startsWith('@'))
  const description = (at < 0 ? lines : lines.slice(0, at)).join('\n').trim()
  const told = lines.flatMap(line => {
    const [, kind, name = '', text = ''] =
      /^@(slot|csspart|cssprop|fires|attr|prop)\s+(\S+)?\s*-\s+(.*)$/.exec(line) ?? []
    if (kind === undefined) return []
    const usual = kind === 'cssprop' ? /\(([^)]+)\)\.?/.exec(text)?.[1] : undefined
    const unnamed = kind === 'slot' && (name === '-' || name === '')
    const one: Told = { name: unnamed ? '' : name, description: text, ...(usual ? { default: usual } : {}) }
    return [{ kind: kind as Kind, told: one }] // SAFETY: one of the words of the pattern
  })
  return { description, told }
}

export function customElements(facts: readonly ElementFacts[]): Record<string, unknown> {
  return {
    schemaVersion: '2.1.0',
    modules: [
      {
        kind: 'javascript-module',
        path: 'm5.js',
        declarations: facts.map(each => ({
          kind: 'class',
          customElement: true,
          name: each.className,
          tagName: each.tag,
          description: each.description,
          superclass: { name: 'HTMLElement' },
          members: each.properties.map(told => ({ kind: 'field', ...told })),
          attributes: each.attributes.map(told => ({ ...told, type: { text: 'string' } })),
          slots: each.slots,
          cssParts: each.parts,
          cssProperties: each.cssProperties,
          events: each.events.map(told => ({ ...told, type: { text: 'CustomEvent' } })),
        })),
        exports: facts.map(each => ({
          kind: 'custom-element-definition',
          name: each.tag,
          declaration: { name: each.className, module: 'm5.js' },
        })),
      },
    ],
  }
}

/** https://github.com/JetBrains/web-types */
export function webTypes(facts: readonly ElementFacts[], version: string): Record<string, unknown> {
  return {
    $schema: 'https://json.schemastore.org/web-types',
    name: 'm5',
    version,
    'description-markup': 'markdown',
    contributions: {
      html: {
        elements: facts.map(each => ({
          name: each.tag,
          description: each.description,
          attributes: each.attributes.map(({ name, description }) => ({ name, description })),
          slots: each.slots.map(({ name, description }) => ({ name, description })),
          js: {
            properties: each.properties.map(({ name, description }) => ({ name, description })),
            events: each.events.map(({ name, description }) => ({ name, description })),
          },
          css: {
            properties: each.cssProperties.map(({ name, description }) => ({ name, description })),
            parts: each.parts.map(({ name, description }) => ({ name, description })),
          },
        })),
      },
    },
  }
}

/** https://code.visualstudio.com/api/extension-guides/custom-data-extension */
export function customData(facts: readonly ElementFacts[]): Record<string, unknown> {
  return {
    version: 1.1,
    tags: facts.map(each => ({
      name: each.tag,
      description: { kind: 'markdown', value: each.description },
      attributes: each.attributes.map(({ name, description }) => ({ name, description })),
    })),
  }
}
