/** As words.ts, for the views of staff. */
import { grant, panel, shared } from './nl-staff.ts'
import { type Spoken, speaking } from './words.ts'

const nl = { grant, panel, shared }
export type StaffWords = typeof nl

export const dutch: Spoken<StaffWords> = { language: 'nl', words: nl }
export const speak = speaking<StaffWords>(dutch, { en: () => import('./en-staff.ts') })
