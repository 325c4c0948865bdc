/** SOAP 1.1 over HTTP, for the sources that speak it. The envelope is strict on namespaces; what stands in it is the source's own. */
import { z } from 'zod'
import { isSafeAddress } from './address.ts'
import { request, statusError } from './http.ts'
import { type SourceContext, SourceError } from './source.ts'
import type { Node } from './tree.ts'
import type { XmlElement } from './xml.ts'

export const soapNamespace = 'http://schemas.xmlsoap.org/soap/envelope/'

/** `?wsdl` may stand: suppliers hand out the address of the description, which answers questions as well. */
export const SoapAddress = z
  .url()
  .refine(
    text => isSafeAddress(text, query => /^(\?wsdl)?$/i.test(query)),
    'https without credentials, query (but ?wsdl) or fragment; http on this machine only',
  )

/** @param parts.namespaces `xmlns:…` attributes that header and body use */
export function envelope({
  namespaces = '',
  header = '',
  body,
}: {
  namespaces?: string
  header?: string
  body: string
}): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    `<soapenv:Envelope xmlns:soapenv="${soapNamespace}"${namespaces}>` +
    (header === '' ? '' : `<soapenv:Header>${header}</soapenv:Header>`) +
    `<soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`
  )
}

/** `text` may quote the request, key and all: it is looked at, and never passed on. */
export interface SoapFault {
  /** Of the QName only the part after the prefix counts. */
  code: string
  text: string
}

/** One that says no more than this is a fault as well; some schemas give it a name of its own. */
export function faultNode(uri: string, heard: (fault: SoapFault) => void): Node {
  let fault: SoapFault = { code: '', text: '' }
  return {
    uri,
    children: {
      faultcode: { text: value => (fault.code = value.slice(value.indexOf(':') + 1)) },
      faultstring: { text: value => (fault.text = value) },
    },
    close() {
      heard(fault)
      fault = { code: '', text: '' }
    },
  }
}

/**
 * @param inside what the Body may hold besides a Fault, by name
 * @param stranger what to say of anything else; web pages and other versions of SOAP are named here already
 */
export function soapDocument(
  inside: Record<string, Node>,
  { fault, stranger }: { fault: (fault: SoapFault) => void; stranger: (element: XmlElement) => string },
): { document: Node; unexpected: (element: XmlElement) => never } {
  const unexpected = (element: XmlElement): never => {
    if (/^html$/i.test(element.local)) throw new SourceError('malformed', 'a web page came instead of a roster')
    if (element.local === 'Envelope')
      throw new SourceError('malformed', 'the answer is in another version of SOAP than 1.1')
    throw new SourceError('malformed', stranger(element))
  }
  const body: Node = {
    uri: soapNamespace,
    children: { ...inside, Fault: faultNode(soapNamespace, fault) },
    other: unexpected,
  }
  const root: Node = { uri: soapNamespace, children: { Body: body } }
  return { document: { children: { Envelope: root }, other: unexpected }, unexpected }
}

interface SoapRequest {
  url: string
  /** Without the quotes, which are sent: SOAP 1.1 §6.1.1 wants them, and ParnasSys insists. */
  action: string
  body: string
  headers?: Record<string, string>
  timeoutMs: number
  maxBytes: number
}

/**
 * @param read the answer's body; called for errors too: SOAP 1.1 sends its faults with HTTP 500, and some with 400
 * @returns what `read` made of it; an error status that holds no fault is that status
 * @throws SourceError as `request` and `read` do
 */
export async function postSoap<Answer extends { kind: string }>(
  context: SourceContext,
  { url, action, body, headers = {}, timeoutMs, maxBytes }: SoapRequest,
  read: (body: AsyncIterable<Uint8Array>, length: number | undefined) => Promise<Answer>,
): Promise<Answer> {
  const answer = await request(context, {
    method: 'POST',
    url,
    headers: {
      'content-type': 'text/xml; charset=utf-8',
      soapaction: `"${action}"`,
      accept: 'text/xml',
      ...headers,
    },
    body,
    timeoutMs,
    maxBytes,
    readBodyOf: [400, 500],
  })
  const refused = answer.status >= 400 ? statusError(answer, context.clock()) : undefined
  const found = await read(answer.body, answer.length).catch(error => {
    throw refused ?? error
  })
  if (refused !== undefined && found.kind !== 'fault') throw refused
  return found
}
