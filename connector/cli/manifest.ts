/** `m5 manifest`: what each platform is handed, in one folder. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { listBoards } from '../admin/boards.ts'
import { reading } from '../admin/context.ts'
import { listSignIns } from '../admin/sign-ins.ts'
import { callbackUrl } from '../entry/upstreams.ts'
import { AppError } from '../errors.ts'
import { build } from '../manifest/build.ts'
import { packages } from '../manifest/packages.ts'
import type { Source } from '../manifest/source.ts'
import { whereSchool } from './options.ts'
import { table } from './output.ts'
import { findSchool, type Print, type Run, type Session, type Where } from './session.ts'

export function manifestCommands(program: Command, run: Run, print: Print): void {
  const manifest = program.command('manifest').description('what each platform is handed: Teams, Google, WordPress, …')
  manifest.command('list').action(() =>
    print(({ out }) => {
      const said = packages.map(({ name, for: whom, todo }) => ({ name, for: whom, todo }))
      out.say(said, table([['MAP', 'VOOR', 'DOEN'], ...said.map(each => [each.name, each.for, each.todo])]))
    }),
  )
  whereSchool(manifest.command('build').requiredOption('--out <folder>', 'is made when it is not there')).action(
    (options: Where & { out: string }) =>
      run(async session => {
        const built = await build(await sourceOf(session, options), resolve(options.out))
        session.out.say(built, [
          `${built.files.length} files, ${built.changed} new or changed, ${built.removed} removed.`,
          'Begin met LEES-MIJ.md.',
        ])
      }),
  )
}

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

async function sourceOf(session: Session, where: Where): Promise<Source> {
  const { boardId, id: schoolId, name, publishableKey: key } = await findSchool(session, where)
  const board = (await listBoards(session)).find(each => each.boardId === boardId)?.name ?? name
  const signIns = await listSignIns(session, { boardId, schoolId })
  const tenants = await reading(session, boardId, tx =>
    tx.teamsTenant.findMany({ where: { boardId, schoolId }, select: { clientId: true }, orderBy: { clientId: 'asc' } }),
  )
  return {
    ...{ url: session.config.url, version, board, school: { name, key } },
    signIns: signIns.map(({ id, label, issuer, clientId }) => ({
      ...{ label, issuer, clientId, redirect: callbackUrl(session, id) },
    })),
    teamsClientIds: [...new Set(tenants.map(each => each.clientId))],
    script: widget(),
  }
}

function widget(): Uint8Array {
  try {
    return readFileSync(new URL('../../widgets/dist/m5.js', import.meta.url))
  } catch (cause) {
    throw new AppError('misconfigured', 'The widgets are not built: run npm run build.', { cause })
  }
}
