/**
 * A school around a connector: last year's roster and reports, the change of school year, this year's. Everything goes the way it goes in
 * earnest: over the source's own protocol, held for approval, approved; reports through the submission of the service.
 */
import { randomUUID } from 'node:crypto'
import { adapter } from '../../adapters/index.ts'
import { createBoard } from '../../connector/admin/boards.ts'
import type { AdminContext } from '../../connector/admin/context.ts'
import { addSchool } from '../../connector/admin/schools.ts'
import { addSource } from '../../connector/admin/sources.ts'
import { readReport } from '../../connector/api/report-routes.ts'
import { submit } from '../../connector/reports/submit.ts'
import type { SchoolFacts } from '../../connector/store/schools.ts'
import { approveRun } from '../../connector/sync/held.ts'
import { runSync } from '../../connector/sync/run.ts'
import { type GeneratedSchool, generateSchool, pupilSourceId, teacherSourceId } from './generate.ts'
import { type KnownAs, knownBy, personIds } from './known-as.ts'
import { nextYear } from './next-year.ts'
import { generateReports, type SchoolReport, type SchoolWho } from './reports.ts'
import { grantRooms } from './room-grants.ts'
import { systems } from './sis/index.ts'
import type { Sis } from './sis/sis.ts'

export interface FurnishOptions {
  today: Date
  /** Of a whole year; 0 for none, and then no last year either. */
  reports?: number
  pupils?: number
  /** A kind of source. Default: uwlr. */
  source?: string
  sis?: { host?: string; port?: number }
  /** Told what is being done, for a person who waits. */
  says?: (step: string) => void
}

export interface FurnishedSchool {
  boardId: string
  school: SchoolFacts
  sourceId: string
  generated: GeneratedSchool
  sis: Sis
  /** The key by which the roster has somebody, of the one that the invented school has. */
  knownAs: KnownAs
  reports: SchoolReport[]
  /** The SIS's clock from here on: what changed in `generated` is newer than what was synced. */
  turnClock(to: Date): void
}

/** Where the systems of the invented school stand. */
export const nearby = ['localhost', '127.0.0.1', '127.0.0.2', '127.0.0.3']

export async function furnish(ctx: AdminContext, options: FurnishOptions): Promise<FurnishedSchool> {
  const { today, reports: count = 420, says = () => {} } = options
  const lastYear = new Date(today)
  lastYear.setUTCFullYear(lastYear.getUTCFullYear() - 1)
  let now = count > 0 ? lastYear : today
  let generated = generateSchool({ today: now, ...(options.pupils ? { pupils: options.pupils } : {}) })

  says('the student information system')
  const kind = options.source ?? 'uwlr'
  const start = systems[kind]
  if (!start) throw new RangeError(`no system of kind ${kind}: ${Object.keys(systems).join(', ')}`)
  const sis = await start({ host: '127.0.0.3', ...options.sis, school: () => generated, clock: () => now })
  const knownAs = knownBy(sis)
  const { boardId } = await createBoard(ctx, { name: 'Stichting De Vlinders' })
  const { name, brin, location } = generated
  const school = await addSchool(ctx, { boardId, name, brin, location, settings: { panel: 'at-once' } })
  const given = { kind, label: 'SIS', options: sis.options }
  const source = await addSource(ctx, { boardId, schoolId: school.id, ...given })
  const sync = async () => {
    await sis.publish?.()
    await syncAndApprove({ ...ctx, clock: () => now }, boardId, source.id)
  }

  says(`the roster, by ${adapter(kind).title}`)
  await sync()
  const reports: SchoolReport[] = []
  if (count > 0) {
    const turn = `${today.getUTCFullYear() - (today.getUTCMonth() < 7 ? 1 : 0)}-08-01`
    says("last year's reports")
    const before = generateReports(generated, { from: lastYear, to: turn, count: Math.round(count * 0.6) })
    await seedReports(ctx, school, before, knownAs)
    says('the new school year')
    now = today
    generated = nextYear(generated)
    await sync()
    says("this year's reports")
    const planned = generateReports(generated, { from: turn, to: today, count: count - before.length })
    const after = planned.filter(report => isOf(generated, report))
    await seedReports(ctx, school, after, knownAs)
    reports.push(...before, ...after)
  }
  if (!adapter(kind).can.groupTeachers) {
    says('who has which room')
    await grantRooms(ctx, school, generated, knownAs)
  }
  const turnClock = (to: Date) => {
    now = to
  }
  return { boardId, school, sourceId: source.id, generated, sis, knownAs, reports, turnClock }
}

/** Those who left after group 8 are in no story of this year. */
function isOf(school: GeneratedSchool, report: SchoolReport): boolean {
  const here = new Set([
    ...school.pupils.map(p => pupilSourceId(p.key)),
    ...school.teachers.map(t => teacherSourceId(t.key)),
  ])
  const named = [report.reporter, ...report.draft.involved.map(i => sourceIdOf(i.who))]
  return named.every(sourceId => sourceId === null || here.has(sourceId))
}

/** @throws Error when the run ends anywhere but applied */
export async function syncAndApprove(
  given: AdminContext & { clock: () => Date },
  boardId: string,
  sourceId: string,
): Promise<void> {
  const ctx = { ...given, privateHosts: nearby }
  const run = await runSync(ctx, { boardId, sourceId, by: 'operator' })
  const done = run.state === 'held' ? await approveRun(ctx, { boardId, runId: run.runId, by: 'operator' }) : run
  if (done.state !== 'applied')
    throw new Error(`the sync ended ${done.state}: ${done.reasons.map(reason => reason.says).join(' ')}`)
}

/** As if they had been sent at the time: with the homerooms of that day. */
export async function seedReports(
  ctx: AdminContext,
  school: SchoolFacts,
  reports: SchoolReport[],
  knownAs: KnownAs = sourceId => sourceId,
): Promise<void> {
  const keys = new Set(reports.flatMap(r => [r.reporter, ...r.draft.involved.map(i => sourceIdOf(i.who))]))
  keys.delete(null)
  const people = await personIds(ctx, school, [...keys] as string[], knownAs)
  for (const report of reports) {
    const involved = report.draft.involved.map(({ who, role }) => ({ who: resolved(who, people), role }))
    const body = Buffer.from(JSON.stringify({ ...report.draft, involved }))
    const personId = report.reporter ? people.get(report.reporter) : undefined
    const kind = report.reporter?.startsWith('leerkracht:') ? 'STAFF' : 'PUPIL'
    await submit(
      { ...ctx, clock: () => report.receivedAt },
      {
        school,
        idemKey: randomUUID(),
        body,
        ...readReport(body),
        reporter: personId ? { personId, kind, standing: 'SIGNED' } : null,
      },
    )
  }
}

const sourceIdOf = (who: SchoolWho) => ('sourceId' in who ? who.sourceId : null)

function resolved(who: SchoolWho, people: Map<string, string>) {
  if (!('sourceId' in who)) return who
  const personId = people.get(who.sourceId)
  return personId ? { personId } : { unknown: true }
}
