/** Schools whose roster is a file, on the schedule since long: their turn of this night has come, whatever the hour. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createBoard } from '../../connector/admin/boards.ts'
import { addSchool } from '../../connector/admin/schools.ts'
import { addSource } from '../../connector/admin/sources.ts'
import { localDay, schoolYearOn } from '../../connector/store/calendar.ts'
import { withTenant } from '../../connector/store/scope.ts'
import { syncAndApprove } from '../school/furnish.ts'
import type { TestDatabase } from './database.ts'

export interface FileSchool {
  boardId: string
  schoolId: string
  sourceId: string
  runs(): Promise<{ state: string; startedBy: string; guards: string[] }[]>
  /** Who is in the school by what is stored. */
  people(): Promise<number>
}

const teachers = 3

/** Applied once with so many pupils; the file has one more by then. @param pupils of each school */
export async function fileSchools(t: TestDatabase, directory: string, pupils: number[]): Promise<FileSchool[]> {
  const schools: FileSchool[] = []
  for (const [n, count] of pupils.entries()) {
    const { boardId } = await createBoard(t, { name: `Bestuur ${n}` })
    const brin = `${10 + n}AB`
    const path = join(directory, `roster-${n}.xml`)
    const school = await addSchool(t, { boardId, name: `School ${n}`, brin })
    const made = { boardId, schoolId: school.id, kind: 'edexml-file', label: 'Export', options: { path } }
    const { id: sourceId } = await addSource(t, made)
    let exported = 0
    const write = (size: number) => {
      exported += 1
      writeFileSync(path, edexml(brin, size, exported))
    }
    const read = <T>(work: Parameters<typeof withTenant<T>>[2]) => withTenant(t.db, { boardId, role: 'system' }, work)
    write(count)
    await syncAndApprove({ ...t, clock: () => new Date() }, boardId, sourceId)
    write(count + 1)
    schools.push({
      ...{ boardId, schoolId: school.id, sourceId },
      runs: () =>
        read(async tx => {
          const rows = await tx.syncRun.findMany({ where: { boardId, sourceId }, orderBy: { startedAt: 'asc' } })
          // SAFETY: written by our own code alone.
          const guards = (reasons: unknown) => (reasons as { guard: string }[]).map(reason => reason.guard)
          return rows.map(({ state, startedBy, reasons }) => ({ state, startedBy, guards: guards(reasons) }))
        }),
      people: () => read(tx => tx.affiliation.count({ where: { boardId, schoolId: school.id } })),
    })
  }
  await t.asSuperuser(client => client.query(`update "Source" set "createdAt" = now() - interval '90 days'`))
  return schools
}

/** How many people a file with so many pupils has. */
export const peopleOf = (pupils: number): number => pupils + teachers

/** A window in which every turn has come and which still lasts: turns use nine tenths of it. @returns M5_SYNC_WINDOW */
export function openWindow(now = new Date()): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone: 'Europe/Amsterdam', hourCycle: 'h23', hour: '2-digit', minute: '2-digit' },
  } as const)
  const hours = (n: number) => format.format(new Date(now.getTime() + n * 3_600_000))
  return `${hours(-11)}-${hours(1)}`
}

function edexml(brin: string, pupils: number, exported: number): string {
  const today = localDay(new Date())
  const group = (n: number) => `G${Math.floor(n / 30)}`
  const groups = new Set(Array.from({ length: pupils }, (_, n) => group(n)))
  return `<?xml version="1.0" encoding="UTF-8"?>
<EDEX><school><schooljaar>${schoolYearOn(today)}</schooljaar><peildatum>${today}</peildatum><brincode>${brin}</brincode>
<dependancecode>00</dependancecode><aanmaakdatum>${today}T00:00:${String(exported).padStart(2, '0')}</aanmaakdatum><auteur>x</auteur><xsdversie>2.1</xsdversie></school>
<groepen>${[...groups].map(key => `<groep key="${key}"><naam>7 ${key}</naam><jaargroep>7</jaargroep></groep>`).join('\n')}</groepen>
<leerlingen>${Array.from(
    { length: pupils },
    (_, n) =>
      `<leerling key="P${n}"><achternaam>Achter${n}</achternaam><roepnaam>Roep${n}</roepnaam><jaargroep>7</jaargroep><groep key="${group(n)}"/></leerling>`,
  ).join('\n')}</leerlingen>
<leerkrachten>${Array.from({ length: teachers }, (_, n) => `<leerkracht key="${n}"><achternaam>Meester${n}</achternaam><roepnaam>Juf${n}</roepnaam><rol>DIR</rol></leerkracht>`).join('')}</leerkrachten></EDEX>`
}
