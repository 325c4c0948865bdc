/**
 * Bytes → XML events, with flat memory: no DOCTYPE, no entity beyond XML's own five, and a cap on everything that a document can
 * make large. saxes keeps an unfinished token in memory until it ends, so the cap on tokens is what bounds an endless text.
 */
import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes'
import { SourceError } from './source.ts'

export interface XmlElement {
  local: string
  uri: string
  /** An attribute without a prefix. */
  attribute(name: string): string | undefined
}

export interface XmlHandler {
  open(element: XmlElement): void
  text(text: string): void
  close(): void
}

export interface XmlLimits {
  maxBytes: number
  maxDepth: number
  /** Characters of one text, attribute, name or comment. */
  maxToken: number
  /** Per element. */
  maxAttributes: number
}

/** Ours. The largest school is some 5 MB; a photo in a supplier's `toevoegingen` may take one token of a megabyte. */
export const xmlLimits: XmlLimits = { maxBytes: 256 * 1024 ** 2, maxDepth: 32, maxToken: 1024 ** 2, maxAttributes: 32 }

/** What a Dutch SIS may declare. `TextDecoder` reads iso-8859-1 as windows-1252, as the web does. */
const encodings = new Set(['utf-8', 'utf8', 'us-ascii', 'iso-8859-1', 'iso-8859-15', 'windows-1252', 'latin1'])
const pieceSize = 64 * 1024
const headSize = 256

const malformed = (message: string, cause?: unknown) => new SourceError('malformed', message, { cause })

/**
 * Reads the document to its end; the source is closed as soon as anything is refused.
 * @throws SourceError `malformed` for what is not XML or is refused, `incomplete` for a document that is empty or stops halfway
 */
export async function readXml(
  source: AsyncIterable<Uint8Array>,
  handler: XmlHandler,
  limits: XmlLimits,
  progress: (bytes: number) => void = () => {},
): Promise<void> {
  const parser = strictParser(handler, limits)
  for await (const text of characters(source, limits.maxBytes, progress)) parser.write(text)
  parser.end()
}

/** saxes with every leniency taken away. Its own messages stay here: they quote names, and where a roster is torn a name may be anybody's. */
function strictParser(handler: XmlHandler, limits: XmlLimits) {
  const saxes = new SaxesParser({ xmlns: true, position: true })
  let quiet = 0
  let depth = 0
  let attributes = 0
  let started = false
  let rootSeen = false
  const heard = () => {
    quiet = 0
  }
  saxes.on('error', error => {
    if (/entit/i.test(error.message)) throw malformed('the document uses an entity of its own: refused')
    throw malformed(`the document is not well-formed XML (line ${saxes.line})`)
  })
  saxes.on('doctype', doctype => {
    if (/^\s*html\b/i.test(doctype)) throw malformed('a web page came instead of a roster')
    throw malformed('the document has a DOCTYPE: refused')
  })
  saxes.on('comment', heard)
  saxes.on('processinginstruction', heard)
  saxes.on('opentagstart', () => {
    heard()
    attributes = 0
  })
  saxes.on('attribute', () => {
    heard()
    attributes += 1
    if (attributes > limits.maxAttributes) throw malformed(`an element has too many attributes (line ${saxes.line})`)
  })
  saxes.on('opentag', tag => {
    heard()
    rootSeen = true
    depth += 1
    if (depth > limits.maxDepth) throw malformed(`the document is nested too deep (line ${saxes.line})`)
    handler.open(element(tag))
  })
  const text = (value: string) => {
    heard()
    if (depth > 0) handler.text(value)
  }
  saxes.on('text', text)
  saxes.on('cdata', text)
  saxes.on('closetag', () => {
    heard()
    depth -= 1
    handler.close()
  })
  return {
    write(piece: string) {
      if (!started) {
        const first = piece.trimStart()
        if (first !== '' && !first.startsWith('<')) throw malformed('this is not XML')
        started = first !== ''
      }
      quiet += piece.length
      saxes.write(piece)
      if (quiet > limits.maxToken) throw malformed(`one text in the document is too long (line ${saxes.line})`)
    },
    end() {
      if (!started) throw new SourceError('incomplete', 'the document is empty')
      if (!rootSeen || depth > 0) throw new SourceError('incomplete', 'the document stops halfway')
      saxes.close()
    },
  }
}

function element(tag: SaxesTagNS): XmlElement {
  const attributes: Record<string, SaxesAttributeNS | undefined> = tag.attributes
  return { local: tag.local, uri: tag.uri, attribute: name => attributes[name]?.value }
}

/** Decodes by byte order mark, else by the XML declaration, else UTF-8; never guesses: a wrong byte refuses the document. */
async function* characters(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
  progress: (bytes: number) => void,
): AsyncGenerator<string> {
  let read = 0
  let head = Buffer.alloc(0)
  let decoder: InstanceType<typeof TextDecoder> | undefined
  for await (const chunk of source) {
    read += chunk.length
    if (read > maxBytes) throw malformed(`the document is larger than ${maxBytes} bytes: refused`)
    progress(read)
    let bytes: Uint8Array = chunk
    if (decoder === undefined) {
      head = Buffer.concat([head, chunk])
      if (head.length < headSize) continue
      decoder = new TextDecoder(encodingOf(head), { fatal: true })
      bytes = head
    }
    for (let at = 0; at < bytes.length; at += pieceSize)
      yield decode(() => decoder?.decode(bytes.subarray(at, at + pieceSize), { stream: true }) ?? '')
  }
  const last = decoder ?? new TextDecoder(encodingOf(head), { fatal: true })
  if (decoder === undefined) yield decode(() => last.decode(head, { stream: true }))
  try {
    yield last.decode()
  } catch (cause) {
    throw new SourceError('incomplete', 'the document stops halfway', { cause })
  }
}

function decode(run: () => string): string {
  try {
    return run()
  } catch (cause) {
    throw malformed('the document holds bytes that are not text in the encoding it names', cause)
  }
}

function encodingOf(head: Uint8Array): string {
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  if (head[0] === 0xef && head[1] === 0xbb) return 'utf-8'
  const start = Buffer.from(head.subarray(0, headSize)).toString('latin1')
  const named = /^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([\w.-]+)["']/.exec(start)?.[1]?.toLowerCase() ?? 'utf-8'
  // .NET programs write a string that declares utf-16 into a file of UTF-8; a declaration we can read as ASCII is not UTF-16.
  if (named.startsWith('utf-16')) return 'utf-8'
  if (!encodings.has(named)) throw malformed('the document is in an encoding that we do not read')
  return named
}

/** @returns text that is safe in an element and in an attribute; characters that XML cannot hold become U+FFFD */
export function escaped(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\uFFFD')
    .replace(/[&<>"']/g, c => names[c] ?? c)
}
