/**
 * How the sign-in window finds out that it is in this very browser: it asks for a key that stands in no address, and only a page of our own origin
 * gets it. Two ways, since one is always cut somewhere: the window that opened it (a portal with COOP cuts it), and a channel between pages of one
 * origin (a browser that parts frames by portal cuts that). Where both are cut the person types two digits.
 */
const channelName = 'm5-window-key'

export type WindowKey = { id: string; windowKey: string }

/** @returns how to stop. Answers for that hand-off alone. */
export const giveWindowKey = ({ id, windowKey }: WindowKey): (() => void) => {
  const answerTo = (data: unknown) => {
    const { m5, id: asked } = (data ?? {}) as Record<string, unknown>
    return m5 === 'window-key?' && asked === id ? { m5: 'window-key', id, key: windowKey } : undefined
  }
  const heard = (event: MessageEvent) => {
    const answer = event.origin === location.origin ? answerTo(event.data) : undefined
    if (answer) event.source?.postMessage(answer, { targetOrigin: location.origin })
  }
  window.addEventListener('message', heard)
  const channel = 'BroadcastChannel' in window ? new BroadcastChannel(channelName) : undefined
  if (channel)
    channel.onmessage = ({ data }) => {
      const answer = answerTo(data)
      if (answer) channel.postMessage(answer)
    }
  return () => {
    window.removeEventListener('message', heard)
    channel?.close()
  }
}
