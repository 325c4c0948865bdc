/** ESIS (Rovict): UWLR 2.2 of the current school year, behind a client certificate that Rovict hands out. Built from what a known client does. */
import { createSecureContext } from 'node:tls'
import { z } from 'zod'
import { schoolYearAt } from '../calendar.ts'
import { SoapAddress } from '../soap.ts'
import { type Adapter, type RosterSource, type SourceContext, SourceError } from '../source.ts'
import { edexmlFields, edexmlNever } from './fields.ts'
import { customerOptions, Short, schoolOptions } from './options.ts'
import { uwlrReader } from './reader.ts'
import type { UwlrSettings } from './transport.ts'

const Options = z.object({
  /** `https://<customer>.rovictonline.nl/uwlr2.2.svc` */
  url: SoapAddress,
  ...customerOptions,
  /** Rovict writes BRIN and dependance as one, `99ZZ.00`: here they are two options, and both are sent. The key is of this BRIN. */
  ...schoolOptions,
  location: schoolOptions.location.unwrap().default('00'),
  /** The client certificate: the .p12 or .pfx file as base64. */
  pfx: z.base64().min(1).max(200_000),
  /** Of that file. */
  passphrase: z.string().max(500),
  dataSetId: Short.optional(),
})
type Options = z.infer<typeof Options>

export const esis: Adapter<typeof Options> = {
  kind: 'esis',
  title: 'ESIS (UWLR with a client certificate)',
  can: {
    mode: 'snapshot-with-gate',
    keysUniqueIn: 'school',
    nextYear: false,
    groupTeachers: true,
    window: 'night',
  },
  standing: 'unverified',
  options: Options,
  secrets: ['key', 'pfx', 'passphrase'],
  fields: edexmlFields,
  never: edexmlNever,
  hosts: ({ url }) => [new URL(url).host],
  open: esisSource,
}

const advice = [
  'ESIS gives the current school year only: next year’s groups come after 1 August.',
  'Other groups than homerooms come only where ESIS says "In koppelingen beschikbaar: Ja" of them.',
  'This source was built from documents: compare the first preview with ESIS by hand.',
]

/** @param more for tests: a shorter time-out, a lower cap */
export function esisSource(options: Options, context: SourceContext, more: Partial<UwlrSettings> = {}): RosterSource {
  const { url, pfx, passphrase, ...question } = options
  const open = () => {
    const schoolYear = schoolYearAt(context.clock())
    if (context.schoolYear !== undefined && context.schoolYear !== schoolYear)
      throw new SourceError('unreachable', `ESIS gives the current school year only, ${schoolYear}`, { final: true })
    return uwlrReader(
      { url, question: { ...question, schoolYear }, versions: ['2.2', '2.1'], advice },
      { ...context, fetch: fetchWith({ url, pfx, passphrase }, context) },
      more,
    )
  }
  return {
    check: async () => open().check(),
    async *read(cursor) {
      yield* open().read(cursor)
    },
  }
}

/** @throws SourceError `unauthorized` when the certificate cannot be used; nothing is sent then */
function fetchWith(
  { url, pfx, passphrase }: Pick<Options, 'url' | 'pfx' | 'passphrase'>,
  context: SourceContext,
): typeof fetch {
  // Plain http is this machine only: a proxy there shows the certificate in our place.
  if (new URL(url).protocol === 'http:') return context.fetch
  if (context.withCertificate === undefined)
    throw new SourceError('unauthorized', 'ESIS wants a client certificate, and none can be shown from here')
  const certificate = { pfx: Buffer.from(pfx, 'base64'), passphrase }
  try {
    createSecureContext(certificate)
  } catch {
    // OpenSSL's own words are no secret, but nobody understands "mac verify failure".
    throw new SourceError(
      'unauthorized',
      'the client certificate cannot be opened: another passphrase, no .p12 file, or an encryption that is too old',
    )
  }
  const certified = context.withCertificate(certificate)
  return (input, init) => certified(input, init).catch(error => Promise.reject(ofCertificate(error) ?? error))
}

/**
 * A service that does not take our certificate ends the handshake with an alert, or hangs up, as a bad line does. IIS answers 403, which says it
 * by itself.
 */
function ofCertificate(error: unknown): SourceError | undefined {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = inner instanceof Error ? String(Reflect.get(inner, 'code')) : ''
  if (/^ERR_SSL_\w*ALERT/.test(code))
    return new SourceError('unauthorized', `the source does not take our client certificate (${code})`)
  if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET')
    return new SourceError('unreachable', `the source hangs up (${code}): it may not take our client certificate`)
  return undefined
}
