/**
 * What the form knows about the school and about who sits here: the school's facts, the session, the names it may offer. The form works
 * before any of this arrives and without it: then there are no names, and our own list of help lines.
 */
import type { FormInfo, Nameable } from '../../../connector/api/contract.ts'
import { type Api, createApi } from '../../kit/api.ts'
import { createClient } from '../../kit/client.ts'
import type { Host } from '../../kit/messages.ts'
import { createSession, type Session } from '../../kit/session.ts'
import { createTabStore } from '../../kit/tab.ts'

const retrySeconds = 5

export type SchoolOptions = {
  /** Publishable key; empty when the link named none. */
  key: string
  changed: () => void
  /** Somebody signed in. */
  came: () => void
  /** Nobody is signed in any more: somebody else sits here now. */
  went: () => void
  trouble: (code: string) => void
  /** What the portal around us signs of who sits there. */
  portalToken: Host['portalToken']
}

export type School = {
  key: string
  session: Session
  api: Api
  info: FormInfo | undefined
  /** Name tiles; empty without a sign-in. */
  ownGroup: readonly Nameable[]
  /** The connector did not answer at first: the form starts without it. */
  alone: boolean
  /** Takes what the page brought or asks the connector, and lets a signed-in tab come back. */
  load: (known?: FormInfo) => Promise<void>
  stop: () => void
}

export const createSchool = ({ key, changed, came, went, trouble, portalToken }: SchoolOptions): School => {
  const client = createClient()
  const session = createSession({
    ...{ client, school: key, tab: createTabStore(key), portalToken },
    changed: () => sessionChanged(),
  })
  const api = createApi(client, session, key)
  let timer = 0
  let signed = false

  const load = async (known?: FormInfo) => {
    clearTimeout(timer)
    if (!key) return trouble('no-school')
    try {
      school.info ??= known ?? (await api.form())
      changed()
      if (session.state.is === 'opening') await session.start(school.info.signIn)
    } catch {
      school.alone = true
      changed()
      trouble('form-unreachable')
      timer = setTimeout(() => void load(), retrySeconds * 1000) as unknown as number
    }
  }

  const offerNames = async () => {
    try {
      school.ownGroup = (await api.ownGroup()).people
      changed()
    } catch {
      // typing a name works without
    }
  }

  const sessionChanged = () => {
    const { is } = session.state
    if (is === 'signed' && !signed) {
      signed = true
      came()
      void offerNames()
    }
    if (is === 'nobody' && signed) {
      signed = false
      school.ownGroup = []
      went()
    }
    changed()
  }

  const stop = () => clearTimeout(timer)
  const school: School = { key, session, api, info: undefined, ownGroup: [], alone: false, load, stop }
  return school
}
