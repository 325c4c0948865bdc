/** Source ids of the GKV's records, and what is said of one. */
import { type Finding, SourceError } from '../source.ts'

export const groupId = (id: string) => `groep:${id}`

export function keyOf(record: { id?: string }, kind: 'groep' | 'leerling' | 'medewerker'): string {
  if (record.id === undefined) throw new SourceError('malformed', `a ${kind} in the answer has no id`)
  return record.id
}

/** Somebody wrote this name in the wrong encoding. */
export function noteDamage(sourceId: string, kept: readonly (string | undefined)[], findings: Finding[]): void {
  if (kept.some(text => text?.includes('\uFFFD'))) findings.push({ code: 'damaged-text', sourceId })
}
