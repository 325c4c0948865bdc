/** The three UWLR services of the suppliers over the one server of the tests: the general one, ESIS and Magister's small set. */
import { readFileSync } from 'node:fs'
import { toEdexml } from '../edexml.ts'
import { type GeneratedSchool, pupilSourceId, teacherSourceId } from '../generate.ts'
import type { Fault, Sis, SisOptions, StartSis } from './sis.ts'
import { type Mode, startUwlrServer, type UwlrServerOptions } from './uwlr-server.ts'

const credentials = { key: 'FICTIEVE-SLEUTEL', customerCode: '99ZZ-VV' }
const customer = { ...credentials, customerName: 'Veiligplein' }

const modes = {
  slow: 'slow',
  unauthorized: 'unauthorized',
  'rate-limited': 'rate-limited',
  unavailable: 'unavailable',
  garbage: 'garbage',
  'web-page': 'html',
  nothing: 'nothing',
  cut: 'half',
  redirect: 'redirect',
  'ok-with-error': 'empty',
  'repeated-page': 'duplicate-key',
} satisfies Record<Fault, Mode>

interface Service extends Pick<UwlrServerOptions, 'versions' | 'headers' | 'dataSets'> {
  kind: string
  document: (school: GeneratedSchool, at: Date) => string
  options: Record<string, unknown>
}

/** The document is made at the clock's time: what changed shows to a reader with a cursor only when the clock has moved. */
async function start({ school, clock, host, port }: SisOptions, service: Service): Promise<Sis> {
  const { kind, document, options, ...more } = service
  const requests: string[] = []
  const server = await startUwlrServer({
    ...more,
    credentials,
    clock,
    // Asked for once a request.
    edexml() {
      requests.push('POST /uwlr2.2.svc')
      return document(school(), clock())
    },
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
  })
  return {
    kind,
    url: server.url,
    get options() {
      const { brin, location } = school()
      return { url: server.url, ...customer, brin, location, ...options }
    },
    sourceIdOf: { pupil: pupilSourceId, teacher: teacherSourceId },
    requests,
    behave: (fault, times) => server.behave(fault === 'ok' ? 'ok' : modes[fault], times),
    close: server.close,
  }
}

const whole = (school: GeneratedSchool, at: Date) => toEdexml(school, { version: '2.1', createdAt: at })

export const startUwlr: StartSis = options => start(options, { kind: 'uwlr', document: whole, options: {} })

export const startStagedUwlr: StartSis = options =>
  start(options, { kind: 'uwlr', document: whole, options: { calls: 'staged', groupsPerCall: 4 } })

/** Behind a proxy of this machine that shows the certificate: TLS has a test of its own. */
export const startEsis: StartSis = options =>
  start(options, {
    kind: 'esis',
    document: whole,
    options: { pfx: certificateFile('client.p12').toString('base64'), passphrase: 'fictief' },
  })

/** Made once with openssl, good until 2126, of nobody: see `test/fixtures/uwlr/README.md`. */
export const certificateFile = (name: string) => readFileSync(new URL(`../../fixtures/uwlr/${name}`, import.meta.url))

const subscriptionKey = 'FICTIEF-ABONNEMENT'

export const startMagisterUwlr: StartSis = options =>
  start(options, {
    kind: 'magister-uwlr',
    document: (school, at) => smallSet(whole(school, at)),
    versions: ['2.3'],
    dataSets: ['Smalle-set-VO'],
    headers: { 'iddinkhub-subscription-key': subscriptionKey },
    options: { subscriptionKey },
  })

/**
 * What the small set drops, and what Magister does in its own way: `achternaam` last, empty prefixes, an ECK iD on pupils and on most
 * teachers, leavers not there at all.
 */
export function smallSet(edexml: string): string {
  const dropped = [
    ...['voornamen', 'voorletters-1', 'geboortedatum', 'geslacht', 'gebruikersnaam', 'land'],
    ...['bsn', 'postcodenl', 'instroomdatum', 'uitstroomdatum', 'toevoegingen', 'commentaar', 'peildatum'],
  ]
  return edexml
    .replace('<xsdversie>2.1<', '<xsdversie>2.3<')
    .replace(/<leerling\s[^>]*>[\s\S]*?<\/leerling>/g, pupil => {
      if (pupil.includes('<uitstroomdatum>')) return ''
      const small = [...dropped, 'emailadres'].reduce((text, name) => without(text, name), pupil)
      return lastName(small).replace(
        /<leerling key="([^"]*)"/,
        '<leerling key="$1" eckid="https://ketenid.nl/201703/CANARY-$1"',
      )
    })
    .replace(/<leerkracht\s[^>]*>[\s\S]*?<\/leerkracht>/g, teacher => {
      const small = dropped.reduce((text, name) => without(text, name), teacher)
      const [own = '', groups = ''] = small.split(/(?=<groepen>)/)
      const general = `${without(without(own, 'rol'), 'rolomschrijving')}${groups}`
      return lastName(general).replace(
        /<leerkracht key="([^"]*[13579])"/,
        '<leerkracht key="$1" eckid="https://ketenid.nl/201703/CANARY-L$1"',
      )
    })
}

const without = (text: string, name: string) => text.replace(new RegExp(`<${name}>[\\s\\S]*?</${name}>`, 'g'), '')

function lastName(person: string): string {
  const name = /<achternaam>[^<]*<\/achternaam>/.exec(person)?.[0]
  if (name === undefined) return person
  const prefix = person.includes('<voorvoegsel>') ? '' : '<voorvoegsel/>'
  return person.replace(name, prefix).replace(/<\/(leerling|leerkracht)>$/, `${name}</$1>`)
}
