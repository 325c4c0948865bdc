/** An allow-list in the shape of the document: what is not on it is skipped unread, with everything inside it. */
import { SourceError } from './source.ts'
import type { XmlElement, XmlHandler } from './xml.ts'

export interface Node {
  /** The namespace this element must have; absent: any. */
  uri?: string
  children?: Record<string, Node>
  open?(attribute: XmlElement['attribute']): void
  /** Trimmed, and never empty: an empty element is an absent one. */
  text?(value: string): void
  close?(): void
  /** Called for a child that is not on the list, before it is skipped: an envelope throws here. */
  other?(element: XmlElement): void
}

/** Longest text we keep of one element; the widest field of EDEXML is 256. */
const maxText = 4096

/** The handler throws SourceError `malformed` on a text on the list that is longer than 4096 characters. */
export function follow(document: Node): XmlHandler {
  const open: { node: Node | undefined; local: string; text: string }[] = [{ node: document, local: '', text: '' }]
  return {
    open(element) {
      const parent = open.at(-1)?.node
      const listed = parent?.children
      const child = listed && Object.hasOwn(listed, element.local) ? listed[element.local] : undefined
      const node = child?.uri === undefined || child.uri === element.uri ? child : undefined
      if (node === undefined) parent?.other?.(element)
      node?.open?.(element.attribute)
      open.push({ node, local: element.local, text: '' })
    },
    text(text) {
      const here = open.at(-1)
      if (here?.node?.text === undefined) return
      here.text += text
      if (here.text.length > maxText)
        throw new SourceError('malformed', `a ${here.local} in the document is far too long: refused`)
    },
    close() {
      const here = open.pop()
      const value = here?.text.trim() ?? ''
      if (value !== '') here?.node?.text?.(owned(value))
      here?.node?.close?.()
    },
  }
}

/** A copy: V8 keeps the whole piece of document alive under a slice of it, and with that the fields we drop. */
export function owned(value: string): string {
  return Buffer.from(value, 'utf8').toString('utf8')
}
