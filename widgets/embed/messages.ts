/**
 * The host's side of the talk with the frame. Nothing that a person typed or read ever crosses: only these words, these shapes.
 * The frame's side is kit/messages.ts; the two do not share a file, so that neither can lean on the other being honest.
 */
type Payload = Record<string, unknown>

/** What a frame may say, and what its payload must look like. */
const fromFrame = {
  ready: () => true,
  resize: (p: Payload) => typeof p.height === 'number' && p.height >= 0 && p.height <= 20_000,
  open: () => true,
  close: () => true,
  submitted: () => true,
  leave: () => true,
  busy: (p: Payload) => typeof p.busy === 'boolean',
  'ask-portal-token': () => true,
  error: (p: Payload) => typeof p.code === 'string' && /^[a-z-]{1,40}$/.test(p.code),
}

export type FrameMessage = { type: keyof typeof fromFrame; payload: Payload }

const isRecord = (value: unknown): value is Payload => typeof value === 'object' && value !== null

/** @returns the message, or undefined for anything that does not fit: unknown words are ignored, not answered. */
export const readFrameMessage = (data: unknown): FrameMessage | undefined => {
  if (!isRecord(data) || data.v !== 1 || typeof data.type !== 'string' || typeof data.id !== 'string') return undefined
  if (!Object.hasOwn(fromFrame, data.type)) return undefined
  const type = data.type as FrameMessage['type'] // SAFETY: an own key of fromFrame, checked above
  const payload = isRecord(data.payload) ? data.payload : {}
  return fromFrame[type](payload) ? { type, payload } : undefined
}

/** What the frame is told. `portal-token`: first whether one is coming, then, when it came, the token; to the frame's own origin alone. */
export type HostWord = 'theme' | 'locale' | 'portal-token'

export const envelope = (type: HostWord, payload: Payload) => ({
  v: 1,
  type,
  id: Math.random().toString(36).slice(2),
  payload,
})
