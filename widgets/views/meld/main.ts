/** Entry of the Stopknop's frame. */
import { M5SignIn } from '../../kit/sign-in.ts'
import { dressPage } from '../../kit/theme.ts'
import { M5People } from './people.ts'
import { M5ViewStopknop } from './view.ts'

dressPage()
customElements.define('m5-sign-in', M5SignIn)
customElements.define('m5-people', M5People)
customElements.define('m5-view-stopknop', M5ViewStopknop)
