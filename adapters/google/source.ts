/**
 * Google Workspace for Education: people from the Directory, classes from Classroom, organisational units or Workspace groups.
 * Nothing at Google says when a roster changed, so every run reads all of it.
 */
import { schoolYearAt } from '../calendar.ts'
import { assemble, inBatches, summaryOf } from '../deliver.ts'
import { inSeveral } from '../homerooms.ts'
import type { RosterRecord } from '../roster.ts'
import {
  type Adapter,
  type Finding,
  type Health,
  type RosterSource,
  type SourceContext,
  SourceError,
} from '../source.ts'
import { type ClientSettings, googleApis } from './client.ts'
import { googleFields, googleNever } from './fields.ts'
import { gather } from './gather.ts'
import { type Mapped, mapRoster } from './map.ts'
import { keyIn, needsOf, Options, scopesOf, shortScope, wakeUpScopes } from './options.ts'
import { checkPush, keysUrl } from './push.ts'
import { register, type Unregistered } from './registration.ts'
import { roleOf } from './roles.ts'
import { googleTokens, isUndelegated, tokenUrl } from './token.ts'
import { wakeUp } from './wake-up.ts'

/** Ours: 500 users are about 200 kB. */
const settings: ClientSettings = { timeoutMs: 60_000, maxBytes: 16 * 1024 ** 2 }

export const google: Adapter<typeof Options> = {
  kind: 'google',
  title: 'Google Workspace for Education',
  can: {
    mode: 'snapshot',
    keysUniqueIn: 'organisation',
    nextYear: false,
    groupTeachers: true,
    window: 'any',
  },
  standing: 'unverified',
  options: Options,
  secrets: ['serviceAccount'],
  fields: googleFields,
  never: googleNever,
  hosts(options) {
    if (options.endpoint !== undefined) return [new URL(options.endpoint).host]
    const classroom = needsOf(options).courses ? ['classroom.googleapis.com'] : []
    const keys = options.wakeUp === undefined ? [] : [new URL(keysUrl).host]
    return ['oauth2.googleapis.com', 'admin.googleapis.com', ...classroom, ...keys]
  },
  open: googleSource,
  async wakeUp(push, options) {
    if (options.wakeUp === undefined) throw new SourceError('unauthorized', 'this source waits for no messages')
    const { account } = options.wakeUp
    await checkPush(push, { account, keysUrl: at(options, keysUrl) })
    return wakeUp(push.body) !== undefined
  },
}

/** At Google, or at the server in its place. */
const at = ({ endpoint }: Options, url: string): string =>
  endpoint === undefined ? url : new URL(new URL(url).pathname, endpoint).href

/** @param more for tests: a shorter time-out, a lower cap */
export function googleSource(
  options: Options,
  context: SourceContext,
  more: Partial<ClientSettings> = {},
): RosterSource {
  const scopes = scopesOf(needsOf(options))
  const wanted = options.wakeUp?.topic === undefined ? scopes : [...new Set([...scopes, ...wakeUpScopes])]
  const roster = () => everything(options, context, { ...settings, ...more })
  return {
    async check() {
      try {
        return { ok: true, says: summary(await roster(), options) }
      } catch (error) {
        if (isUndelegated(error)) return whatToDelegate(options, wanted)
        throw error
      }
    },
    async *read() {
      const { records, findings, scope } = await roster()
      yield* inBatches(records, findings, { kind: 'snapshot', scope, grant: scopes.map(shortScope) })
    },
  }
}

type Whole = Pick<Mapped, 'findings' | 'scope'> & { records: RosterRecord[]; unregistered: Unregistered | undefined }

/** @throws SourceError unless everything came, of one Workspace account, with pupils among it */
async function everything(options: Options, context: SourceContext, limits: ClientSettings): Promise<Whole> {
  const account = keyIn(options.serviceAccount)
  if (account === undefined) throw new SourceError('unauthorized', 'the key of the service account cannot be read')
  const { subject, endpoint } = options
  const asked = { url: at(options, tokenUrl), account, subject, timeoutMs: limits.timeoutMs }
  const scopes = scopesOf(needsOf(options))
  const apis = await googleApis(context, googleTokens(context, { ...asked, scopes }), { ...limits, endpoint })
  const topic = options.wakeUp?.topic
  // Before the reading: what changes while we read is told.
  const unregistered =
    topic === undefined ? undefined : await register(context, { ...asked, topic }, { ...limits, endpoint })
  const schoolYear = context.schoolYear ?? options.schoolYear ?? schoolYearAt(context.clock())
  const gathered = await gather(apis, options, context, schoolYear)
  const [customerId, ...others] = new Set(gathered.users.map(user => user.customerId))
  if (others.length > 0) throw new SourceError('malformed', 'the users are of more than one Google Workspace account')
  if (customerId === undefined || !gathered.users.some(user => roleOf(user, options) === 'pupil'))
    throw new SourceError('incomplete', 'the organisational units of the pupils hold nobody: nothing was changed')
  const mapped = mapRoster(gathered, options, customerId, schoolYear)
  const { findings, scope, school } = mapped
  if (unregistered) findings.push({ code: 'no-wake-up', sourceId: school.sourceId, detail: unregistered.code })
  return { records: assemble(mapped), findings, scope, unregistered }
}

function summary({ records, findings, scope, unregistered }: Whole, { homerooms }: Options): string[] {
  const says = [`Google Workspace ${scope.organisation}, school year ${scope.schoolYear}.`, summaryOf(records)]
  const of = (code: Finding['code']) => findings.filter(finding => finding.code === code)
  const say = (count: number, sentence: string) => {
    if (count > 0) says.push(sentence)
  }
  const undecided = of('role-undecided').length
  const alone = of('pupil-without-group').length
  say(
    of('no-homerooms').length,
    'No homerooms: nobody gets a panel. Look at the patterns of the homerooms, and whether the administrator to act for sees all courses of the domain.',
  )
  say(
    of('no-group-teachers').length,
    'No homeroom has a teacher. Say in the options where the teachers of a class stand.',
  )
  say(
    undecided,
    `${undecided} places of staff in homerooms are held for a person: somebody teaches very many homerooms, a course was made for another year, or Google does not say who teaches.`,
  )
  say(alone, `${alone} pupils are in no homeroom.`)
  say(
    of('unknown-person').length,
    `${of('unknown-person').length} groups have members from outside the organisational units of this school; they were left out.`,
  )
  const notClasses = of('not-a-class').length
  say(
    notClasses,
    `${notClasses} courses or groups look like a homeroom and are none: a pupil made them, or they are of another year or of nobody here while their pupils sit in another homeroom. They were left out.`,
  )
  const memberships = records.filter(record => record.type === 'membership')
  const several = inSeveral(
    memberships,
    records.filter(record => record.type === 'group'),
  )
  say(
    several,
    `${several} pupils are in more than one homeroom, and every teacher of each of those gets their panel: narrow the patterns.`,
  )
  const both = new Set(of('several-roles').map(({ sourceId }) => sourceId)).size
  say(both, `${both} people are pupil and teacher at once; the organisational unit decides.`)
  if (unregistered)
    says.push(`Google will not tell of changes, so the roster is read at night only: ${unregistered.says}.`)
  says.push(whoDecides(homerooms))
  return says
}

/** Nothing at Google is made by the school's own system alone: whom the roster follows, the school must know. */
function whoDecides(homerooms: Options['homerooms']): string {
  if (homerooms.from === 'courses')
    return 'Whoever of the staff makes a course that fits the patterns becomes teacher of a homeroom with the pupils in it: let Google allow verified teachers only to make courses, and look at each new homeroom.'
  const groups = homerooms.from === 'groups' || homerooms.teachers?.from === 'groups'
  if (groups)
    return 'Who is in the groups decides who gets a panel: let administrators only add members to them, and nobody join by themselves.'
  return homerooms.teachers === undefined
    ? 'Pupils sit where their organisational unit is; only administrators move them.'
    : 'The teachers of a course become teachers of the class of the same name: let Google allow verified teachers only to make courses.'
}

/** What a super administrator does in the console, word for word. The client id is in the key file and no secret. */
function whatToDelegate({ serviceAccount }: Options, scopes: readonly string[]): Health {
  const clientId = keyIn(serviceAccount)?.clientId
  return {
    ok: false,
    says: [
      'Google lets this service account act for nobody yet, or not with all of the scopes that are needed.',
      `A super administrator opens the Google Admin console: Security, Access and data control, API controls, Domain-wide delegation, and adds the client ID ${clientId ?? 'of the service account'} with exactly these scopes:`,
      scopes.join(','),
      'It can take a day before Google knows of it.',
    ],
  }
}
