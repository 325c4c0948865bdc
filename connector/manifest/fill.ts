/** The templates of manifest/: `{{name}}` becomes what the source says, written so that it stays text in that kind of file. */
import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AppError } from '../errors.ts'
import type { Files } from './source.ts'

const templates = fileURLToPath(new URL('../../manifest/', import.meta.url))

export type Words = Readonly<Record<string, string>>

const htmlSigns: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, sign => htmlSigns[sign] ?? sign)

/** A school may be called anything. In code its name is a string or a comment: what could end one is left out. */
const escapes: Record<string, (text: string) => string> = {
  '.html': escapeHtml,
  '.svg': escapeHtml,
  '.xml': escapeHtml,
  '.json': text => JSON.stringify(text).slice(1, -1),
  '.md': text => text.replace(/[\\`*_[\]<>|#]/g, '\\$&'),
  '.txt': text => text,
}
const inCode = (text: string) => text.replace(/[^\p{L}\p{N} .,:/?=&()%_-]/gu, '')

/** Between backticks of one line, or in a block of three. */
function isCode(text: string, at: number): boolean {
  const before = text.slice(0, at)
  const line = before.slice(before.lastIndexOf('\n') + 1)
  return line.split('`').length % 2 === 0 || before.split(/^```/m).length % 2 === 0
}

/** @throws AppError `misconfigured` for a word that the source does not have */
export function fill(name: string, text: string, words: Words): string {
  const written = escapes[extname(name)] ?? inCode
  return text.replace(/\{\{(\w+)\}\}/g, (_, word: string, at: number) => {
    const value = Object.hasOwn(words, word) ? words[word] : undefined
    if (value === undefined)
      throw new AppError('misconfigured', `manifest/${name} asks for {{${word}}}: nobody knows it.`)
    // Code and addresses in Markdown are no place for escapes: they would be read as part of it.
    const asItIs = extname(name) === '.md' && (isCode(text, at) || /^https?:\/\/|^pk_/.test(value))
    return asItIs ? value.replaceAll('`', '') : written(value)
  })
}

const binary = /\.(png|ico|zip)$/

/** All files of one folder of manifest/, filled in. @param folder a folder that is not there has no files */
export function folder(name: string, words: Words): Files {
  const files: Files = new Map()
  let names: string[]
  try {
    names = readdirSync(templates + name, { recursive: true, encoding: 'utf8', withFileTypes: false })
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ENOENT') return files
    throw cause
  }
  for (const path of names.map(each => each.replaceAll('\\', '/')).sort()) {
    const content = contentOf(`${templates}${name}/${path}`)
    if (!content) continue
    files.set(path, binary.test(path) ? content : fill(`${name}/${path}`, content.toString('utf8'), words))
  }
  return files
}

/** @returns undefined for a folder */
function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (cause) {
    if ((cause as { code?: string }).code === 'EISDIR') return undefined
    throw cause
  }
}
