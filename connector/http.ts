/** What every route shares: request ids, problem+json, security headers, and who may show us in a frame. */
import { randomUUID } from 'node:crypto'
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'
import helmet from 'helmet'
import { AppError, type AppErrorCode } from './errors.ts'
import type { Log } from './log.ts'

declare global {
  namespace Express {
    interface Locals {
      requestId: string
    }
  }
}

export const requestId: RequestHandler = (_req, res, next) => {
  res.locals.requestId = randomUUID()
  res.setHeader('X-Request-Id', res.locals.requestId)
  next()
}

/** For everything: nothing is allowed that a route does not name, nothing is kept, and nobody may frame it. */
export function baseHeaders(https: boolean): RequestHandler[] {
  return [
    helmet({
      contentSecurityPolicy: false,
      crossOriginEmbedderPolicy: false,
      crossOriginResourcePolicy: { policy: 'same-origin' },
      frameguard: { action: 'deny' },
      referrerPolicy: { policy: 'no-referrer' },
      strictTransportSecurity: https ? { maxAge: 63_072_000, includeSubDomains: false } : false,
    }),
    (_req, res, next) => {
      res.setHeader('Content-Security-Policy', policy(["'none'"]))
      res.setHeader('Cache-Control', 'no-store')
      res.setHeader('Permissions-Policy', 'camera=(), microphone=(), geolocation=(), payment=(), usb=()')
      next()
    },
  ]
}

/** A page of ours that the listed origins, and nobody else, may show in a frame. `formTargets`: where its forms may lead besides to us. */
export function allowFrame(res: Response, origins: readonly string[], formTargets: readonly string[] = []): void {
  res.removeHeader('X-Frame-Options')
  const actions = formTargets.length > 0 ? `; form-action 'self' ${formTargets.join(' ')}` : ''
  res.setHeader('Content-Security-Policy', policy(["'self'", ...origins], `${views}${actions}`))
  // Shown across sites on purpose; reading it across sites is what the missing CORS headers prevent.
  res.setHeader('Cross-Origin-Resource-Policy', 'cross-origin')
}

/** A page of ours in a window of its own. `formTargets`: where its forms may lead, redirects included. */
export function allowPage(res: Response, formTargets: readonly string[] = []): void {
  const actions = ["'self'", ...formTargets].join(' ')
  res.setHeader('Content-Security-Policy', policy(["'none'"], `${views}; form-action ${actions}`))
}

const views =
  "script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; manifest-src 'self'"

function policy(ancestors: readonly string[], sources = ''): string {
  const forms = sources.includes('form-action') ? '' : "; form-action 'self'"
  return `default-src 'none'; base-uri 'none'; frame-ancestors ${ancestors.join(' ')}${forms}${sources ? `; ${sources}` : ''}`
}

/** Cookies travel by themselves, so what uses one must come from our own pages. @throws AppError `forbidden` */
export function requireSameOrigin(req: Request, own: URL): void {
  const site = req.get('sec-fetch-site')
  const origin = req.get('origin')
  if (site ? site !== 'same-origin' : origin !== own.origin)
    throw new AppError('forbidden', 'This address answers its own pages only.', { reason: 'other-origin' })
}

/** One code, one status. No default: a new code fails compilation here. */
export function statusOf(code: AppErrorCode): number {
  switch (code) {
    case 'invalid-input':
      return 400
    case 'unauthenticated':
      return 401
    case 'forbidden':
      return 403
    case 'not-found':
      return 404
    case 'conflict':
      return 409
    case 'gone':
      return 410
    case 'too-large':
      return 413
    case 'too-many':
      return 429
    case 'misconfigured':
      return 500
    case 'unavailable':
      return 503
  }
}

/** RFC 9457. What a library threw is logged by code and place, and told to nobody. */
export function problems(log: Log): ErrorRequestHandler {
  return (cause, req, res, next) => {
    const error = asAppError(cause)
    const status = statusOf(error.code)
    const fields = { requestId: res.locals.requestId, method: req.method, route: routeOf(req), status }
    if (status >= 500) log.error('request failed', error.cause ?? error, fields)
    else log.info('request refused', { ...fields, code: error.code, ...(error.reason ? { reason: error.reason } : {}) })
    if (res.headersSent) return next(cause)
    if (status === 503) res.setHeader('Retry-After', '5')
    res.status(status).type('application/problem+json')
    res.send(JSON.stringify(problem(error, status, res.locals.requestId)))
  }
}

function problem(error: AppError, status: number, id: string) {
  const code = error.reason ?? error.code
  return { type: `urn:m5:problem:${code}`, title: error.message, status, code, requestId: id }
}

export function asAppError(cause: unknown): AppError {
  if (cause instanceof AppError) return cause
  const http = cause as { status?: number; type?: string } | null
  if (http?.type === 'entity.too.large') return new AppError('too-large', 'This is more than 16 kB.', { cause })
  if (http?.status && http.status >= 400 && http.status < 500)
    return new AppError('invalid-input', 'This request cannot be read.', { cause })
  return new AppError('unavailable', 'Something went wrong here. Try again in a moment.', { cause, reason: 'internal' })
}

/** The pattern, never the address: addresses hold ids and keys. */
export const routeOf = (req: Request): string =>
  `${req.baseUrl}${(req.route as { path?: string } | undefined)?.path ?? ''}`
