/** `m5 portal`: portals with a server that signs who sits there. */
import type { Command } from 'commander'
import { addPortal, listPortals, type NewPortal, portalFacts, removePortal } from '../admin/portals.ts'
import { readKeySet } from '../entry/key-sets.ts'
import { AppError } from '../errors.ts'
import { openOutward } from '../outward.ts'
import { exitCodes } from './exit.ts'
import { anId, removal, whereSchool } from './options.ts'
import { table } from './output.ts'
import { findBoard, findSchool, type Run, type Where } from './session.ts'

interface PortalOptions extends Where, Pick<NewPortal, 'issuer' | 'jwksUrl' | 'label' | 'keyType'> {
  mayName?: NonNullable<NewPortal['mayName']>
}

export function portalCommands(program: Command, run: Run): void {
  const portal = program.command('portal').description('portals whose server signs who sits there')
  whereSchool(portal.command('add'))
    .requiredOption('--issuer <url>', 'exactly as the portal writes it in `iss`')
    .requiredOption('--jwks-url <url>', 'where its public keys are')
    .requiredOption('--label <text>')
    .requiredOption('--key-type <type>', 'which key of the roster its `sub` is: sis-id, username, pupil-number, …')
    .option('--may-name <whom>', 'pupils, pupils-and-parents (the default) or everybody: staff sign in themselves')
    .action((options: PortalOptions) =>
      run(async session => {
        const { boardId, id: schoolId, publishableKey } = await findSchool(session, options)
        const { issuer, jwksUrl, label, keyType, mayName } = options
        const made = await addPortal(session, {
          ...{ boardId, schoolId, issuer, jwksUrl, label, keyType },
          ...(mayName === undefined ? {} : { mayName }),
        })
        const audience = session.config.url.origin
        session.out.say({ ...made, audience, school: publishableKey }, [
          `Portal ${made.id}`,
          `It signs with aud ${audience} and school ${publishableKey}`,
        ])
      }),
    )
  whereSchool(portal.command('list')).action((where: Where) =>
    run(async session => {
      const { boardId, id: schoolId } = await findSchool(session, where)
      const found = await listPortals(session, { boardId, schoolId })
      const rows = found.map(each => [each.id, each.label, each.issuer, each.keyType, each.mayName, each.jwksUrl])
      session.out.say(found, table([['PORTAL', 'LABEL', 'ISSUER', 'SUB', 'MAY NAME', 'KEYS'], ...rows]))
    }),
  )
  removal(portal, 'whom it let in is out at once', (id: string, where: Where) =>
    run(async session => {
      const { boardId } = await findBoard(session, where)
      await removePortal(session, { boardId, portalId: id })
      session.out.say({ id, removed: true }, ['Removed; whom it let in is out.'])
    }),
  )
  portal
    .command('test')
    .description('asks for its keys now, and says which count')
    .argument('<id>', 'as the list shows it', anId)
    .option('--board <id or name>')
    .action((id: string, where: Where) =>
      run(async session => {
        const { boardId } = await findBoard(session, where)
        const at = new URL((await portalFacts(session, { boardId, portalId: id })).jwksUrl)
        const asked = await readKeySet(openOutward(session.config)(at), at, { alg: 'ES256' }).catch(unreached)
        if ('why' in asked) {
          session.out.say({ id, error: asked.why }, [keysSay[asked.why]])
          return asked.why === 'keys-unreadable' ? exitCodes.refused : exitCodes.source
        }
        const keys = [...asked.keys()]
        const none = 'No key counts: EC P-256, with a `kid`, for ES256 and signing.'
        session.out.say({ id, keys }, keys.length > 0 ? keys.map(kid => `Key ${kid}`) : [none])
        return keys.length > 0 ? exitCodes.done : exitCodes.refused
      }),
    )
}

const keysSay = {
  'keys-unreachable':
    'Its keys cannot be reached: the address, its certificate, a redirect, or a private address (M5_PRIVATE_HOSTS).',
  'keys-unreadable': 'What is at the address of its keys is no key set: {"keys": […]} as JSON.',
} as const

function unreached(cause: unknown): { why: keyof typeof keysSay } {
  const reason = cause instanceof AppError ? cause.reason : undefined
  if (reason === 'keys-unreachable' || reason === 'keys-unreadable') return { why: reason }
  throw cause
}
