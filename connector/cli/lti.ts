/** `m5 lti`: learning platforms, their deployments, our keys, and why a launch failed. */
import { type Command, Option } from 'commander'
import {
  addPlatform,
  approveDeployment,
  type DeploymentFacts,
  findTroubles,
  listDeployments,
  listPlatforms,
  refuseDeployment,
  removePlatform,
  rotateToolKeys,
} from '../admin/lti.ts'
import { filled, type Product, presets, products } from '../entry/lti/presets.ts'
import { explain } from '../entry/lti/refusals.ts'
import { exitCodes } from './exit.ts'
import { ltiServiceCommands } from './lti-services.ts'
import { invalid, removal, whereSchool } from './options.ts'
import { table } from './output.ts'
import { findBoard, findSchool, type Run, shortId, type Where, wholeId } from './session.ts'

export function ltiCommands(lti: Command, run: Run): void {
  platformCommands(lti.command('platform').description('learning platforms (LMS) of a board'), run)
  deploymentCommands(lti.command('deployment').description('where our tool was placed on them'), run)
  keyCommands(lti.command('keys').description('our own keys as a tool'), run)
  ltiServiceCommands(lti, run)
  lti
    .command('doctor')
    .description('why a launch failed: the number stands on the screen; without it the last twenty')
    .argument('[number]')
    .action((number?: string) =>
      run(async session => {
        const wanted = number?.trim().toUpperCase()
        const found = await findTroubles(session, {
          channel: 'lti',
          ...(wanted === undefined ? {} : { number: wanted }),
        })
        const told = found.map(trouble => ({ ...trouble, ...explain(trouble.code) }))
        if (wanted === undefined) {
          const rows = told.map(each => [each.number, each.at.toISOString(), each.platform ?? '-', each.code])
          session.out.say(told, table([['NUMBER', 'WHEN', 'PLATFORM', 'WHAT'], ...rows]))
          return exitCodes.done
        }
        if (told.length === 0) {
          session.out.say([], ['Nothing is known of this number. They are kept for two weeks.'])
          return exitCodes.input
        }
        session.out.say(told, told.flatMap(lines))
        return exitCodes.done
      }),
    )
}

function lines({ number, at, code, platform, facts, what, todo }: Told): string[] {
  const said = Object.entries(facts).map(([name, value]) => `${name} ${String(value)}`)
  return [
    `${number}  ${at.toISOString()}  ${code}${platform === null ? '' : `  ${platform}`}`,
    what ?? 'Nothing more is known of this code.',
    ...(said.length > 0 ? [`Facts: ${said.join(', ')}.`] : []),
    ...(todo === undefined ? [] : [`To do: ${todo}`]),
  ]
}

type Told = Awaited<ReturnType<typeof findTroubles>>[number] & { what?: string; todo?: string }

interface PlatformOptions extends Where {
  product?: Product
  site?: string
  label?: string
  issuer?: string
  clientId: string
  authUrl?: string
  tokenUrl?: string
  tokenAudience?: string
  jwksUrl?: string
  storageOrigin?: string
}

function platformCommands(platform: Command, run: Run): void {
  platform
    .command('add')
    .description('again with the same issuer and client id: its new addresses')
    .addOption(new Option('--product <name>', 'fills in what that platform always has').choices(products))
    .option('--site <url>', 'address of the school’s own LMS (moodle, brightspace)')
    .requiredOption('--client-id <id>')
    .option('--issuer <url>', 'exactly as the platform writes it')
    .option('--auth-url <url>', 'of the authentication request')
    .option('--token-url <url>', 'of access tokens')
    .option('--token-audience <text>', 'what it wants as audience, when that is not the token address')
    .option('--jwks-url <url>', 'its public key set')
    .option('--storage-origin <url>', 'of platform storage, when that is not the origin of --auth-url')
    .option('--label <text>', 'what people here call it')
    .option('--board <id or name>')
    .action((options: PlatformOptions) =>
      run(async session => {
        const { boardId } = await findBoard(session, options)
        const given = withPreset(options)
        const { id } = await addPlatform(session, { boardId, ...given })
        const tool = toolAddresses(session.config.url)
        session.out.say({ id, ...given, tool }, [
          `Platform ${id}`,
          'Copy these into the platform:',
          `  Tool URL and target link   ${tool.target}`,
          `  Group panel                ${tool.group}`,
          `  Login initiation           ${tool.login}`,
          `  Redirect address           ${tool.redirect}`,
          `  Key set                    ${tool.jwks}`,
          ...(options.product ? [presets[options.product].note] : []),
          'The first launch is held until somebody approves it: m5 lti deployment list.',
        ])
      }),
    )
  platform
    .command('list')
    .option('--board <id or name>')
    .action((options: Where) =>
      run(async session => {
        const { boardId } = await findBoard(session, options)
        const found = await listPlatforms(session, boardId)
        const rows = found.map(each => [
          ...[each.id, each.label, each.issuer, each.clientId],
          `${each.deployments.approved}/${each.deployments.quarantined}`,
          each.jwksUrl,
        ])
        session.out.say(
          found,
          table([['PLATFORM', 'LABEL', 'ISSUER', 'CLIENT', 'APPROVED/WAITING', 'KEY SET'], ...rows]),
        )
      }),
    )
  removal(platform, 'with its deployments; signs out who came in by it', (id: string, where: Where) =>
    run(async session => {
      const { boardId } = await findBoard(session, where)
      await removePlatform(session, { boardId, platformId: id })
      session.out.say({ id, removed: true }, ['Removed; who came in by it is signed out.'])
    }),
  )
}

/** What a platform is told about us. */
export const toolAddresses = (own: URL) => ({
  target: new URL('/meld', own).href,
  group: new URL('/groep', own).href,
  login: new URL('/lti/login', own).href,
  redirect: new URL('/lti/launch', own).href,
  jwks: new URL('/lti/jwks', own).href,
})

/** What was typed beats the preset. @throws AppError `invalid-input`, naming the option that lacks */
function withPreset(options: PlatformOptions) {
  const { product, clientId, storageOrigin = null } = options
  const site = options.site === undefined ? undefined : URL.parse(options.site)?.href.replace(/\/$/, '')
  if (options.site !== undefined && site === undefined) throw invalid('--site is no address.')
  const preset = product === undefined ? {} : filled(product, { site, client: clientId })
  const { tokenAudience = null } = { ...preset, ...given({ tokenAudience: options.tokenAudience }) }
  const { issuer, authUrl, tokenUrl, jwksUrl } = options
  const known = { ...given(preset), ...given({ issuer, authUrl, tokenUrl, jwksUrl }) }
  const need = (name: 'issuer' | 'authUrl' | 'tokenUrl' | 'jwksUrl', option: string): string => {
    const value = known[name]
    if (value) return value
    const forSite = product !== undefined && presets[product].perSite && site === undefined
    throw invalid(forSite ? `Give --site, or ${option}.` : `Give ${option}.`)
  }
  const all = {
    issuer: need('issuer', '--issuer'),
    authUrl: need('authUrl', '--auth-url'),
    tokenUrl: need('tokenUrl', '--token-url'),
    jwksUrl: need('jwksUrl', '--jwks-url'),
  }
  const label = options.label ?? `${product ?? 'LMS'} ${new URL(all.issuer).host}`
  return { ...all, label, clientId, tokenAudience, storageOrigin, product: product ?? null }
}

const given = <T extends Record<string, string | undefined>>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Record<string, string>

function deploymentCommands(deployment: Command, run: Run): void {
  deployment
    .command('list')
    .description('those that wait for somebody come first')
    .option('--board <id or name>')
    .action((options: Where) =>
      run(async session => {
        const { boardId } = await findBoard(session, options)
        const found = await listDeployments(session, boardId)
        session.out.say(
          found,
          table([['DEPLOYMENT', 'STATE', 'PLATFORM', 'ITS ID THERE', 'FIRST SEEN'], ...found.map(row)]),
        )
      }),
    )
  whereSchool(deployment.command('approve').argument('<id>', 'as the list shows it'))
    .description('shows what is this school’s from now on')
    .action((given: string, where: Where) =>
      run(async session => {
        const { boardId, id: schoolId, name } = await findSchool(session, where)
        const id = wholeId(await listDeployments(session, boardId), given, 'deployment')
        await approveDeployment(session, { boardId, id, schoolId })
        session.out.say({ id, schoolId, state: 'approved' }, [`Approved for ${name}.`])
      }),
    )
  deployment
    .command('refuse')
    .argument('<id>', 'as the list shows it')
    .description('shows nothing any more; signs out who came in by it')
    .option('--board <id or name>')
    .action((given: string, where: Where) =>
      run(async session => {
        const { boardId } = await findBoard(session, where)
        const id = wholeId(await listDeployments(session, boardId), given, 'deployment')
        await refuseDeployment(session, { boardId, id })
        session.out.say({ id, state: 'refused' }, ['Refused; who came in by it is signed out.'])
      }),
    )
}

const row = ({ id, state, platform, deploymentId, firstSeenAt }: DeploymentFacts) => [
  ...[shortId(id), state, platform, deploymentId],
  firstSeenAt.toISOString().slice(0, 16).replace('T', ' '),
]

function keyCommands(keys: Command, run: Run): void {
  keys
    .command('rotate')
    .description('a new key, published now; it signs in a day, when platforms know it. Nothing has to be done there')
    .option(
      '--revoke',
      'the old one leaked: it is good for nothing from now on, and platforms may refuse us for some hours',
    )
    .action(({ revoke = false }: { revoke?: boolean }) =>
      run(async session => {
        const kid = await rotateToolKeys(session, { revoke })
        const when = revoke ? 'It signs at once; the old ones are gone.' : 'It signs in 24 hours.'
        session.out.say({ kid, revoke }, [`Key ${kid}`, when])
      }),
    )
}
