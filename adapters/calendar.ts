/** Days, instants and school years as a Dutch SIS writes them: local time in Europe/Amsterdam unless it says otherwise. */
import { z } from 'zod'

const zone = 'Europe/Amsterdam'
const dayIn = new Intl.DateTimeFormat('sv-SE', { timeZone: zone })
const offsetIn = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })

/** The local calendar day, `YYYY-MM-DD`. */
export function localDay(instant: Date): string {
  return dayIn.format(instant)
}

/** A school year turns on 1 August (ours; EDEXML only says that groups live at most a school year). */
export function schoolYearAt(instant: Date): string {
  const [year = 0, month = 0] = localDay(instant).split('-').map(Number)
  const first = month >= 8 ? year : year - 1
  return `${first}-${first + 1}`
}

/** Two consecutive years. The XSD's enumeration stops at 2024-2025 in every public copy and is not used. */
export function isSchoolYear(text: string): boolean {
  const found = /^(\d{4})-(\d{4})$/.exec(text)
  return found !== null && Number(found[2]) === Number(found[1]) + 1
}

/**
 * An xs:date or xs:dateTime as a local calendar day. The offset of a date is not applied: naive parsing makes such dates a day early.
 * @returns undefined when it is no date
 */
export function dayOf(text: string): string | undefined {
  const found = /^(\d{4}-\d{2}-\d{2})(T[\d:.]+)?(Z|[+-]\d{2}:\d{2})?$/.exec(text)
  const day = found?.[1]
  if (found === null || day === undefined) return undefined
  const at = new Date(`${day}T00:00:00Z`)
  if (Number.isNaN(at.getTime()) || at.toISOString().slice(0, 10) !== day) return undefined
  if (found[2] === undefined || found[3] === undefined) return day
  const instant = new Date(text)
  return Number.isNaN(instant.getTime()) ? undefined : localDay(instant)
}

/** An xs:dateTime as an instant in ISO form; without an offset it is Dutch local time. @returns undefined when it is none */
export function instantOf(written: string): string | undefined {
  const text = /^\d{4}-\d{2}-\d{2}$/.test(written) ? `${written}T00:00:00` : written
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/.test(text)) return undefined
  const saysOffset = /(Z|[+-]\d{2}:\d{2})$/.test(text)
  const ms = Date.parse(saysOffset ? text : `${text}Z`)
  if (Number.isNaN(ms)) return undefined
  if (saysOffset) return new Date(ms).toISOString()
  const guess = ms - offsetMs(ms)
  return new Date(ms - offsetMs(guess)).toISOString()
}

function offsetMs(ms: number): number {
  const name = offsetIn.formatToParts(ms).find(part => part.type === 'timeZoneName')?.value ?? ''
  const found = /([+-])(\d{2}):(\d{2})/.exec(name)
  if (found === null) return 0
  return (found[1] === '-' ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3])) * 60_000
}

/** One notation for what suppliers write: `2026-2027`, `2026 / 2027` (ParnasSys), `2026/2027` (Somtoday), `26/27` (Magister). @returns undefined when it is none */
export function schoolYearFrom(text: string): string | undefined {
  const found = /^\s*(\d{4}|\d{2})\s*[-/]\s*(\d{4}|\d{2})\s*$/.exec(text)
  if (found === null) return undefined
  const [first, last] = [found[1], found[2]].map(part => (part?.length === 2 ? `20${part}` : part))
  const year = `${first}-${last}`
  return isSchoolYear(year) ? year : undefined
}

/** Somtoday and others end on the last day itself; our ends are exclusive. @param lastDay `YYYY-MM-DD` */
export function dayAfter(lastDay: string): string {
  const next = new Date(`${lastDay}T00:00:00Z`)
  next.setUTCDate(next.getUTCDate() + 1)
  return next.toISOString().slice(0, 10)
}

/** Of a source, in any notation. Default: the current one. */
export const SchoolYearOption = z
  .string()
  .transform(text => schoolYearFrom(text) ?? text)
  .refine(isSchoolYear, 'two consecutive years, such as 2026-2027')
  .optional()
