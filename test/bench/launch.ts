/**
 * launch.rate: LTI launches a second, from the login initiation to a token that is good for requests, ten at a time; against ltijs with its PostgreSQL
 * plugin, installed for the bench into a folder of its own. The same platform launches both: its keys are read over HTTP, its id_token is
 * signed anew for each launch. Ours ends in DPoP-bound tokens, theirs in an `ltik` that a first request is answered with.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { ticketGrantType, viewsClientId } from '../../connector/api/contract.ts'
import type { Lms, LmsTool } from '../school/lms.ts'
import { freePort, startConnector } from '../support/connector-process.ts'
import { testDatabase, testMasterKey } from '../support/database.ts'
import { openTestServer, type TestServer } from '../support/database-server.ts'
import { type Frame, makeFrame } from '../support/frame.ts'
import { registerAt } from '../support/launch.ts'
import { openStage } from '../support/stage.ts'
import { type Figure, median, round } from './measure.ts'

const versions = { ltijs: '5.9.9', 'ltijs-sequelize': '2.4.4' }
const atOnce = 10
const perRound = 300
const rounds = 5

export async function launchBench(): Promise<Figure[]> {
  const { server, leave } = await openTestServer()
  const database = await testDatabase(server)
  const stage = await openStage(database)
  const env = { DATABASE_URL: database.url, M5_MASTER_KEY: testMasterKey, M5_URL: stage.connector }
  const connector = await startConnector(env)
  const school = { boardId: stage.boardId, id: stage.schoolId }
  const { lms, tool } = await registerAt(database, connector.origin, school)
  const pupils = stage.generated.pupils.filter(each => each.groupKey).slice(0, 50)
  for (const { key } of pupils)
    lms.people.set(key, { id: key, name: 'Leerling', sourcedId: `leerling:${key}`, roles: learner })
  const people = pupils.map(({ key }) => key)
  const peer = await startPeer(server, lms)
  try {
    const frame = await makeFrame(connector.origin, stage.schoolKey)
    await database.asSuperuser(client => client.query('analyze'))
    const ours: number[] = []
    const theirs: number[] = []
    const run = async (count: number) => rate(lms, tool, people, await endsOfOurs(connector.origin, frame, count))
    const runPeer = (count: number) =>
      rate(
        lms,
        peer.tool,
        people,
        Array.from({ length: count }, () => endOfTheirs),
      )
    await run(100)
    await runPeer(100)
    for (let i = 0; i < rounds; i++) {
      ours.push(await run(perRound))
      theirs.push(await runPeer(perRound))
    }
    const [a, b] = [round(median(ours), 0), round(median(theirs), 0)]
    const ratio = round(a / b)
    return [{ bench: 'launch.rate', ours: a, peer: b, unit: '/s', ratio, goal: '≥ 2 × ltijs', met: a / b >= 2 }]
  } finally {
    await peer.stop()
    await lms.close()
    await connector.stop()
    await stage.close()
    await database.close()
    await leave()
  }
}

const learner = ['http://purl.imsglobal.org/vocab/lis/v2/membership#Learner']

/** What comes after the launch was accepted: from where it leads to a token. */
type End = (location: string, jar: Jar) => Promise<void>

async function rate(lms: Lms, tool: LmsTool, people: string[], ends: End[]): Promise<number> {
  let next = 0
  const started = performance.now()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let i = next++; i < ends.length; i = next++) {
        const [end, person] = [ends[i], people[i % people.length]]
        if (end && person) await launch(lms, tool, person, end)
      }
    }),
  )
  return ends.length / ((performance.now() - started) / 1000)
}

/** Cookies of one browser at one tool. */
class Jar {
  readonly #cookies = new Map<string, string>()

  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = new Headers(init.headers)
    if (cookie) headers.set('cookie', cookie)
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      this.#cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
    }
    return response
  }
}

async function launch(lms: Lms, tool: LmsTool, person: string, end: End): Promise<void> {
  const jar = new Jar()
  const hint = { tool: tool.clientId, person, storage: null }
  let answer = await jar.fetch(tool.loginUrl, { method: 'POST', body: new URLSearchParams(lms.initiation(hint)) })
  let to = await leadsTo(answer, tool.loginUrl)
  // The tool may go by an address of its own first.
  while (!to.startsWith(lms.authUrl)) {
    answer = await jar.fetch(to)
    to = await leadsTo(answer, to)
  }
  const asked = new URL(to).searchParams
  const token = await lms.sign(lms.claimsFor(hint, asked.get('nonce') ?? ''))
  const body = new URLSearchParams({ state: asked.get('state') ?? '', id_token: token })
  const redirect = asked.get('redirect_uri') ?? ''
  const launched = await jar.fetch(redirect, { method: 'POST', body })
  await end(await leadsTo(launched, redirect), jar)
}

async function leadsTo(response: Response, base: string): Promise<string> {
  await response.arrayBuffer()
  const location = response.headers.get('location')
  if (location === null) throw new Error(`a launch stops with ${response.status} at ${new URL(base).pathname}`)
  return new URL(location, base).href
}

/** Secret of the fragment → ticket → tokens. Proofs are signed before the clock starts: a browser signs its own. */
async function endsOfOurs(origin: string, frame: Frame, count: number): Promise<End[]> {
  const [arrive, token] = [`${origin}/entry/arrive`, `${origin}/oidc/token`]
  const ends: End[] = []
  for (let i = 0; i < count; i++) {
    const [first, second] = [await frame.proof('POST', arrive), await frame.proof('POST', token)]
    ends.push(async (location, jar) => {
      const secret = new URLSearchParams(new URL(location).hash.slice(1)).get('t')
      const json = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', DPoP: first }
      const arrived = await jar.fetch(arrive, {
        method: 'POST',
        headers: json,
        body: JSON.stringify({ secret, jkt: frame.jkt }),
      })
      const { ticket } = (await arrived.json()) as { ticket?: string }
      const body = new URLSearchParams({ client_id: viewsClientId, grant_type: ticketGrantType, ticket: ticket ?? '' })
      const answer = await fetch(token, { method: 'POST', headers: { DPoP: second }, body })
      const { access_token } = (await answer.json()) as { access_token?: string }
      if (!access_token) throw new Error(`a launch of ours ended ${arrived.status}, ${answer.status}`)
    })
  }
  return ends
}

const endOfTheirs: End = async (location, jar) => {
  const answer = await jar.fetch(location)
  if ((await answer.text()) !== 'launched') throw new Error(`a launch of theirs ended ${answer.status}`)
}

/** As its documentation sets it up; its cookies need no https here. */
const peerScript = `
const lti = require('ltijs').Provider
const Database = require('ltijs-sequelize')
const at = JSON.parse(process.argv[2])
const db = new Database(at.database, at.user, '', { host: at.host, port: at.dbPort, dialect: 'postgres', logging: false, pool: { max: 10 } })
lti.setup('a key of the bench, 32 letters long', { plugin: db }, { cookies: { secure: false, sameSite: '' }, devMode: false })
lti.onConnect((_token, _req, res) => res.send('launched'))
;(async () => {
  await lti.deploy({ port: at.port, silent: true })
  await lti.registerPlatform({ url: at.issuer, name: 'LMS', clientId: at.clientId, authenticationEndpoint: at.authUrl,
    accesstokenEndpoint: at.tokenUrl, authConfig: { method: 'JWK_SET', key: at.jwksUrl } })
  process.send('ready')
})().catch(error => { console.error(error); process.exit(1) })
`

async function startPeer(server: TestServer, lms: Lms): Promise<{ tool: LmsTool; stop(): Promise<void> }> {
  const at = mkdtempSync(join(tmpdir(), 'm5-ltijs-'))
  writeFileSync(join(at, 'package.json'), '{"private":true}')
  const packages = Object.entries(versions).map(([name, version]) => `${name}@${version}`)
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], {
    cwd: at,
    stdio: 'inherit',
  })
  writeFileSync(join(at, 'peer.cjs'), peerScript)
  const database = `m5_peer_${process.pid}`
  const { host, port: dbPort, superuser: user } = server
  await asSuperuser(server, `create database ${database}`)
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const tool: LmsTool = {
    ...{ clientId: 'ltijs', deploymentId: '1', loginUrl: `${origin}/login`, redirectUris: [`${origin}/`] },
    targetLinkUri: `${origin}/`,
  }
  lms.addTool(tool)
  const { issuer, authUrl, tokenUrl, jwksUrl } = lms
  const given = { database, user, host, dbPort, port, issuer, clientId: tool.clientId, authUrl, tokenUrl, jwksUrl }
  const child = spawn(process.execPath, [join(at, 'peer.cjs'), JSON.stringify(given)], {
    cwd: at,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { PATH: process.env.PATH, NODE_ENV: 'production' },
  })
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('ltijs did not start'))),
  ])
  return {
    tool,
    async stop() {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
      await asSuperuser(server, `drop database ${database} with (force)`)
      rmSync(at, { recursive: true, force: true })
    },
  }
}

async function asSuperuser({ host, port, superuser: user }: TestServer, statement: string): Promise<void> {
  const client = new pg.Client({ host, port, user, database: 'postgres' })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
