/**
 * From nobody to a token and back: hand-off, ticket, tokens, refresh, silent return, leave. Tokens live here, in memory, and nowhere
 * else. Views read `state` and are told of each change; the sentences for each state are in the words.
 */
import type { Claim, Handoff, Me } from '../../connector/api/contract.ts'
import type { Client } from './client.ts'
import { randomSecret } from './dpop.ts'
import { takeFragment } from './fragment.ts'
import { jwtTokenType, ticketGrantType, tokenExchangeGrantType, viewsClientId } from './grant.ts'
import { hostOrigin, type PortalToken } from './messages.ts'
import { ApiProblem, isPassing } from './problem.ts'
import type { TabStore } from './tab.ts'
import { giveWindowKey } from './window-key.ts'

type Refusal = Extract<Claim, { state: 'refused' }>['reason']

export type SessionState =
  | { is: 'opening' }
  /** Nobody. `ready` once a click can open the window at once. */
  | { is: 'nobody'; ready: boolean; problem?: string }
  | { is: 'waiting'; code: string; openPath: string }
  /** The window is in another network: it shows digits, and the person types them here. */
  | { is: 'answering' }
  | { is: 'entering' }
  | { is: 'refused'; reason: Refusal }
  /** The five minutes passed, or the connector no longer knows this hand-off. */
  | { is: 'gone' }
  | { is: 'signed'; me: Me }
  /** Signed in, and came by an account (of an LMS, Teams) that is nobody's yet: is it theirs? */
  | { is: 'linking'; me: Me; taken?: true }
  /** Signed in once; the refresh was refused. A report still goes, with the old token. */
  | { is: 'expired'; me: Me }

type Tokens = { access: string; refresh: string | undefined; expiresAt: number }

export type Session = ReturnType<typeof createSession>

export type SessionOptions = {
  client: Client
  school: string
  tab: TabStore
  changed: () => void
  /** What the portal around us signs of who sits there, where it does. */
  portalToken?: (coming: () => void) => Promise<PortalToken | undefined>
}

/** The one window of a frame: pressed twice, it comes to the front. */
export const windowName = 'm5-sign-in'

const json = (value: unknown) => JSON.stringify(value)
const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

export const createSession = ({ client, school, tab, changed, portalToken }: SessionOptions) => {
  let state: SessionState = { is: 'opening' }
  let tokens: Tokens | undefined
  let refreshing: Promise<void> | undefined
  let handoff: Handoff | undefined
  let reply: string | undefined
  let { arrival, offer } = takeFragment()
  let renewal = 0
  /** The page around us said that its portal signs who sits here. */
  let promised = false
  const framed = window.parent !== window
  /** Rises with every start and stop, so that an older poll ends by itself. */
  let round = 0

  const become = (next: SessionState) => {
    state = next
    changed()
  }

  const grant = async (fields: Record<string, string>) => {
    const response = await client.call('/oidc/token', {
      method: 'POST',
      contentType: 'application/x-www-form-urlencoded',
      body: new URLSearchParams({ ...fields, client_id: viewsClientId }).toString(),
      prove: true,
    })
    const body = (await response.json()) as { access_token: string; refresh_token?: string; expires_in?: number }
    if (typeof body.access_token !== 'string') throw new ApiProblem('unexpected', response.status)
    tokens = {
      access: body.access_token,
      refresh: body.refresh_token ?? tokens?.refresh,
      expiresAt: Date.now() + (body.expires_in ?? 300) * 1000,
    }
  }

  const refresh = () => {
    refreshing ??= (async () => {
      if (!tokens?.refresh) throw new ApiProblem('expired', 401)
      await grant({ grant_type: 'refresh_token', refresh_token: tokens.refresh })
    })().finally(() => {
      refreshing = undefined
    })
    return refreshing
  }

  const expire = () => {
    if (state.is === 'signed') become({ is: 'expired', me: state.me })
  }

  /** A token good for half a minute more; on refusal the session is `expired` and the problem is thrown. */
  const freshToken = async (): Promise<string> => {
    if (!tokens) throw new ApiProblem('signed-out', 401)
    if (tokens.expiresAt - Date.now() < 30_000) {
      try {
        await refresh()
      } catch (problem) {
        if (!isPassing(problem)) expire()
        throw problem
      }
    }
    return tokens.access
  }

  const fetchMe = async (): Promise<Me> => {
    const response = await client.call('/api/me', { accessToken: await freshToken() })
    return (await response.json()) as Me
  }

  const enter = async (ticket: string) => {
    tokens = undefined // nothing of an earlier person is carried over
    await grant({ grant_type: ticketGrantType, ticket })
    const me = await fetchMe()
    become(offer ? { is: 'linking', me } : { is: 'signed', me })
  }

  /** Somebody whom the LMS or Teams brought. @returns false where nobody waits any more: then the other ways are tried */
  const enterByArrival = async (): Promise<boolean> => {
    const secret = arrival
    arrival = undefined
    if (!secret) return false
    try {
      const { jkt } = await client.prover()
      const body = json({ secret, jkt })
      const response = await client.call('/entry/arrive', { method: 'POST', body, prove: true, cookies: true })
      tab.clear() // whoever sat here before does not come back in this tab
      await enter(((await response.json()) as { ticket: string }).ticket)
      void remember()
      return true
    } catch {
      tokens = undefined
      return false
    }
  }

  /** By what the portal signs, where it signs. @returns false where that lets nobody in: then the other ways are tried, in their order */
  const enterByPortal = async (): Promise<boolean> => {
    const given = await portalToken?.(() => {
      promised = true
      changed()
    })
    promised = !!given
    if (!given) return false
    try {
      tokens = undefined
      await grant({
        grant_type: tokenExchangeGrantType,
        subject_token: given.token,
        subject_token_type: jwtTokenType,
        origin: given.origin,
        school,
      })
      tab.clear() // whoever sat here before does not come back in this tab
      become({ is: 'signed', me: await fetchMe() })
      return true
    } catch {
      tokens = undefined
      promised = false
      given.refused()
      return false
    }
  }

  const remember = async () => {
    const secret = randomSecret()
    if (!tab.write(secret)) return
    try {
      await client.call('/entry/remember', {
        method: 'POST',
        body: json({ tab: secret }),
        accessToken: await freshToken(),
        cookies: true,
      })
    } catch {
      tab.clear() // a convenience: without it a reload costs one click
    }
  }

  /** A window may open only inside the click, so its address must be there before. Renewed half a minute before it expires. */
  const prepare = async () => {
    clearTimeout(renewal)
    const mine = ++round
    handoff = undefined
    reply = undefined
    become({ is: 'nobody', ready: false })
    try {
      const { jkt } = await client.prover()
      const response = await client.call('/entry/handoffs', {
        method: 'POST',
        body: json({ school, jkt, ...(framed ? { from: hostOrigin() } : {}) }),
        prove: true,
        cookies: true,
      })
      if (mine !== round) return
      handoff = (await response.json()) as Handoff
      const left = Date.parse(handoff.expiresAt) - Date.now()
      renewal = setTimeout(
        () => state.is === 'nobody' && void prepare(),
        Math.max(left - 30_000, 20_000),
      ) as unknown as number
      become({ is: 'nobody', ready: true })
    } catch (problem) {
      if (mine === round)
        become({ is: 'nobody', ready: false, problem: problem instanceof ApiProblem ? problem.code : 'unexpected' })
    }
  }

  const claim = async ({ id, secret }: Handoff): Promise<Claim> => {
    const path = `/entry/handoffs/${encodeURIComponent(id)}/claim`
    const body = json(reply === undefined ? { secret } : { secret, reply })
    const response = await client.call(path, { method: 'POST', body, prove: true, cookies: true })
    return (await response.json()) as Claim
  }

  /** While it waits the window may ask for its key. */
  const poll = async (mine: number, asked: Handoff) => {
    const stop = giveWindowKey(asked)
    await ask(mine, asked).finally(stop)
  }

  const ask = async (mine: number, asked: Handoff) => {
    const until = Date.parse(asked.expiresAt) + 5_000
    for (let turn = 0; mine === round; turn++) {
      await wait(turn < 5 ? 1000 : 2000)
      if (mine !== round) return
      let answer: Claim = { state: 'open' }
      try {
        answer = await claim(asked)
      } catch (problem) {
        if (!isPassing(problem)) answer = { state: 'gone' }
      }
      if (mine !== round) return
      if (answer.state === 'bound') {
        become({ is: 'entering' })
        try {
          await enter(answer.ticket)
          void remember()
        } catch {
          tokens = undefined
          become({ is: 'refused', reason: 'sign-in-failed' })
        }
        return
      }
      if (answer.state === 'answer' && state.is === 'waiting') become({ is: 'answering' })
      if (answer.state === 'refused') return become({ is: 'refused', reason: answer.reason })
      if (answer.state === 'gone' || Date.now() > until) return become({ is: 'gone' })
    }
  }

  return {
    get state() {
      return state
    },

    /** This tab was signed in before, or the portal is: worth a moment of waiting rather than a question that is answered already. */
    get returning() {
      return state.is === 'opening' && (promised || tab.read() !== undefined)
    },

    /**
     * At view open. In by the portal's word where it gives one; else comes back silently where the tab has its secret; else makes a hand-off ready
     * when the school has a sign-in.
     */
    start: async (signIn: boolean) => {
      if ((await enterByArrival()) || (await enterByPortal())) return
      const secret = tab.read()
      if (secret && signIn) {
        try {
          const { jkt } = await client.prover()
          const body = json({ school, tab: secret, jkt })
          const response = await client.call('/entry/silent', { method: 'POST', body, prove: true, cookies: true })
          return await enter(((await response.json()) as { ticket: string }).ticket)
        } catch (problem) {
          tokens = undefined
          if (!isPassing(problem)) tab.clear()
        }
      }
      if (signIn) await prepare()
      else become({ is: 'nobody', ready: false })
    },

    prepare,

    /** Must be called inside the click: `window.open` after an await is a blocked pop-up. */
    signIn: () => {
      if (!handoff) return void prepare()
      // What it returns tells nothing: under a portal's COOP it is null although the window is there.
      window.open(handoff.openPath, windowName, 'popup,width=520,height=760')
      clearTimeout(renewal)
      const mine = ++round
      become({ is: 'waiting', code: handoff.code, openPath: handoff.openPath })
      void poll(mine, handoff)
    },

    /** What the person read in the window. One try: the connector refuses the rest. */
    answer: (digits: string) => {
      reply = digits.trim()
      become({ is: 'entering' })
    },

    /** "Is that account yours?" Without a yes nothing is linked, and they are signed in all the same. */
    link: async (yes: boolean) => {
      if (state.is !== 'linking') return
      const { me } = state
      const secret = offer
      offer = undefined
      try {
        if (yes && secret)
          await client.call('/entry/link', {
            method: 'POST',
            body: json({ secret }),
            accessToken: await freshToken(),
            cookies: true,
          })
      } catch (problem) {
        if (problem instanceof ApiProblem && problem.status === 409) return become({ is: 'linking', me, taken: true })
      }
      become({ is: 'signed', me })
    },

    freshToken,

    /** After the connector refused a token that should still hold. @throws ApiProblem when that ends it */
    renewToken: async (): Promise<string> => {
      await refresh()
      return freshToken()
    },

    /** For a report, which never waits for a sign-in: a fresh token, else the old one, which the server flags; nobody: none. */
    tokenForReport: async (): Promise<string | undefined> => {
      try {
        return await freshToken()
      } catch {
        return tokens?.access
      }
    },

    expire,

    /** Signs out here and at the connector, and forgets everything this tab knew. */
    leave: async () => {
      const access = tokens?.access
      tokens = undefined
      tab.clear()
      round++
      clearTimeout(renewal)
      become({ is: 'nobody', ready: false })
      try {
        await client.call('/entry/leave', {
          method: 'POST',
          body: '{}',
          accessToken: access,
          cookies: true,
          timeoutSeconds: 4,
        })
      } catch {
        // here everything is forgotten; the connector's half ends by its own clock
      }
    },
  }
}
