/** The frame on the connector's origin, and the one listener that believes only that frame. */
import { envelope, type FrameMessage, type HostWord, readFrameMessage } from './messages.ts'

/** allow-same-origin stays: the frame is another origin than the portal, and without it the frame's own origin would be `null`. */
const sandbox =
  'allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-storage-access-by-user-activation'

export type FrameOptions = {
  url: URL
  title: string
  /** Staff frames may also print, download and go full screen. */
  staff?: boolean
  onMessage: (message: FrameMessage) => void
}

export type Frame = {
  element: HTMLIFrameElement
  send: (type: HostWord, payload: Record<string, unknown>) => void
  /** Takes the frame out of the page and stops listening. */
  end: () => void
}

export const createFrame = ({ url, title, staff = false, onMessage }: FrameOptions): Frame => {
  const element = document.createElement('iframe')
  element.setAttribute('sandbox', staff ? `${sandbox} allow-downloads allow-modals` : sandbox)
  element.allow = staff ? 'storage-access; fullscreen' : 'storage-access'
  element.referrerPolicy = 'strict-origin'
  element.title = title
  element.setAttribute('part', 'frame')
  element.src = url.href

  const listen = (event: MessageEvent) => {
    if (event.origin !== url.origin || event.source !== element.contentWindow) return
    const message = readFrameMessage(event.data)
    if (message) onMessage(message)
  }
  window.addEventListener('message', listen)

  return {
    element,
    send: (type, payload) => element.contentWindow?.postMessage(envelope(type, payload), url.origin),
    end: () => {
      window.removeEventListener('message', listen)
      element.remove()
    },
  }
}
