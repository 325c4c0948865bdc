/**
 * The one error of the service. The code is closed: http.ts turns it into problem+json by a switch without default, so that a new
 * code fails compilation until somebody decides what a caller sees. Messages are plain sentences without personal data.
 */
export type AppErrorCode =
  | 'invalid-input'
  | 'too-large'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'gone'
  | 'too-many'
  | 'unavailable'
  | 'misconfigured'

export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: AppErrorCode
  /** A finer, stable word for logs and for widgets: `ticket-used`, `school-unknown`. */
  readonly reason: string | undefined

  constructor(code: AppErrorCode, message: string, more: { cause?: unknown; reason?: string } = {}) {
    super(message, { cause: more.cause })
    this.code = code
    this.reason = more.reason
  }
}
