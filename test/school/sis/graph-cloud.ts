/** Microsoft's own hosts, answered by the responder: what the adapter would meet in Microsoft's cloud, without leaving this machine. */
import nock from 'nock'
import { app } from './graph.ts'
import { type GraphState, graphAnswer, graphState, loginAnswer } from './graph-answer.ts'
import type { Tenant } from './graph-tenant.ts'
import type { Answered, Asked } from './sis.ts'

export const hosts = { login: 'https://login.microsoftonline.com', graph: 'https://graph.microsoft.com' }

export interface Cloud {
  state: GraphState
  /** Method, path and query of what Graph was asked, as it stood on the wire. */
  asked: string[]
  /** Bodies of what was asked, where there was one. */
  bodies: string[]
  /** Answers before the responder does; undefined leaves it to the responder. */
  instead: (asked: Asked, raw: string) => Answered | undefined
}

/** @param cloud other hosts than those of the global cloud */
export function microsoftCloud(tenant: Tenant, { login, graph } = hosts): Cloud {
  const state = graphState({ origin: graph, tenant: () => tenant, app })
  const cloud: Cloud = { state, asked: [], bodies: [], instead: () => undefined }
  const serve = (origin: string, answer: (asked: Asked) => Answered) =>
    nock(origin)
      .persist()
      .intercept(/.*/, 'GET')
      .reply(replied(cloud, origin, answer))
      .intercept(/.*/, 'POST')
      .reply(replied(cloud, origin, answer))
  serve(login, asked => loginAnswer(state, asked))
  serve(graph, asked => graphAnswer(state, asked))
  return cloud
}

type Reply = (request: Request) => Promise<[number, string, Record<string, string>]>

function replied(cloud: Cloud, origin: string, answer: (asked: Asked) => Answered): Reply {
  return async request => {
    const raw = request.url.slice(origin.length)
    const { pathname: path, searchParams: query } = new URL(request.url)
    const { method } = request
    const body = method === 'POST' ? await request.text() : ''
    cloud.asked.push(`${method} ${raw}`)
    if (method === 'POST') cloud.bodies.push(body)
    const asked = { method, path, query, headers: Object.fromEntries(request.headers), body, fault: undefined }
    const { status = 200, headers = {}, body: said = '' } = cloud.instead(asked, raw) ?? answer(asked)
    const text = typeof said === 'object' && !Buffer.isBuffer(said) ? JSON.stringify(said) : String(said)
    return [status, text, { 'content-type': 'application/json', ...headers }]
  }
}
