/** All elements that a portal can place. One file, one script tag, no request of its own. */
import { define } from './define.ts'
import { M5Group } from './group.ts'
import { M5Stopknop } from './stopknop.ts'

define('m5-stopknop', M5Stopknop)
define('m5-group', M5Group)
