/** Entry of the page behind a grant link: a window of its own, never a frame. */
import { M5SignIn } from '../../kit/sign-in.ts'
import { dressPage } from '../../kit/theme.ts'
import { M5ViewGrant } from './view.ts'

dressPage()
customElements.define('m5-sign-in', M5SignIn)
customElements.define('m5-view-grant', M5ViewGrant)
