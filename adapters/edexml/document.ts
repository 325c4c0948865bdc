/** An EDEXML document, from bytes to wire objects; and what both the file and the SOAP answer say when one is no roster. */
import { SourceError } from '../source.ts'
import { follow } from '../tree.ts'
import { readXml, type XmlLimits, xmlLimits } from '../xml.ts'
import { rosterContent, type WireRoster } from './parse.ts'

/**
 * One EDEXML document from any bytes: the file, an upload, a test.
 * @throws SourceError `malformed` when the root is not EDEX; `incomplete`, with the last record begun, when it stops halfway
 */
export async function readEdexml(
  source: AsyncIterable<Uint8Array>,
  limits: XmlLimits = xmlLimits,
  progress?: (bytes: number) => void,
): Promise<WireRoster> {
  const { content, roster, soFar } = rosterContent()
  const document = {
    children: { EDEX: content },
    other({ local }: { local: string }) {
      if (/^html$/i.test(local)) throw new SourceError('malformed', 'a web page came instead of a roster')
      throw new SourceError('malformed', 'this is XML, but not EDEXML: the root is not EDEX')
    },
  }
  await readXml(source, follow(document), limits, progress).catch(error => {
    throw halfway(error, soFar())
  })
  return roster
}

/** Says where a half document stopped, so that a person can look there. */
export function halfway(error: unknown, last: string): unknown {
  if (!(error instanceof SourceError) || error.code !== 'incomplete' || last === '') return error
  return new SourceError('incomplete', `${error.message}: the last record begun is ${last}`, {
    cause: error,
    sourceId: last,
  })
}
