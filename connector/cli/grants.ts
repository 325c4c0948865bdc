/** `m5 grant`: the first leader or coordinator of a school, and its administrators. */
import type { Command } from 'commander'
import { listGrants, namesOfHolders } from '../admin/grant-list.ts'
import { addGrant, revokeGrant } from '../admin/grants.ts'
import { groupNamed } from '../admin/groups.ts'
import { findPerson } from '../admin/people.ts'
import type { GrantRole } from '../store/grants.ts'
import { table } from './output.ts'
import { findSchool, type Run, shortId, type Where, wholeId } from './session.ts'

interface GrantOptions extends Where {
  person: string
  role: GrantRole
  group?: string
  until?: string
  confirmBy?: string
}

export function grantCommands(program: Command, run: Run): void {
  const grant = program.command('grant').description('who may open what, beyond the own homeroom')
  const where = (command: Command) => command.option('--board <id or name>').option('--school <key>')

  where(grant.command('add'))
    .requiredOption('--person <key>', 'as the source calls them: leerkracht:12')
    .requiredOption('--role <role>', 'SCHOOL_LEADER, SAFETY_COORDINATOR, IT_ADMINISTRATOR, …')
    .option('--confirm-by <key>', 'the second person, for a role that opens reports')
    .option('--group <name>', 'for GROUP_TEACHER')
    .option('--until <day>', 'YYYY-MM-DD, exclusive')
    .action((options: GrantOptions) =>
      run(async session => {
        const { boardId, id: schoolId, publishableKey } = await findSchool(session, options)
        const person = (key: string) => findPerson(session, boardId, schoolId, key).then(found => found.personId)
        const { role, until, group, confirmBy } = options
        const made = await addGrant(session, {
          ...{ boardId, schoolId, role, grantedBy: 'operator', personId: await person(options.person) },
          ...(confirmBy === undefined ? {} : { confirmById: await person(confirmBy) }),
          ...(group === undefined ? {} : { groupId: await groupNamed(session, { boardId, schoolId, name: group }) }),
          ...(until === undefined ? {} : { until }),
        })
        // After the #, so that no proxy or log on the way sees it.
        const link = made.token && `${session.config.url.origin}/bevestig?s=${publishableKey}#${made.token}`
        const lines = link
          ? ['Not yet in force. Give this link to the second person alone; it works once, for a week:', link]
          : []
        session.out.say({ ...made, link }, [`Grant ${made.grant.id}`, ...lines])
      }),
    )
  where(grant.command('list'))
    .option('--names', 'whose each is; who asks for names is in the log')
    .action((options: Where & { names?: boolean }) =>
      run(async session => {
        const { boardId, id: schoolId } = await findSchool(session, options)
        const grants = await listGrants(session, { boardId, schoolId })
        const names = options.names ? await namesOfHolders(session, { boardId, schoolId }) : null
        if (names) session.out.note('This shows names of people; that they were shown is in the log.')
        const named = grants.map(each => ({ ...each, ...(names ? { name: names.get(each.personId) ?? '' } : {}) }))
        const head = ['GRANT', 'ROLE', 'GROUP', 'UNTIL', 'STATE', ...(names ? ['NAME'] : [])]
        const rows = named.map(({ id, role, group, until, state, name }) => [
          ...[shortId(id), role, group ?? '', until ?? '', state],
          ...(name === undefined ? [] : [name]),
        ])
        session.out.say(named, table([head, ...rows]))
      }),
    )
  where(grant.command('revoke').argument('<grant>', 'as grant list shows it')).action((given: string, options: Where) =>
    run(async session => {
      const { boardId, id: schoolId } = await findSchool(session, options)
      const grantId = wholeId(await listGrants(session, { boardId, schoolId }), given, 'grant')
      await revokeGrant(session, { boardId, grantId, by: 'operator' })
      session.out.say({ id: grantId, revoked: true }, ['Revoked; their sessions have ended.'])
    }),
  )
}
