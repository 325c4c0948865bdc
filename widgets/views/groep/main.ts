/** Entry of the teacher's panel. */
import { M5SignIn } from '../../kit/sign-in.ts'
import { dressPage } from '../../kit/theme.ts'
import { M5ViewGroup } from './view.ts'

dressPage()
customElements.define('m5-sign-in', M5SignIn)
customElements.define('m5-view-group', M5ViewGroup)
