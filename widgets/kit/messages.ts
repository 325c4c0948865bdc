/**
 * The frame's side of the talk with the page around it. Who that page is comes from the browser (ancestorOrigins, else the referrer of
 * the first load); frame-ancestors has already limited it to origins that the school listed. Without a page around us nothing is said.
 */
type Outgoing = {
  ready: Record<string, never>
  resize: { height: number }
  open: Record<string, never>
  close: Record<string, never>
  submitted: Record<string, never>
  leave: Record<string, never>
  busy: { busy: boolean }
  error: { code: string }
}

export type HostMessage = { type: 'theme'; accent: string | undefined } | { type: 'locale'; lang: string }

export type Host = {
  /** False on a page of our own. */
  framed: boolean
  tell: <T extends keyof Outgoing>(type: T, payload: Outgoing[T]) => void
  /** @returns how to stop listening */
  listen: (hear: (message: HostMessage) => void) => () => void
}

const hostOrigin = (): string | undefined => {
  const [nearest] = location.ancestorOrigins ?? []
  if (nearest && nearest !== 'null') return nearest
  return document.referrer ? new URL(document.referrer).origin : undefined
}

const readHostMessage = (data: unknown): HostMessage | undefined => {
  if (typeof data !== 'object' || data === null) return undefined
  const { v, type, id, payload } = data as Record<string, unknown>
  if (v !== 1 || typeof id !== 'string' || typeof payload !== 'object' || payload === null) return undefined
  const fields = payload as Record<string, unknown>
  if (type === 'locale' && typeof fields.lang === 'string' && /^[a-z]{2}$/.test(fields.lang))
    return { type, lang: fields.lang }
  if (type === 'theme' && (fields.accent === undefined || typeof fields.accent === 'string'))
    return { type, accent: fields.accent }
  return undefined
}

export const connectHost = (): Host => {
  const framed = window.parent !== window
  const origin = framed ? hostOrigin() : undefined
  return {
    framed,
    tell: (type, payload) => {
      if (origin) window.parent.postMessage({ v: 1, type, id: crypto.randomUUID(), payload }, origin)
    },
    listen: hear => {
      const listener = (event: MessageEvent) => {
        if (!origin || event.origin !== origin || event.source !== window.parent) return
        const message = readHostMessage(event.data)
        if (message) hear(message)
      }
      window.addEventListener('message', listener)
      return () => window.removeEventListener('message', listener)
    },
  }
}
