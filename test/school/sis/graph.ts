/** Microsoft 365 on localhost: the sign-in and the education part of Graph, with the invented school in it. */
import type { GeneratedSchool } from '../generate.ts'
import { type GraphState, graphAnswer, graphState, loginAnswer } from './graph-answer.ts'
import { guidOf, type Tenant, tenantOf } from './graph-tenant.ts'
import { type Sis, type SisOptions, startSisServer } from './sis.ts'

export interface GraphSis extends Sis {
  /** Its settings, which a test may change. */
  state: GraphState
  /** Changes the tenant beside what the school says, until told otherwise. */
  alter(change: (tenant: Tenant) => Tenant): void
}

export const app = {
  tenantId: '7a1c0de0-0000-4000-8000-000000000001',
  clientId: '7a1c0de0-0000-4000-8000-000000000002',
  clientSecret: 'FICTIEF~secret.of-the-app',
}

export async function startGraph({ school, host, port }: SisOptions): Promise<GraphSis> {
  let alter = (tenant: Tenant) => tenant
  let made: { from: GeneratedSchool; by: typeof alter; tenant: Tenant } | undefined
  const tenant = () => {
    const from = school()
    if (made?.from !== from || made.by !== alter) made = { from, by: alter, tenant: alter(tenantOf(from)) }
    return made.tenant
  }
  const state = graphState({ origin: '', tenant, app })
  const isLogin = (path: string) => path.endsWith('/oauth2/v2.0/token')
  const server = await startSisServer(
    asked => (isLogin(asked.path) ? loginAnswer(state, asked) : graphAnswer(state, asked)),
    { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }), spared: isLogin },
  )
  state.origin = server.url
  return {
    ...server,
    kind: 'microsoft',
    options: {
      ...app,
      school: school().brin,
      level: 'primary',
      homerooms: { field: 'displayName', patterns: ['Groep *'] },
      endpoint: { graph: `${server.url}/`, login: `${server.url}/` },
    },
    sourceIdOf: { pupil: key => `user:${guidOf('pupil', key)}`, teacher: key => `user:${guidOf('teacher', key)}` },
    state,
    alter(change) {
      alter = change
    },
  }
}
