/** The calls of the API, one line each. A 401 is answered by one refresh and one more try. */
import type { FormInfo, GrantOffer, Groups, Nameables, PanelPage, Receipt } from '../../connector/api/contract.ts'
import type { Client } from './client.ts'
import { ApiProblem } from './problem.ts'
import { readReceipt } from './receipt.ts'
import type { Session } from './session.ts'

const isRefused = (problem: unknown) => problem instanceof ApiProblem && problem.status === 401

export type Api = ReturnType<typeof createApi>

export const createApi = (client: Client, session: Session, school: string) => {
  const signed = async <T>(path: string, input?: unknown): Promise<T> => {
    const body = input === undefined ? {} : { method: 'POST' as const, body: JSON.stringify(input) }
    const ask = async (accessToken: string) => {
      const response = await client.call(path, { ...body, accessToken })
      return (response.status === 204 ? undefined : await response.json()) as T
    }
    try {
      return await ask(await session.freshToken())
    } catch (problem) {
      if (!isRefused(problem)) throw problem
    }
    try {
      return await ask(await session.renewToken())
    } catch (problem) {
      if (isRefused(problem) || (problem instanceof ApiProblem && problem.status === 400)) session.expire()
      throw problem
    }
  }

  return {
    form: async (): Promise<FormInfo> =>
      (await (await client.call(`/api/form?school=${encodeURIComponent(school)}`)).json()) as FormInfo,
    ownGroup: () => signed<Nameables>('/api/people/own-group'),
    people: (letters: string) => signed<Nameables>(`/api/people?q=${encodeURIComponent(letters)}`),
    groups: () => signed<Groups>('/api/groups'),
    panel: (groupId: string, from: string, to: string) =>
      signed<PanelPage>(`/api/groups/${encodeURIComponent(groupId)}/reports?from=${from}&to=${to}`),

    lookGrant: (token: string) => signed<GrantOffer>('/api/grants/look', { token }),
    confirmGrant: (token: string) => signed<void>('/api/grants/confirm', { token }),

    /** Says afterwards that the report of this receipt is of who is signed in. */
    claimReport: ({ id, receivedAt, mac, code = '' }: Receipt) =>
      signed<void>(`/api/reports/${id}/claim`, { receivedAt, mac, code }),

    /**
     * @param named false: without token or proof, whoever is signed in
     * @throws ApiProblem `no-receipt` when the answer is not a receipt: then the report does not count as sent.
     */
    send: async (body: string, key: string, named: boolean): Promise<Receipt> => {
      const response = await client.call(`/api/reports?school=${encodeURIComponent(school)}`, {
        method: 'POST',
        body,
        headers: { 'Idempotency-Key': key },
        accessToken: named ? await session.tokenForReport() : undefined,
        timeoutSeconds: 20,
      })
      const receipt = readReceipt(response.status, await response.json().catch(() => undefined))
      if (!receipt) throw new ApiProblem('no-receipt', 0)
      return receipt
    },
  }
}
