/**
 * Structured log with an allow-list of fields: what is not on the list is not written, so that a name, a token or a body cannot slip in
 * by somebody logging an object. Errors are reduced to code, reason and the frames of our own code.
 */
import { destination, type Logger, pino } from 'pino'
import type { Config } from './config.ts'
import { AppError } from './errors.ts'

export interface LogFields {
  requestId?: string
  method?: string
  /** The route's pattern, never the address asked for. */
  route?: string
  status?: number
  ms?: number
  code?: string
  reason?: string
  boardId?: string
  schoolId?: string
  sourceId?: string
  runId?: string
  count?: number
  channel?: string
  port?: number
  url?: string
  pid?: number
  version?: string
  at?: string
}

const allowed = [
  'requestId',
  'method',
  'route',
  'status',
  'ms',
  'code',
  'reason',
  'boardId',
  'schoolId',
  'sourceId',
  'runId',
  'count',
  'channel',
  'port',
  'url',
  'pid',
  'version',
  'at',
] as const satisfies readonly (keyof LogFields)[]

export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  /** @param cause anything thrown; only its code, reason and place reach the log */
  error(event: string, cause: unknown, fields?: LogFields): void
}

/** @param fd 2 where standard output is for the answer */
export function openLog(config: Pick<Config, 'logLevel'>, fd: 1 | 2 = 1): Log {
  return wrap(pino({ level: config.logLevel, base: null }, destination(fd)))
}

function wrap(logger: Logger): Log {
  return {
    debug: (event, fields) => logger.debug(pick(fields), event),
    info: (event, fields) => logger.info(pick(fields), event),
    warn: (event, fields) => logger.warn(pick(fields), event),
    error: (event, cause, fields) => logger.error({ ...pick(fields), ...pick(describe(cause)) }, event),
  }
}

function pick(fields: LogFields = {}): LogFields {
  const out: Record<string, unknown> = {}
  for (const key of allowed) if (fields[key] !== undefined) out[key] = fields[key]
  return out
}

/** What may be said of an error: never its message, which a library may have filled with what it was given. */
export function describe(cause: unknown): LogFields {
  if (cause instanceof AppError) return { code: cause.code, ...(cause.reason ? { reason: cause.reason } : {}) }
  const error = cause as { name?: unknown; code?: unknown; stack?: unknown; message?: unknown } | null | undefined
  // The stack begins with the message, and a message may look like a place.
  const [place] = String(error?.stack ?? '')
    .replace(String(error?.message ?? ''), '')
    .split('\n')
    .flatMap(line => /^ +at .*\/((?:connector|adapters)\/[\w./-]+:\d+:\d+)\)?$/.exec(line)?.[1] ?? [])
  return {
    code: typeof error?.code === 'string' ? error.code : String(error?.name ?? 'unknown'),
    ...(place ? { at: place } : {}),
  }
}
