/** Whoever changes by what people come in could come in as them: the leader hears of it. Source: design.md, "Who may grant". */
import { queueMail } from '../mail/queue.ts'
import type { Tx } from '../store/database.ts'

/** In the transaction of the change. @param by who did it need not be told. @param aboutId of what changed */
export async function tellLeaders(
  tx: Tx,
  { by, ...about }: { boardId: string; schoolId: string; by: string | undefined; aboutId: string },
): Promise<void> {
  const to = ['SCHOOL_LEADER', 'SAFETY_COORDINATOR'] as const
  await queueMail(tx, { ...about, kind: 'sign-in-changed', to, except: by, now: new Date() })
}
