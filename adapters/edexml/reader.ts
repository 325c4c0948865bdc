/** The reader that all UWLR sources share: question, answer, judgement, delivery; the cursor only asks "anything since then?". */
import { z } from 'zod'
import { localDay } from '../calendar.ts'
import { readCursor } from '../deliver.ts'
import { type Proof, type RosterSource, type Scope, type SourceContext, SourceError } from '../source.ts'
import { deliver, expectNotOlder, expectScope, Instant, summary, understood } from './deliver.ts'
import type { MappedRoster } from './map.ts'
import type { WireRoster } from './parse.ts'
import { readStaged } from './staged.ts'
import { type Heard, type Line, transport, type UwlrSettings, uwlrSettings } from './transport.ts'

interface UwlrReading extends Line {
  /** Groups asked about at a time; absent: everything in one call. */
  groupsPerCall?: number
  /** On a roster that came, before it is judged: what this supplier does in a way of its own. */
  adapt?: (roster: WireRoster, schoolYear: string) => WireRoster
  /** What `check` says besides what it found. */
  advice?: readonly string[]
}

/** `lastReceived` goes back as the source wrote it: a server may compare text. `everythingAt`: when everything came last, in stages only. */
const Cursor = z.object({
  lastReceived: z.string().min(1).max(64),
  createdAt: Instant.optional(),
  everythingAt: Instant.optional(),
})
type Cursor = z.infer<typeof Cursor>

/** Ours. UWLR does not say whether "no changes" to a question for the structure speaks of the people too: once a week it is not asked. */
const gateMs = 7 * 24 * 3_600_000

/** @param more for tests: a shorter time-out, a lower cap */
export function uwlrReader(
  reading: UwlrReading,
  context: SourceContext,
  more: Partial<UwlrSettings> = {},
): RosterSource {
  const staged = reading.groupsPerCall !== undefined
  const { brin, location = '00', schoolYear } = reading.question
  const scope = { brin, location, schoolYear }
  const heard = async (lastReceived: string | undefined) => {
    const { ask, version } = transport(reading, context, { ...uwlrSettings, ...more })
    const answer =
      reading.groupsPerCall === undefined
        ? await ask('everything', { lastReceived })
        : await readStaged(ask, { scope, groupsPerCall: reading.groupsPerCall, lastReceived })
    return { answer, version: version() }
  }
  const judged = ({ answer, version }: { answer: Heard; version: string }): MappedRoster => {
    const roster = rosterOf(answer)
    const adapted = reading.adapt?.(roster, schoolYear) ?? roster
    const mapped = understood(adapted, localDay(context.clock()), version)
    expectScope(mapped.scope, scope)
    return mapped
  }
  return {
    async check() {
      return { ok: true, says: [...summary(judged(await heard(undefined))), ...(reading.advice ?? [])] }
    },
    async *read(stored) {
      const applied = readCursor(Cursor, stored)
      const askedAt = context.clock()
      const since = staged && isLongAgo(applied?.everythingAt, askedAt) ? undefined : applied?.lastReceived
      const found = await heard(since)
      if (found.answer.kind === 'no-changes' && applied !== undefined && since !== undefined) {
        yield unchanged(scope, applied)
        return
      }
      const mapped = judged(found)
      expectNotOlder(mapped.createdAt, applied?.createdAt)
      const everythingAt = staged ? { everythingAt: askedAt.toISOString() } : {}
      yield* deliver(mapped, JSON.stringify({ ...cursorOf(found.answer, mapped, askedAt), ...everythingAt }))
    },
  }
}

function isLongAgo(everythingAt: string | undefined, now: Date): boolean {
  return everythingAt === undefined || now.getTime() - Date.parse(everythingAt) > gateMs
}

/** A source that says "nothing since then" does not repeat its school: the scope is the one it was asked for. */
function unchanged(scope: Scope, applied: Cursor): Proof {
  const counts = { school: 0, group: 0, person: 0, membership: 0 }
  return { kind: 'unchanged', scope, counts, cursor: JSON.stringify(applied) }
}

function cursorOf(answer: Heard, mapped: MappedRoster, askedAt: Date): Cursor {
  const written = answer.kind === 'roster' ? answer.roster.school?.aanmaakdatum : undefined
  const { createdAt } = mapped
  return { lastReceived: written ?? askedAt.toISOString(), ...(createdAt === undefined ? {} : { createdAt }) }
}

/** @throws SourceError `incomplete` for every answer that is no roster */
function rosterOf(answer: Heard): WireRoster {
  switch (answer.kind) {
    case 'no-changes':
      throw new SourceError('incomplete', 'the source says nothing changed, though it was asked for everything')
    case 'no-data':
      throw new SourceError(
        'incomplete',
        'the source says it has no data for this school and year: nothing was changed',
      )
    case 'roster':
      return answer.roster
  }
}
