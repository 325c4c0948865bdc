/** A furnished school with its sign-in, for a connector that runs as a process of its own. */
import { addSignIn } from '../../connector/admin/sign-ins.ts'
import { readConfig } from '../../connector/config.ts'
import { callbackUrl } from '../../connector/entry/upstreams.ts'
import { withTenant } from '../../connector/store/scope.ts'
import { type FurnishedSchool, type FurnishOptions, furnish } from '../school/furnish.ts'
import { type Meeting, peopleToMeet } from '../school/meet.ts'
import { signInPeople, subjectOf } from '../school/people.ts'
import { startSignIn } from '../school/sign-in.ts'
import { freePort } from './connector-process.ts'
import type { TestDatabase } from './database.ts'

export interface Stage extends FurnishedSchool {
  /** The address that the connector must be started on. */
  connector: string
  schoolId: string
  schoolKey: string
  meet: Meeting
  pupilSubjects: string[]
  /** Person ids of pupils with a homeroom, and that homeroom of the first. */
  pupilIds: string[]
  groupId: string
  close(): Promise<void>
}

export async function openStage(
  { db, keyring, log }: Pick<TestDatabase, 'db' | 'keyring' | 'log'>,
  options: Partial<FurnishOptions> = {},
): Promise<Stage> {
  const furnished = await furnish({ db, keyring, log }, { today: new Date(), reports: 0, ...options })
  const { boardId, school, generated, sis } = furnished
  const connector = `http://localhost:${await freePort()}`
  const signIn = await startSignIn({ people: signInPeople(generated), school: generated.name })
  const secret = 'geheim'
  const row = await addSignIn(
    { db, keyring, log },
    {
      ...{ boardId, schoolId: school.id, label: 'School', issuer: signIn.issuer, clientId: 'm5', secret },
      ...{ claim: 'sis_id', keyType: 'sis-id' },
    },
  )
  const config = readConfig({ M5_URL: connector })
  signIn.addClient({ client_id: 'm5', client_secret: secret, redirect_uris: [callbackUrl({ config }, row.id)] })
  const members = await withTenant(db, { boardId, role: 'system' }, tx =>
    tx.membership.findMany({
      where: { boardId, role: 'pupil', group: { kind: 'homeroom', active: true } },
      orderBy: { groupId: 'asc' },
    }),
  )
  return {
    ...furnished,
    connector,
    schoolId: school.id,
    schoolKey: school.publishableKey,
    meet: peopleToMeet(generated),
    pupilSubjects: generated.pupils.filter(p => p.groupKey).map(p => subjectOf.pupil(p.key)),
    pupilIds: members.map(m => m.personId),
    groupId: members[0]?.groupId ?? '',
    async close() {
      await Promise.all([signIn.close(), sis.close()])
    },
  }
}
