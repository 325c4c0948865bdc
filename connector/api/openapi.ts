/** The OpenAPI 3.1 document, generated from the contract. A test holds it against the router, both ways. */
import { z } from 'zod'
import * as contract from './contract.ts'

interface Operation {
  summary: string
  /** Signed requests carry `Authorization: DPoP …` and a `DPoP` proof. */
  signed?: 'must' | 'may'
  query?: Record<string, { required: boolean; says: string }>
  body?: z.ZodType
  answers: Record<number, z.ZodType | null>
}

const school = { school: { required: true, says: 'the publishable key of the school' } }

/** `METHOD /path`. */
export const operations: Record<string, Operation> = {
  'GET /api/form': {
    summary: 'What the form needs before anybody has signed in',
    query: school,
    answers: { 200: contract.FormInfo },
  },
  'POST /api/reports': {
    summary: 'Send one report. Never refused for what it says or how often it comes; at most 16 kB',
    signed: 'may',
    query: school,
    body: contract.ReportInput,
    answers: { 200: contract.Receipt, 201: contract.Receipt },
  },
  'POST /api/reports/{reportId}/claim': {
    summary: 'Say afterwards that a report without a name was yours: with its receipt, within a day, once',
    signed: 'must',
    body: contract.ReportClaimInput,
    answers: { 204: null },
  },
  'GET /api/reports/{reportId}/progress': {
    summary: 'How far the school is with it; for the safety coordinator and the leader',
    signed: 'must',
    answers: { 200: contract.Progress },
  },
  'POST /api/reports/{reportId}/progress': {
    summary: 'Say how far the school is; whoever told it sees the last one by three words',
    signed: 'must',
    body: contract.ProgressInput,
    answers: { 204: null },
  },
  'GET /api/me': { summary: 'Who is signed in here', signed: 'must', answers: { 200: contract.Me } },
  'GET /api/me/proof': {
    summary: 'Whether who sits here has shown again who they are, until when, and by which ways they can',
    signed: 'must',
    answers: { 200: contract.MyProof },
  },
  'GET /api/passkeys': {
    summary: 'Passkeys of the school, for its leader',
    signed: 'must',
    answers: { 200: contract.SchoolPasskeys },
  },
  'POST /api/passkeys/{passkeyId}/confirm': {
    summary: 'A leader makes the passkey of somebody else count',
    signed: 'must',
    answers: { 204: null },
  },
  'POST /api/passkeys/{passkeyId}/revoke': {
    summary: 'Give up an own passkey, or take one of the school away',
    signed: 'must',
    answers: { 204: null },
  },
  'GET /api/people/own-group': {
    summary: 'Pupils of the own homeroom',
    signed: 'must',
    answers: { 200: contract.Nameables },
  },
  'GET /api/people': {
    summary: 'Pupils of the own school by what their name begins with; ten at most',
    signed: 'must',
    query: { q: { required: true, says: 'two letters or more' } },
    answers: { 200: contract.Nameables },
  },
  'GET /api/groups': {
    summary: 'Homerooms that this person may open',
    signed: 'must',
    answers: { 200: contract.Groups },
  },
  'GET /api/groups/{groupId}/reports': {
    summary: "The group teacher's panel",
    signed: 'must',
    query: {
      from: { required: false, says: 'first day, YYYY-MM-DD' },
      to: { required: false, says: 'day after the last, YYYY-MM-DD' },
    },
    answers: { 200: contract.PanelPage },
  },
  'POST /api/grants/look': {
    summary: 'What a grant link asks its person to confirm; 404 for everybody else',
    signed: 'must',
    body: contract.GrantLink,
    answers: { 200: contract.GrantOffer },
  },
  'POST /api/grants/confirm': {
    summary: 'Confirm it: once, by that person',
    signed: 'must',
    body: contract.GrantLink,
    answers: { 204: null },
  },
  'GET /api/sources': {
    summary: 'Where the roster of the own school comes from; for whoever looks after it',
    signed: 'must',
    answers: { 200: contract.RosterSources },
  },
  'POST /api/sources/{sourceId}/uploads': {
    summary: 'Read this file as that source. The body is the file; held in any case, never applied at once',
    signed: 'must',
    answers: { 201: contract.RosterRun },
  },
  'GET /api/runs': { summary: 'The last readings', signed: 'must', answers: { 200: contract.RosterRuns } },
  'GET /api/runs/{runId}': { summary: 'One of them', signed: 'must', answers: { 200: contract.RosterRun } },
  'POST /api/runs/{runId}/approve': {
    summary: 'Apply a held one; 409 when something new speaks against it',
    signed: 'must',
    answers: { 200: contract.RosterRun },
  },
  'POST /api/runs/{runId}/cancel': { summary: 'Give a held one up', signed: 'must', answers: { 204: null } },
  'GET /api/cases': {
    summary: 'Cases that this person handles; for the coordinator, the leaders, and who opened one',
    signed: 'must',
    answers: { 200: contract.Cases },
  },
  'POST /api/cases': {
    summary: 'Open one for a pupil of the own school',
    signed: 'must',
    body: contract.CaseInput,
    answers: { 201: contract.Made },
  },
  'GET /api/cases/{caseId}': {
    summary: 'One of them, with its contacts and what was written',
    signed: 'must',
    answers: { 200: contract.Case },
  },
  'POST /api/cases/{caseId}/close': {
    summary: 'Close it; its contacts are out at once',
    signed: 'must',
    answers: { 204: null },
  },
  'POST /api/cases/{caseId}/contacts': {
    summary: 'Add a contact: an address that the school knows',
    signed: 'must',
    body: contract.ContactInput,
    answers: { 201: contract.Made },
  },
  'POST /api/cases/{caseId}/contacts/{contactId}/remove': {
    summary: 'Remove a contact: out at once',
    signed: 'must',
    answers: { 204: null },
  },
  'POST /api/cases/{caseId}/contacts/{contactId}/messages': {
    summary: 'Write to one contact, who is mailed a link',
    signed: 'must',
    body: contract.MessageInput,
    answers: { 201: contract.Made },
  },
  'POST /api/cases/{caseId}/contacts/{contactId}/link': {
    summary: 'Mail a new one-time link; the one before works no more',
    signed: 'must',
    answers: { 202: null },
  },
  'POST /entry/handoffs': {
    summary: 'Ask for a way in',
    body: contract.HandoffInput,
    answers: { 201: contract.Handoff },
  },
  'POST /entry/handoffs/{id}/claim': {
    summary: 'What became of it; the ticket is given once',
    body: contract.ClaimInput,
    answers: { 200: contract.Claim },
  },
  'POST /entry/fresh': {
    summary: 'Ask for the window in which somebody shows once more who they are, or makes a passkey',
    signed: 'must',
    body: contract.FreshInput,
    answers: { 201: contract.Handoff },
  },
  'POST /entry/remember': {
    summary: 'Keep this tab signed in over a reload',
    signed: 'must',
    body: contract.RememberInput,
    answers: { 204: null },
  },
  'POST /entry/arrive': {
    summary: 'A ticket for somebody who came by an LMS or Teams, before the frame had a key',
    body: contract.ArriveInput,
    answers: { 200: contract.Silent },
  },
  'POST /entry/link': {
    summary: 'Yes, that account at the LMS, in Teams or at the portal is mine',
    signed: 'must',
    body: contract.LinkInput,
    answers: { 204: null },
  },
  'POST /entry/silent': {
    summary: 'A ticket for a remembered tab',
    body: contract.SilentInput,
    answers: { 200: contract.Silent },
  },
  'POST /entry/teams': {
    summary: 'Who sits in Teams or SharePoint, by a token of Entra for our own API',
    body: contract.TeamsInput,
    answers: { 200: contract.TeamsAnswer },
  },
  'POST /entry/leave': { summary: 'Sign out and leave nothing behind', signed: 'may', answers: { 204: null } },
}

export function openApiDocument(url: URL): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const [name, operation] of Object.entries(operations)) {
    const [method = '', path = ''] = name.split(' ')
    paths[path] = { ...paths[path], [method.toLowerCase()]: describe(path, operation) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'M5 connector', version: '1', description: 'What the widgets say to the connector.' },
    servers: [{ url: url.origin }],
    paths,
    components: {
      securitySchemes: {
        dpop: { type: 'http', scheme: 'DPoP', description: 'RFC 9449; tokens from /oidc/token for an entry ticket' },
      },
    },
  }
}

function describe(path: string, { summary, signed, query = {}, body, answers }: Operation) {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const inQuery = Object.entries(query).map(([name, { required, says }]) => ({
    ...{ name, in: 'query', required, description: says, schema: { type: 'string' } },
  }))
  return {
    summary,
    ...(signed ? { security: signed === 'may' ? [{ dpop: [] }, {}] : [{ dpop: [] }] } : {}),
    parameters: [...inPath, ...inQuery],
    ...(body ? { requestBody: { required: true, content: content(body, 'input') } } : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, schema]) => [
          status,
          { description: 'Done', ...(schema ? { content: content(schema, 'output') } : {}) },
        ]),
      ),
      default: {
        description: 'Problem (RFC 9457)',
        content: { 'application/problem+json': { schema: json(contract.Problem, 'output') } },
      },
    },
  }
}

const content = (schema: z.ZodType, io: 'input' | 'output') => ({ 'application/json': { schema: json(schema, io) } })
const json = (schema: z.ZodType, io: 'input' | 'output') => {
  const { $schema: _draft, ...rest } = z.toJSONSchema(schema, { io })
  return rest
}
