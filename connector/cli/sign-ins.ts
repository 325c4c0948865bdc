/** `m5 signin` (or `sign-in`): by what a school's people come in, and whether that works. */
import type { Command } from 'commander'
import { findTroubles } from '../admin/lti.ts'
import { addSignIn, listSignIns, type NewSignIn, removeSignIn, signInSecretPlace } from '../admin/sign-ins.ts'
import { backchannelUrl } from '../entry/logout-routes.ts'
import { checkSignIn, type Finding } from '../entry/sign-in-check.ts'
import { findSignIn } from '../entry/sign-in-rows.ts'
import { type Explained, explainSignIn } from '../entry/sign-in-trouble.ts'
import { callbackUrl } from '../entry/upstreams.ts'
import { AppError } from '../errors.ts'
import { openOutward } from '../outward.ts'
import { kindNames } from '../sign-in-kinds.ts'
import { exitCodes } from './exit.ts'
import { anId, removal, whereSchool } from './options.ts'
import { table } from './output.ts'
import { readSecret } from './secrets.ts'
import { findBoard, findSchool, type Run, type Session, type Where } from './session.ts'

interface SignInOptions extends Where, Pick<NewSignIn, 'clientId' | 'label'> {
  kind: string
  issuer?: string
  tenant?: string
  claim?: string
  keyType?: string
  scopes?: string
  check: boolean
  secretStdin?: boolean
  secretEnv?: string
}

export function signInCommands(signIn: Command, run: Run): void {
  whereSchool(signIn.command('add'))
    .option('--kind <kind>', `${kindNames.join(', ')}: what stands there and what is checked`, 'oidc')
    .option('--issuer <url>', 'exactly as the provider writes it; Google’s and Entra’s are known')
    .option(
      '--tenant <name>',
      'Google: the domain of the school’s accounts; Entra: the tenant id; Entree: the realm, if user names have none',
    )
    .requiredOption('--client-id <id>')
    .requiredOption('--label <text>', 'on the button')
    .option('--claim <name>', 'the claim that names a person; oidc needs it, the others have theirs')
    .option(
      '--key-type <type>',
      'which key of the roster that is: sis-id (the key of the source: leerling:50001, leerkracht:12), username (gebruikersnaam), object-id, subject',
    )
    .option('--scopes <list>', 'separated by spaces')
    .option('--secret-stdin', 'read the client secret from standard input')
    .option('--secret-env <name>', 'read the client secret from this variable')
    .option('--no-check', 'do not ask the issuer whether it works')
    .action((options: SignInOptions) =>
      run(async (session, secrets) => {
        const { boardId, id: schoolId } = await findSchool(session, options)
        const secret = await readSecret(options, secrets)
        const made = await addSignIn(session, {
          boardId,
          schoolId,
          ...given(options),
          ...(secret === null ? {} : { secret }),
        })
        const copy = addresses(session, made.id)
        const findings = options.check ? await check(session, made, secret ?? undefined) : []
        session.out.say({ ...made, ...copy, findings }, [
          `Sign-in ${made.id}`,
          `Redirect address ${copy.redirect}`,
          `Back-channel logout address ${copy.backchannel}`,
          ...lines(findings),
        ])
        if (isWrong(findings))
          session.out.note(`It is kept. Mend what is wrong and ask again: m5 signin test ${made.id}`)
      }),
    )
  signIn
    .command('test')
    .description('ask the issuer whether this sign-in works; changes nothing')
    .argument('<id>', 'as the list shows it', anId)
    .option('--board <id or name>')
    .action((id: string, where: Where) =>
      run(async session => {
        const { boardId } = await findBoard(session, where)
        const found = await findSignIn(session, boardId, id)
        if (!found) throw new AppError('not-found', 'There is no such sign-in.')
        const keys = await session.keyring.board(boardId)
        const secret = found.secretSealed ? keys.open(signInSecretPlace(id), found.secretSealed) : undefined
        const findings = await check(session, found, secret)
        const copy = addresses(session, id)
        session.out.say({ id, ...copy, findings }, [
          ...lines(findings),
          `Redirect address ${copy.redirect}`,
          `Back-channel logout address ${copy.backchannel}`,
        ])
        return isWrong(findings) ? exitCodes.source : exitCodes.done
      }),
    )
  signIn
    .command('doctor')
    .description('why somebody could not sign in: the number stands on the screen; without it the last twenty')
    .argument('[number]')
    .action((number?: string) =>
      run(async session => {
        const wanted = number?.trim().toUpperCase()
        const found = await findTroubles(session, {
          channel: 'oidc',
          ...(wanted === undefined ? {} : { number: wanted }),
        })
        const told = found.map(trouble => ({ ...trouble, ...explainSignIn(trouble.code) }))
        if (wanted === undefined) {
          const rows = told.map(each => [each.number, each.at.toISOString(), each.code])
          session.out.say(told, table([['NUMBER', 'WHEN', 'WHAT'], ...rows]))
          return exitCodes.done
        }
        const unknown = 'Nothing is known of this number. They are kept for two weeks.'
        session.out.say(told, told.length === 0 ? [unknown] : told.flatMap(troubleLines))
        return told.length === 0 ? exitCodes.input : exitCodes.done
      }),
    )
  whereSchool(signIn.command('list')).action((where: Where) =>
    run(async session => {
      const { boardId, id: schoolId } = await findSchool(session, where)
      const stored = await listSignIns(session, { boardId, schoolId })
      const found = stored.map(each => ({ ...each, ...addresses(session, each.id) }))
      const rows = found.map(each => [
        ...[each.id, each.label, each.kind, each.tenant ?? '', each.issuer, `${each.claim} = ${each.keyType}`],
        each.redirect,
      ])
      const head = ['SIGN-IN', 'LABEL', 'KIND', 'TENANT', 'ISSUER', 'CLAIM', 'REDIRECT ADDRESS']
      session.out.say(found, table([head, ...rows]))
    }),
  )
  removal(signIn, 'ends every session of the school', (id: string, where: Where) =>
    run(async session => {
      const { boardId } = await findBoard(session, where)
      await removeSignIn(session, { boardId, signInId: id })
      session.out.say({ id, removed: true }, ['Removed; every session of the school has ended.'])
    }),
  )
}

/** As it was typed: what it must be is said by connector/admin/sign-ins.ts. */
function given({ kind, label, clientId, issuer, tenant, claim, keyType, scopes }: SignInOptions) {
  const optional = { issuer, tenant, claim, keyType, scopes }
  const typed = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined))
  // SAFETY: checked by the schema that names each field which is not right.
  return { kind, label, clientId, ...typed } as Omit<NewSignIn, 'boardId' | 'schoolId'>
}

const addresses = (session: Pick<Session, 'config'>, id: string) => ({
  redirect: callbackUrl(session, id),
  backchannel: backchannelUrl(session, id),
})

function check(session: Session, signIn: Parameters<typeof checkSignIn>[1], secret?: string): Promise<Finding[]> {
  return checkSignIn({ config: session.config, outward: openOutward(session.config) }, signIn, secret)
}

type Told = Awaited<ReturnType<typeof findTroubles>>[number] & Partial<Explained>

const troubleLines = ({ number, at, code, facts, what = 'This code is of another version.', todo = '' }: Told) => [
  `${number}  ${at.toISOString()}  ${code}`,
  what,
  `Facts: ${Object.entries(facts)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ')}.`,
  `To do: ${todo}`,
]

const marks = { ok: 'ok   ', wrong: 'WRONG', note: 'note ' } as const
const lines = (findings: Finding[]) => findings.map(({ verdict, check, says }) => `${marks[verdict]} ${check}: ${says}`)
const isWrong = (findings: Finding[]) => findings.some(({ verdict }) => verdict === 'wrong')
