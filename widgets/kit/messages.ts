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
  'ask-portal-token': Record<string, never>
}

/** What the portal's server signed of who sits there, and the origin that handed it over. */
export type PortalToken = { token: string; origin: string; refused: () => void }

export type HostMessage = { type: 'theme'; accent: string | undefined } | { type: 'locale'; lang: string }

export type Host = {
  /** False on a page of our own. */
  framed: boolean
  tell: <T extends keyof Outgoing>(type: T, payload: Outgoing[T]) => void
  /** @returns how to stop listening */
  listen: (hear: (message: HostMessage) => void) => () => void
  /** Asks the page around us. @returns undefined where there is none, or no portal with a server; `coming`: it has one, and is asking it */
  portalToken: (coming: () => void) => Promise<PortalToken | undefined>
}

/** Milliseconds: for a page to say that a token is coming, which is at once where our element is; and for its server to sign it. */
const patience = { word: 400, token: 5000 }

/** The page that shows us, where it says so. */
export const hostOrigin = (): string | undefined => {
  const [nearest] = location.ancestorOrigins ?? []
  if (nearest && nearest !== 'null') return nearest
  return document.referrer ? new URL(document.referrer).origin : undefined
}

const readEnvelope = (data: unknown) => {
  if (typeof data !== 'object' || data === null) return undefined
  const { v, type, id, payload } = data as Record<string, unknown>
  if (v !== 1 || typeof id !== 'string' || typeof payload !== 'object' || payload === null) return undefined
  return { type, fields: payload as Record<string, unknown> }
}

const readPortalToken = (data: unknown): { coming: boolean; token?: string } | undefined => {
  const { type, fields } = readEnvelope(data) ?? {}
  if (type !== 'portal-token' || !fields) return undefined
  const { coming, token } = fields
  if (typeof token === 'string' && token.length <= 8000) return { coming: false, token }
  return { coming: coming === true }
}

const readHostMessage = (data: unknown): HostMessage | undefined => {
  const { type, fields } = readEnvelope(data) ?? {}
  if (!fields) return undefined
  if (type === 'locale' && typeof fields.lang === 'string' && /^[a-z]{2}$/.test(fields.lang))
    return { type, lang: fields.lang }
  if (type === 'theme' && (fields.accent === undefined || typeof fields.accent === 'string'))
    return { type, accent: fields.accent }
  return undefined
}

export const connectHost = (): Host => {
  const framed = window.parent !== window
  const origin = framed ? hostOrigin() : undefined
  const tell: Host['tell'] = (type, payload) => {
    if (origin) window.parent.postMessage({ v: 1, type, id: crypto.randomUUID(), payload }, origin)
  }
  /** From the page around us, and from nobody else. */
  const hearPage = (hear: (data: unknown) => void) => {
    const listener = (event: MessageEvent) => {
      if (origin && event.origin === origin && event.source === window.parent) hear(event.data)
    }
    window.addEventListener('message', listener)
    return () => window.removeEventListener('message', listener)
  }
  return {
    framed,
    tell,
    listen: hear =>
      hearPage(data => {
        const message = readHostMessage(data)
        if (message) hear(message)
      }),
    portalToken: coming =>
      new Promise(resolve => {
        if (!origin) return resolve(undefined)
        const end = (token?: string) => {
          clearTimeout(timer)
          deaf()
          resolve(token ? { token, origin, refused: () => tell('error', { code: 'portal-token-refused' }) } : undefined)
        }
        let timer = setTimeout(end, patience.word)
        const deaf = hearPage(data => {
          const said = readPortalToken(data)
          if (!said) return
          if (!said.coming) return end(said.token)
          clearTimeout(timer)
          timer = setTimeout(end, patience.token)
          coming()
        })
        tell('ask-portal-token', {})
      }),
  }
}
