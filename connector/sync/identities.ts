/**
 * A source of identities (Entra beside Magister, say): accounts of a sign-in, read like a roster, that add keys to people whom a roster brought
 * to this school. It makes, changes and removes nobody, and no group; an account of nobody is counted. Plan → guards → write.
 */
import { randomUUID } from 'node:crypto'
import { append } from '../store/audit.ts'
import { localDay } from '../store/calendar.ts'
import { askedElsewhere, decidedConflicts } from '../store/conflicts.ts'
import type { Tx } from '../store/database.ts'
import { endSignIns, readIdentities, takeKeys } from '../store/identity-keys.ts'
import { insertKeys } from '../store/roster-changes.ts'
import { schoolOf } from '../store/schools.ts'
import { readProfile } from '../store/source-profile.ts'
import type { Roster } from './collect.ts'
import { keepQuestions } from './conflicts.ts'
import { line } from './diff.ts'
import { judgeIdentities } from './identity-guards.ts'
import { askedKeys } from './match.ts'
import { plan as planRoster } from './plan.ts'
import { type IdentityPlan, type NewKey, planIdentities } from './plan-identities.ts'
import { profileAfter } from './profile.ts'
import { type Snapshot, type SnapshotPerson, takeSnapshot } from './snapshot.ts'
import type { StoredSource } from './source.ts'
import { now, tallyFindings, type Weighed, type Weighing } from './weigh.ts'

/** Against what is stored now, under the lock. As weigh() does for rosters. */
export async function weighIdentities(
  tx: Tx,
  { ctx, keys, input }: Weighing,
  roster: Roster,
  source: StoredSource,
): Promise<Weighed> {
  const { boardId, sourceId } = input
  const school = await schoolOf(tx, boardId, source.schoolId)
  const scope = { boardId, schoolId: school.id, sourceId }
  const at = now(ctx)
  const today = localDay(at)
  const snapshot = takeSnapshot(roster, keys)
  const asked = [
    ...askedKeys(snapshot.people),
    ...snapshot.people.flatMap(each => each.keys.filter(key => key.type === 'sis-id')),
  ]
  const stored = await readIdentities(tx, scope, { asked, today })
  const identities = planIdentities({
    ...{ snapshot, stored, decided: await decidedConflicts(tx, keys, scope) },
    elsewhere: await askedElsewhere(tx, scope),
  })
  const profile = readProfile(source.profile)
  const damaged = roster.findings.filter(finding => finding.code === 'damaged-text').length
  // Of a roster that says nothing: what the runs of both kinds of sources have in common.
  const nobody = { ...snapshot, people: [], groups: [], memberships: [] }
  const nothing = planRoster(nobody, { people: [], groups: [], memberships: [], keyHolders: [] }, today)
  const verdict = judgeIdentities({
    ...{ identities, snapshot, stored, school, source, profile, plan: nothing, today, damaged },
    limits: school.settings.sync,
    preview: input.preview ?? false,
  })
  const plan = { ...nothing, keys: { create: identities.keys.create.map(toPlan), remove: identities.keys.remove } }
  const outcome = {
    ...{
      reasons: verdict.reasons,
      counts: countIdentities(snapshot, identities),
      findings: tallyFindings(roster.findings),
    },
    ...{ diff: identityLines(identities), proof: roster.proof.kind, schoolYear: snapshot.schoolYear },
  }
  return {
    ...{ plan, verdict, outcome, profile: profileAfter(profile, snapshot, { damaged }) },
    write: () => write(tx, { keys, scope, by: input.by, snapshot, identities, at }),
  }
}

const toPlan = ({ personId: _person, ...key }: NewKey) => ({ personTag: '', ...key })

interface Writing extends Pick<Parameters<typeof keepQuestions>[1], 'keys' | 'scope' | 'snapshot' | 'at'> {
  by: string
  identities: IdentityPlan
}

async function write(tx: Tx, { keys, scope, by, snapshot, identities, at }: Writing): Promise<void> {
  const { create, remove } = identities.keys
  const gone = await takeKeys(
    tx,
    scope,
    remove.map(key => key.id),
  )
  await insertKeys(
    tx,
    scope,
    create.map(key => ({ id: randomUUID(), ...key })),
  )
  // Both sides of a move: whoever was let in by it as one of them may be the other.
  const ended = await endSignIns(tx, scope, [...gone, ...identities.moves.map(({ key }) => key)], at)
  if (create.length + remove.length > 0) {
    const detail = {
      added: create.length,
      removed: remove.length,
      moved: identities.moves.length,
      people: ended.length,
    }
    const { boardId, sourceId } = scope
    await append(tx, { boardId, actor: by, action: 'identities.change', object: sourceId, outcome: 'done', detail })
  }
  const people = new Map(identities.links.map(({ next, personId }) => [next.tag, personId]))
  const { questions } = identities
  await keepQuestions(tx, { keys, scope, kind: 'snapshot', snapshot, questions, personOf: tag => people.get(tag), at })
}

function countIdentities({ people }: Snapshot, identities: IdentityPlan): Record<string, number> {
  const { links, keys, moves, unmatched, questions, vanished } = identities
  const all = {
    'accounts.linked': links.length,
    'accounts.unmatched': unmatched.length,
    'accounts.gone': vanished,
    'keys.create': keys.create.length,
    'keys.remove': keys.remove.length,
    'keys.move': moves.length,
    questions: questions.length,
  }
  return { accounts: people.length, ...Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0)) }
}

/** Counts and source ids; nobody's name. */
function identityLines({ links, keys, moves, replaced, vanished, unmatched, questions }: IdentityPlan): string[] {
  const ids = (list: { next: SnapshotPerson }[]) => list.map(({ next }) => next.record.sourceId)
  const byRule = [...Map.groupBy(links, link => link.by)].sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    ...byRule.map(([by, list]) =>
      by === 'before'
        ? line('=', list.length, 'accounts linked before')
        : line('+', list.length, `accounts linked by ${by}`, ids(list)),
    ),
    line('~', replaced.length, 'people get another account than before', ids(replaced)),
    line('-', vanished, 'accounts gone or closed'),
    line('?', questions.length, 'questions for a person', ids(questions)),
    line(
      '·',
      unmatched.length,
      'accounts of nobody in the roster',
      unmatched.map(({ record }) => record.sourceId),
    ),
    line('+', keys.create.length, 'keys for sign-in'),
    line('-', keys.remove.length, 'keys for sign-in'),
    line('~', moves.length, 'keys go from one person to another', ids(moves)),
  ].filter(text => text !== '')
}
