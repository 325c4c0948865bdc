/** The only reader of process.env: validated once, frozen. Every setting has a default that is right on one machine. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { AppError } from './errors.ts'
import { isLoopback } from './loopback.ts'

const Environment = z.object({
  /** The address people's browsers use, without a path. */
  M5_URL: z.url({ protocol: /^https?$/ }).default('http://localhost:4400'),
  M5_HOST: z.string().default('localhost'),
  M5_PORT: z.coerce.number().int().min(0).max(65535).optional(),
  /** Where the embedded database, its binaries when copied, and the master key file live. */
  M5_DATA: z.string().default('.m5'),
  /** 64 hex digits; instead of the file. */
  M5_MASTER_KEY: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/)
    .optional(),
  M5_MASTER_KEY_FILE: z.string().optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_OWNER_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  M5_DATABASE_POOL: z.coerce.number().int().min(2).max(200).default(10),
  M5_LOG: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** How many reverse proxies stand in front (express `trust proxy`). */
  M5_PROXIES: z.coerce.number().int().min(0).max(5).default(0),
  /** Hosts of roster sources that may have a private address, `name` or `name:port`, with commas between: a SIS in the school's own network. */
  M5_PRIVATE_HOSTS: z
    .string()
    .optional()
    .transform(text => (text ?? '').split(',').flatMap(host => host.trim().toLowerCase() || []))
    .pipe(z.array(z.string().regex(/^(\[[0-9a-f:]+\]|[\w.-]+)(:\d{1,5})?$/))),
  /** When the schedule reads the rosters, by the clock of Amsterdam. Suppliers want to be asked between 20:00 and 06:00. */
  M5_SYNC_WINDOW: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/)
    .refine(text => text.slice(0, 5) !== text.slice(6), 'a window has a beginning and another end')
    .default('20:00-06:00'),
  /** Syncs of the schedule at a time on this connector, as far as the pool lets; 0: it leaves them to the others. */
  M5_SYNC_CONCURRENCY: z.coerce.number().int().min(0).max(20).default(2),
  /** How often a source that is away is asked again in one night. */
  M5_SYNC_RETRIES: z.coerce.number().int().min(0).max(20).default(5),
  M5_SYNC_LIMIT_MINUTES: z.coerce.number().int().min(1).max(1200).default(60),
  /** A source without a good run for so many days is warned of, once a day. */
  M5_SYNC_STALE_DAYS: z.coerce.number().int().min(1).max(60).default(3),
  /** Seconds of silence after which the syncs of a dead connector go to another. */
  M5_SYNC_HEARTBEAT: z.coerce.number().int().min(10).max(600).default(30),
  /** The mail server, `smtps://user:password@host:465` or `smtp://…:587`, which must then offer STARTTLS; without it no mail is sent. */
  M5_SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  /** Whom mail is from: `m5@school.example`, or `M5 <m5@school.example>`. */
  M5_MAIL_FROM: z
    .string()
    .regex(/^([^<>@\r\n"]{1,100}<[^\s@<>]+@[^\s@<>]+>|[^\s@<>]+@[^\s@<>]+)$/)
    .optional(),
})

export interface ScheduleConfig {
  /** Times of day in Amsterdam, `HH:MM`. */
  readonly window: { readonly from: string; readonly until: string }
  readonly concurrency: number
  readonly retries: number
  readonly limitMs: number
  readonly staleDays: number
  readonly heartbeatSeconds: number
}

export interface MailConfig {
  readonly host: string
  readonly port: number
  /** TLS from the first byte; else by STARTTLS. */
  readonly secure: boolean
  readonly user: string | undefined
  readonly password: string | undefined
  readonly from: string
}

export interface Config {
  readonly url: URL
  readonly host: string
  readonly port: number
  readonly dataDir: string
  readonly masterKeyHex: string | undefined
  readonly masterKeyFile: string
  readonly databaseUrl: string | undefined
  readonly databaseOwnerUrl: string | undefined
  readonly poolSize: number
  readonly logLevel: z.infer<typeof Environment>['M5_LOG']
  readonly proxies: number
  readonly privateHosts: readonly string[]
  readonly schedule: ScheduleConfig
  /** Undefined: mail is off. */
  readonly mail: MailConfig | undefined
}

/** @throws AppError `misconfigured`, naming each variable that is wrong and never its value */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const parsed = Environment.safeParse(env)
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`)
    throw new AppError('misconfigured', `These settings are not right: ${wrong.join('; ')}`)
  }
  const e = parsed.data
  const url = new URL(e.M5_URL)
  if (url.pathname !== '/' || url.search || url.hash)
    throw new AppError('misconfigured', 'M5_URL must be an origin: no path, no query.')
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw new AppError(
      'misconfigured',
      'M5_URL must be https: browsers sign nobody in over plain http, but on this very machine (localhost).',
    )
  const dataDir = resolve(e.M5_DATA)
  return Object.freeze({
    url,
    host: e.M5_HOST,
    port: e.M5_PORT ?? Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
    dataDir,
    masterKeyHex: e.M5_MASTER_KEY,
    masterKeyFile: e.M5_MASTER_KEY_FILE ?? resolve(dataDir, 'master.key'),
    databaseUrl: e.DATABASE_URL,
    databaseOwnerUrl: e.DATABASE_OWNER_URL,
    poolSize: e.M5_DATABASE_POOL,
    logLevel: e.M5_LOG,
    proxies: e.M5_PROXIES,
    privateHosts: e.M5_PRIVATE_HOSTS,
    schedule: Object.freeze({
      window: { from: e.M5_SYNC_WINDOW.slice(0, 5), until: e.M5_SYNC_WINDOW.slice(6) },
      concurrency: e.M5_SYNC_CONCURRENCY,
      retries: e.M5_SYNC_RETRIES,
      limitMs: e.M5_SYNC_LIMIT_MINUTES * 60_000,
      staleDays: e.M5_SYNC_STALE_DAYS,
      heartbeatSeconds: e.M5_SYNC_HEARTBEAT,
    }),
    mail: e.M5_SMTP_URL === undefined ? undefined : Object.freeze(mailConfig(e.M5_SMTP_URL, e.M5_MAIL_FROM)),
  })
}

function mailConfig(address: string, from: string | undefined): MailConfig {
  const url = new URL(address)
  if (from === undefined) throw new AppError('misconfigured', 'M5_SMTP_URL needs M5_MAIL_FROM: whom mail is from.')
  if (!url.hostname || url.search || url.hash || !['', '/'].includes(url.pathname))
    throw new AppError('misconfigured', 'M5_SMTP_URL is a host, a port, a user and a password: no path, no query.')
  const secure = url.protocol === 'smtps:'
  return {
    host: url.hostname,
    port: Number(url.port || (secure ? 465 : 587)),
    secure,
    user: decodeURIComponent(url.username) || undefined,
    password: decodeURIComponent(url.password) || undefined,
    from,
  }
}
