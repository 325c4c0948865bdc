/** Reports that stand before a sync, and a look after it: nothing lost, nothing orphaned, and who sees what. */
import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { groupsFor, readPanel } from '../../../connector/monitor/panel.ts'
import { submit } from '../../../connector/reports/submit.ts'
import type { Draft } from '../../../connector/reports/understand.ts'
import { displayName, namesOf } from '../../../connector/store/people.ts'
import { everybodyOf, type Place, peopleOf } from './place.ts'

export interface Told {
  id: string
  body: string
  involved: { role: string; personId: string | null; groupId: string | null }[]
}

/** About two children, by given name or id, through the submission of the service. */
export async function tell(place: Place, [actor, target]: [string, string]): Promise<Told> {
  const people = await peopleOf(place)
  const who = (name: string, role: string) => ({ who: { personId: people.get(name)?.id ?? name }, role })
  const draft = {
    ...{ behaviours: ['GOSSIP'], helpedBy: [], dangerNow: false, day: 'TODAY' as const },
    involved: [who(actor, 'ACTOR'), who(target, 'TARGET')],
  } as Draft
  const body = `melding ${randomUUID()}`
  const { school, ctx } = place
  const receipt = await submit(ctx, {
    ...{ school, idemKey: randomUUID(), body: Buffer.from(body), draft, problems: [], reporter: null },
  })
  return { id: receipt.id, body, involved: await involvedIn(place, receipt.id) }
}

const involvedIn = ({ boardId, read }: Place, reportId: string) =>
  read(tx =>
    tx.involvement.findMany({
      where: { boardId, reportId },
      select: { role: true, personId: true, groupId: true },
      orderBy: { role: 'asc' },
    }),
  )

/** One in each of the groups 3 to 8, about the first two children of it. In that order. */
export async function tellInEachGroup(place: Place): Promise<Told[]> {
  const told: Told[] = []
  for (const n of [3, 4, 5, 6, 7, 8]) told.push(await tell(place, [`Kind${n}01`, `Kind${n}02`]))
  for (const { involved } of told) expect(involved.every(each => each.personId && each.groupId)).toBe(true)
  return told
}

/** Each is there as it was sent, and is still about the same people in the same groups. */
export async function nothingIsLost(place: Place, told: Told[]): Promise<void> {
  const { boardId, read, ctx } = place
  const keys = await ctx.keyring.board(boardId)
  for (const { id, body, involved } of told) {
    const row = await read(tx => tx.report.findUniqueOrThrow({ where: { boardId_id: { boardId, id } } }))
    expect(keys.open({ table: 'Report', row: id, column: 'bodySealed' }, row.bodySealed).toString()).toBe(body)
    expect(await involvedIn(place, id)).toEqual(involved)
    for (const { personId, groupId } of involved) {
      const there = await read(async tx => [
        await tx.person.count({ where: { boardId, id: String(personId) } }),
        await tx.group.count({ where: { boardId, id: String(groupId) } }),
        (await namesOf(tx, keys, boardId, [String(personId)])).size,
      ])
      expect(there).toEqual([1, 1, 1])
    }
  }
}

/** Who of the school has which of these in a panel today, by given name; and under which names the children stand there. */
export async function shownTo(
  place: Place,
  told: Told[],
): Promise<Record<string, { reports: number[]; children: string[] }>> {
  const { ctx, boardId, schoolId } = place
  const found: Record<string, { reports: number[]; children: string[] }> = {}
  // Everybody who is no pupil, and of those the ones it is about.
  const about = new Set(told.flatMap(each => each.involved.map(one => one.personId)))
  for (const { name, id: personId, role } of await everybodyOf(place)) {
    if (role === 'pupil' && !about.has(personId)) continue
    const reader = { boardId, schoolId, personId, channel: 'test' }
    for (const group of await groupsFor(ctx, reader)) {
      const page = await readPanel(ctx, reader, { groupId: group.id })
      const mine = page.reports.filter(report => told.some(each => each.id === report.id))
      if (mine.length === 0) continue
      found[name in found ? `${name} (${role})` : name] = {
        reports: mine.map(report => told.findIndex(each => each.id === report.id)).sort(),
        children: [...new Set(mine.flatMap(report => report.involved.map(each => each.pupil.label)))].sort(),
      }
    }
  }
  return found
}

/** As tellInEachGroup leaves it: the teacher of each group sees the one of the own group. */
export const eachTeacherTheOwn = Object.fromEntries(
  [3, 4, 5, 6, 7, 8].map((n, i) => [
    `Juf${n}`,
    {
      reports: [i],
      children: [1, 2].map(child => displayName({ given: `Kind${n}0${child}`, family: `Zwaluwstaart${n}0${child}` })),
    },
  ]),
)
