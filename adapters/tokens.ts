/** A token that is asked for when it is needed, shared by all who ask at once, and asked for anew when it is over or was refused. */
import { z } from 'zod'
import { type HttpAnswer, json } from './http.ts'
import { type SourceContext, SourceError } from './source.ts'

export interface Token {
  value: string
  /** Instant in milliseconds from which it is no longer used. */
  until: number
}

export interface Tokens {
  /** @throws SourceError as the asking does; then the next one asks again */
  current(): Promise<string>
  /** This one was refused before its time: the next question asks for another. */
  refused(token: string): void
}

/** Ours: a token that would end during a request is no longer used. */
const marginMs = 60_000

/** @param ask asks once: whoever needs the token has the patience */
export function tokens({ clock }: Pick<SourceContext, 'clock'>, ask: () => Promise<Token>): Tokens {
  let held: { asked: Promise<Token>; came?: Token } | undefined
  const isOver = ({ came }: { came?: Token }) => came !== undefined && came.until <= clock().getTime()
  const next = () => {
    const asking: { asked: Promise<Token>; came?: Token } = { asked: ask() }
    asking.asked.then(
      token => {
        asking.came = token
      },
      () => {
        if (held === asking) held = undefined
      },
    )
    return asking
  }
  return {
    async current() {
      if (held === undefined || isOver(held)) held = next()
      return (await held.asked).value
    },
    refused(token) {
      if (held?.came?.value === token) held = undefined
    },
  }
}

/** A question with a token; a 401 gets one new token and one more try. @throws SourceError as the last of both does */
export async function withToken<Answer>(
  { current, refused }: Tokens,
  ask: (token: string) => Promise<Answer>,
): Promise<Answer> {
  const token = await current()
  try {
    return await ask(token)
  } catch (error) {
    if (!(error instanceof SourceError) || error.status !== 401) throw error
    refused(token)
    return await ask(await current())
  }
}

const Answer = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().optional() })

/** RFC 6749 §5.1. @param lifeSeconds where the answer does not say how long */
export async function tokenIn(
  answer: Pick<HttpAnswer, 'body'>,
  { clock }: Pick<SourceContext, 'clock'>,
  lifeSeconds = 300,
): Promise<Token> {
  const { access_token, expires_in = lifeSeconds } = await json(answer, Answer)
  return { value: access_token, until: clock().getTime() + Math.max(expires_in * 1000 - marginMs, 0) }
}
