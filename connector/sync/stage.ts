/** The roster of a held run, sealed in its row until a person decides: what is approved is what was looked at. */
import { gunzipSync, gzipSync } from 'node:zlib'
import { AppError } from '../errors.ts'
import type { BoardKeys } from '../store/keyring.ts'
import type { Bytes } from '../store/seal.ts'
import type { Roster } from './collect.ts'
import type { PlanKind } from './plan.ts'

export interface Stage {
  roster: Roster
  /** The year this run was told to expect, when it was told. */
  schoolYear: string | null
  /** As what it was looked at. */
  kind: PlanKind
  /** ISO instant. */
  readAt: string
}

const days = 7
const place = (runId: string) => ({ table: 'SyncRun', row: runId, column: 'stageSealed' })

export const sealStage = (keys: BoardKeys, runId: string, stage: Stage): Bytes =>
  keys.seal(place(runId), gzipSync(JSON.stringify(stage)).toString('base64'))

/** @throws AppError `gone` when there is none, or it is older than seven days */
export function openStage(
  keys: BoardKeys,
  run: { id: string; startedAt: Date; stageSealed: Uint8Array | null },
  now: Date,
): Stage {
  if (!run.stageSealed) throw new AppError('gone', 'This run has no roster any more.', { reason: 'stage-gone' })
  if (now.getTime() - run.startedAt.getTime() > days * 86_400_000)
    throw new AppError('gone', `This roster is older than ${days} days: sync again.`, { reason: 'stage-old' })
  // SAFETY: sealed by sealStage and bound to this row: what opens is what collect() checked.
  const packed = keys.open(place(run.id), run.stageSealed)
  const stage = JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString('utf8')) as Stage
  if (stage.kind === undefined)
    throw new AppError('gone', 'This roster was held by an earlier version: sync again.', { reason: 'stage-old' })
  return stage
}
