import { html, nothing } from 'lit/html.js'
import { Framed } from './framed.ts'
import { groupStyles } from './group-styles.ts'
import type { Link } from './link.ts'
import type { FrameMessage } from './messages.ts'

/**
 * The teacher's panel of a group, in a frame that takes the height of what it shows.
 *
 * Keep its place before the script arrives: `m5-group:not(:defined) { display: block; min-block-size: 36rem }`
 *
 * @slot - A link to `https://CONNECTOR/groep?s=KEY`. It names connector and school, and works without script.
 * @csspart outline - The outline around the frame.
 * @csspart frame - The frame.
 * @cssprop --m5-height - Height before the frame has said its own (36rem).
 * @cssprop --m5-radius - Corner of the outline (1rem).
 * @cssprop --m5-accent - Accent colour told to the panel (a hex colour).
 * @fires m5-ready - When the panel can be used.
 * @fires m5-error - When the frame reports trouble. `detail.code` says which.
 */
export class M5Group extends Framed {
  constructor() {
    super(groupStyles)
  }

  /** The link may be parsed later than the element. */
  override update() {
    super.update()
    if (this.isConnected) this.openFrame(this.root.querySelector('.outline'), this.words.group, true)
  }

  protected override heard({ type, payload }: FrameMessage) {
    if (type === 'ready') this.tell('m5-ready')
    if (type === 'resize' && this.frame) this.frame.element.style.blockSize = `${Math.ceil(Number(payload.height))}px`
  }

  protected override renderWith(link: Link) {
    const bones = html`<span class="bone"></span><span class="bone"></span><span class="bone"></span>`
    return html`<div class="outline" part="outline"><div>${this.ready ? nothing : this.waiting(link, bones)}</div></div>`
  }
}
