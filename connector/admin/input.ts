/** What somebody typed, through its schema. */
import { z } from 'zod'
import { AppError } from '../errors.ts'

/** @throws AppError `invalid-input`, naming each field that is wrong and never its value */
export function checked<T>(schema: z.ZodType<T>, input: unknown, what: string): T {
  const verdict = schema.safeParse(input)
  if (verdict.success) return verdict.data
  const wrong = verdict.error.issues.map(issue => `${issue.path.join('.') || what}: ${issue.message}`)
  throw new AppError('invalid-input', `This ${what} is not right: ${wrong.join('; ')}`)
}

/** Of P2002, "unique constraint failed". */
function isDuplicate(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === 'P2002'
}

/** @param says when a row of that kind is there already. @throws AppError `conflict` */
export async function orConflict<T>(work: Promise<T>, says: string): Promise<T> {
  try {
    return await work
  } catch (cause) {
    if (isDuplicate(cause)) throw new AppError('conflict', says, { cause, reason: 'exists' })
    throw cause
  }
}

export const Name = z.string().trim().min(1).max(200)
export const Label = z.string().trim().min(1).max(100)
