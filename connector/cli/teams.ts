/** `m5 teams`: Entra tenants whose Teams and SharePoint may say who sits there. */
import type { Command } from 'commander'
import { addTeamsTenant, listTeamsTenants, removeTeamsTenant } from '../admin/teams-tenants.ts'
import { removal, whereSchool } from './options.ts'
import { table } from './output.ts'
import { findBoard, findSchool, type Run, type Where } from './session.ts'

export function teamsCommands(program: Command, run: Run): void {
  const teams = program.command('teams').description('Entra tenants whose Teams and SharePoint let people in')
  whereSchool(teams.command('add'))
    .requiredOption('--tenant <id>', 'directory (tenant) id of the school’s Entra')
    .requiredOption('--client-id <id>', 'application (client) id of our app there')
    .action((options: Where & { tenant: string; clientId: string }) =>
      run(async session => {
        const { boardId, id: schoolId } = await findSchool(session, options)
        const { tenant, clientId } = options
        const made = await addTeamsTenant(session, { boardId, schoolId, tenant, clientId })
        const resource = `api://${session.config.url.host}/${made.clientId}`
        session.out.say({ ...made, resource }, [`Tenant ${made.id}`, `Application ID URI ${resource}`])
      }),
    )
  whereSchool(teams.command('list')).action((where: Where) =>
    run(async session => {
      const { boardId, id: schoolId } = await findSchool(session, where)
      const found = await listTeamsTenants(session, { boardId, schoolId })
      const rows = found.map(each => [each.id, each.tenant, each.clientId])
      session.out.say(found, table([['ID', 'TENANT', 'CLIENT'], ...rows]))
    }),
  )
  removal(teams, 'who came in by Teams is out at once', (id: string, where: Where) =>
    run(async session => {
      const { boardId } = await findBoard(session, where)
      await removeTeamsTenant(session, { boardId, tenantId: id })
      session.out.say({ id, removed: true }, ['Removed; who came in by Teams is out.'])
    }),
  )
}
