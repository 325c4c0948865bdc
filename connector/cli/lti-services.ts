/** `m5 lti invite` and `m5 lti members`. */
import { type Command, Option } from 'commander'
import { listPlatforms } from '../admin/lti.ts'
import type { EntryContext } from '../entry/context.ts'
import { AskError } from '../entry/lti/ask.ts'
import { type LinkedMembers, linkMembers } from '../entry/lti/nrps.ts'
import { ListError } from '../entry/lti/nrps-read.ts'
import { invite } from '../entry/lti/register-invitation.ts'
import { openServiceTokens } from '../entry/lti/services.ts'
import { openToolKeys } from '../entry/lti/tool-keys.ts'
import { openOutward } from '../outward.ts'
import { type ExitCode, exitCodes } from './exit.ts'
import { invalid, whereSchool } from './options.ts'
import { findSchool, type Run, type Session, type Where, wholeId } from './session.ts'

/** Keys of the roster that an LMS may know people by. An address is none: whoever gets a mailbox would get the person. */
const keyTypes = ['sis-id', 'username', 'subject', 'object-id', 'pupil-number', 'staff-number']

interface MembersOptions extends Where {
  context: string
  role?: string
  resourceLink?: string
  keyType: string
  whole?: boolean
  acceptLoss?: boolean
}

export function ltiServiceCommands(lti: Command, run: Run): void {
  whereSchool(lti.command('invite'))
    .description(
      'an address for the administrator of the LMS, who pastes it there: dynamic registration, for seven days',
    )
    .action((where: Where) =>
      run(async session => {
        const { boardId, id: schoolId, name } = await findSchool(session, where)
        const made = await invite(entryOf(session), { boardId, schoolId, by: 'operator' })
        session.out.say(made, [
          `Give this address to the administrator of the LMS of ${name} alone; it is good until ${made.expiresAt.toISOString().slice(0, 10)}:`,
          made.url,
        ])
      }),
    )

  whereSchool(lti.command('members'))
    .description('links accounts of an LMS to people of the roster, by the roster’s own key; makes and deletes nobody')
    .argument('<platform>', 'as platform list shows it')
    .requiredOption('--context <url>', 'context_memberships_url of the course or site')
    .option('--role <role>', 'of these only: then nobody is taken for gone')
    .option('--resource-link <id>', 'who may see this link only: then nobody is taken for gone')
    .addOption(new Option('--key-type <type>', 'what lis_person_sourcedid is').choices(keyTypes).default('sis-id'))
    .option('--whole', 'everything, although changes are offered')
    .option('--accept-loss', 'an empty list, or one without half of who was there, is right')
    .action((given: string, options: MembersOptions) => run(session => members(session, given, options)))
}

async function members(session: Session, given: string, options: MembersOptions): Promise<ExitCode> {
  const { boardId, id: schoolId } = await findSchool(session, options)
  const platforms = await listPlatforms(session, boardId)
  const platform = platforms.find(each => each.id === wholeId(platforms, given, 'platform'))
  if (!platform || !URL.canParse(options.context)) throw invalid('--context is no address.')
  const context = entryOf(session)
  const { context: url, keyType, role, resourceLink, whole = false, acceptLoss = false } = options
  try {
    const linked = await linkMembers(context, openServiceTokens(context, openToolKeys(context)), {
      ...{ platform, schoolId, url, keyType, whole, acceptLoss, by: 'operator' },
      ...(role === undefined ? {} : { role }),
      ...(resourceLink === undefined ? {} : { resourceLinkId: resourceLink }),
    })
    session.out.say(linked, lines(linked))
    return linked.state === 'held' ? exitCodes.held : exitCodes.done
  } catch (cause) {
    if (!(cause instanceof AskError || cause instanceof ListError)) throw cause
    const status = cause instanceof AskError ? cause.status : undefined
    const error = { error: cause.problem, ...(status === undefined ? {} : { status }) }
    session.out.say(error, [
      `The list was not read (${cause.problem}${status ? ` ${status}` : ''}): nothing was changed.`,
    ])
    return exitCodes.source
  }
}

function lines({ state, read, counts }: LinkedMembers): string[] {
  const { members: all, known, linked, moved, revived, inactive, withoutKey, unknownKey, conflicts } = counts
  return [
    `${all} members read (${read})`,
    `${linked + moved} linked, ${revived} back, ${known} known, ${inactive} taken back`,
    `${withoutKey} without a key, ${unknownKey} with a key that is not in the roster, ${conflicts} claimed twice`,
    ...(state === 'held'
      ? [
          'Held: the list is empty, or lacks more than half of who was there. Nothing was changed. If it is right: --accept-loss.',
        ]
      : []),
  ]
}

function entryOf({ config, db, keyring, log }: Session): EntryContext {
  return { config, db, keyring, log, clock: () => new Date(), outward: openOutward(config) }
}
