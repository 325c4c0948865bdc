/**
 * All that a widget may send or see, and nothing else. The widgets import these as types; the server parses with them on the way in
 * and shapes with them on the way out; the OpenAPI document is generated from them (openapi.ts).
 */
import { z } from 'zod'
import {
  behaviourTypes,
  days,
  frequencies,
  helpers,
  involvementRoles,
  languages,
  moments,
  places,
  reporterKinds,
  targetKinds,
  wishes,
} from './vocabulary.ts'

const uuid = z.uuid()
const day = z.iso.date()
const instant = z.iso.datetime()

/** RFC 9457. `code` is closed and stable, `title` a plain English sentence; the screen's sentence is the widget's own. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  requestId: z.string(),
})

// ---- the form -------------------------------------------------------------------------------------------------------

export const HelpLine = z.object({
  name: z.string(),
  phone: z.string().optional(),
  url: z.url().optional(),
  note: z.string().optional(),
})

/** GET /api/form?school=KEY: what the form needs before anybody has signed in. */
export const FormInfo = z.object({
  school: z.object({ key: z.string(), name: z.string() }),
  signIn: z.boolean(),
  helpLines: z.array(HelpLine),
})

/** Somebody a signed-in person may name: shown as a name tile. */
export const Nameable = z.object({ id: uuid, name: z.string(), group: z.string().optional() })

/** GET /api/people/own-group, GET /api/people?q=ab: at least two letters, at most ten hits, never a directory. */
export const Nameables = z.object({ people: z.array(Nameable), more: z.boolean() })

/** Exactly one way of saying who. `self` is the reporter. */
export const Who = z.union([
  z.object({ personId: uuid }),
  z.object({ typedName: z.string().min(1).max(120) }),
  z.object({ self: z.literal(true) }),
  z.object({ unknown: z.literal(true) }),
])

/** At most 16 kB as sent. Only `behaviours` must be there: a child may stop after question 2. */
export const ReportInput = z.object({
  v: z.literal(1),
  reporterKind: z.enum(reporterKinds).optional(),
  /** Without a sign-in only: what the reporter typed, or nothing ("liever niet"). */
  reporterName: z.string().max(120).optional(),
  reporterGroup: z.string().max(60).optional(),
  behaviours: z.array(z.enum(behaviourTypes)).min(1).max(behaviourTypes.length),
  words: z.string().max(2000).optional(),
  involved: z
    .array(z.object({ who: Who, role: z.enum(involvementRoles) }))
    .max(40)
    .default([]),
  targetKind: z.enum(targetKinds).optional(),
  place: z.enum(places).optional(),
  moment: z.enum(moments).optional(),
  day: z.enum(days).optional(),
  /** With `LONGER_AGO` only. */
  date: day.optional(),
  frequency: z.enum(frequencies).optional(),
  /** The child's feeling: 1 a bit annoying, 4 very bad, I am afraid. Never a judgement. */
  severity: z.int().min(1).max(4).optional(),
  helpedBy: z.array(z.enum(helpers)).max(helpers.length).default([]),
  dangerNow: z.boolean().default(false),
  wish: z.enum(wishes).optional(),
  language: z.enum(languages).default('nl'),
})

/**
 * POST /api/reports?school=KEY with an `Idempotency-Key` (UUIDv4, one per press). 201 the first time, 200 for the same bytes again.
 * Given only after COMMIT. `mac` lets the school's server prove later that it gave this receipt.
 * `standing` says how sure we are of the reporter: signed, signed once but expired by now, or unsigned.
 */
export const Receipt = z.object({
  id: uuid,
  receivedAt: instant,
  standing: z.enum(['SIGNED', 'EXPIRED', 'UNSIGNED']),
  mac: z.string(),
})

// ---- who am I, and what may I open ---------------------------------------------------------------------------------

/** GET /api/me. `grade` is the pupil's year group, for the look of the form. */
export const Me = z.object({
  name: z.string(),
  kind: z.enum(reporterKinds),
  school: z.object({ key: z.string(), name: z.string() }),
  ownGroup: z.object({ id: uuid, name: z.string(), grade: z.string().optional() }).optional(),
})

/** GET /api/groups: the homerooms that this person may open, by roster or by grant. Empty for a pupil. */
export const Groups = z.object({ groups: z.array(z.object({ id: uuid, name: z.string(), schoolYear: z.string() })) })

/** `pupil` has an id only when it is a pupil of this very homeroom; anybody else is "a pupil of group 7". */
export const Involved = z.object({
  role: z.enum(['ACTOR', 'JOINER', 'TARGET']),
  pupil: z.object({ id: uuid.optional(), label: z.string() }),
})

/** One event as a group teacher may see it: never who told, when it was told, own words, who saw or who helped. */
export const PanelReport = z.object({
  id: uuid,
  on: day.optional(),
  precision: z.enum(['DAY', 'WEEK', 'UNKNOWN']),
  moment: z.enum(moments),
  place: z.enum(places),
  behaviours: z.array(z.enum(behaviourTypes)),
  frequency: z.enum(frequencies),
  severity: z.int().min(1).max(4).optional(),
  involved: z.array(Involved),
})

/** GET /api/groups/{groupId}/reports?from=&to= (days, `to` exclusive; default the last 12 weeks). Ordered by day, then moment. */
export const PanelPage = z.object({
  group: z.object({ id: uuid, name: z.string() }),
  from: day,
  to: day,
  /** The first day this person may look at. */
  since: day,
  /** True when reports of today appear only after the school day (a setting of the school). */
  heldUntilEndOfDay: z.boolean(),
  reports: z.array(PanelReport),
})

// ---- a grant that waits for its second person ------------------------------------------------------------------------

/** As in connector/store/grants.ts; grant-routes.ts does not compile when one is missing here. */
export const grantRoles = [
  'GROUP_TEACHER',
  'SAFETY_COORDINATOR',
  'SCHOOL_LEADER',
  'SUPPORT_COORDINATOR',
  'CONFIDENTIAL_ADVISER',
  'STEERING_GROUP',
  'BOARD_OFFICER',
  'PRIVACY_OFFICER',
  'IT_ADMINISTRATOR',
] as const

/** What stands after the `#` of the link. Any text is taken: what is no token is answered like a token that is not theirs. */
export const GrantLink = z.object({ token: z.string().max(200) })

/**
 * POST /api/grants/look, for the person that the link was made for; everybody else, and everything that is wrong with it, is one 404.
 * POST /api/grants/confirm: 204 once, then 410.
 */
export const GrantOffer = z.object({
  role: z.enum(grantRoles),
  person: z.string(),
  school: z.string(),
  /** With `GROUP_TEACHER`. */
  group: z.string().optional(),
  /** The first day on which it no longer holds. */
  until: day.optional(),
})

// ---- entry: from nobody to a token ----------------------------------------------------------------------------------

/** POST /entry/handoffs: the frame asks for a way in. `jkt` is the RFC 7638 thumbprint of its DPoP key. */
export const HandoffInput = z.object({ school: z.string().max(64), jkt: z.string().regex(/^[A-Za-z0-9_-]{43}$/) })
export const Handoff = z.object({
  id: uuid,
  secret: z.string(),
  code: z.string(),
  goPath: z.string(),
  expiresAt: instant,
})

/** POST /entry/handoffs/{id}/claim with a DPoP proof of the key that asked. `bound` is answered exactly once. */
export const ClaimInput = z.object({ secret: z.string().max(100) })
export const Claim = z.discriminatedUnion('state', [
  z.object({ state: z.literal('open') }),
  z.object({ state: z.literal('bound'), ticket: z.string() }),
  z.object({
    state: z.literal('refused'),
    reason: z.enum(['declined', 'nobody-found', 'conflict', 'sign-in-failed', 'wrong-code']),
  }),
  z.object({ state: z.literal('gone') }),
])

/** POST /entry/remember (signed): keeps this tab signed in over a reload. `tab` lives in sessionStorage and dies with the tab. */
export const RememberInput = z.object({ tab: z.string().min(20).max(100) })
/** POST /entry/silent: a ticket from the partitioned cookie and the tab's secret; 401 means one click. */
export const SilentInput = z.object({
  school: z.string().max(64),
  tab: z.string().min(20).max(100),
  jkt: HandoffInput.shape.jkt,
})
export const Silent = z.object({ ticket: z.string() })

/** POST /oidc/token with grant_type below (form-encoded) and a DPoP proof. */
export const ticketGrantType = 'urn:m5:params:oauth:grant-type:entry-ticket'
export const viewsClientId = 'm5-views'

export type Problem = z.infer<typeof Problem>
export type HelpLine = z.infer<typeof HelpLine>
export type FormInfo = z.infer<typeof FormInfo>
export type Nameable = z.infer<typeof Nameable>
export type Nameables = z.infer<typeof Nameables>
export type Who = z.infer<typeof Who>
/** As a widget builds it: fields with a default may be left out. */
export type ReportDraft = z.input<typeof ReportInput>
export type ReportInput = z.infer<typeof ReportInput>
export type Receipt = z.infer<typeof Receipt>
export type Me = z.infer<typeof Me>
export type Groups = z.infer<typeof Groups>
export type PanelReport = z.infer<typeof PanelReport>
export type PanelPage = z.infer<typeof PanelPage>
export type GrantOffer = z.infer<typeof GrantOffer>
export type Handoff = z.infer<typeof Handoff>
export type Claim = z.infer<typeof Claim>

// ---- rosters, for whoever looks after them --------------------------------------------------------------------------

/** GET /api/sources: where the roster of this school comes from. `upload` is null for a source that asks its system itself. */
export const RosterSources = z.object({
  sources: z.array(
    z.object({
      id: uuid,
      kind: z.string(),
      title: z.string(),
      label: z.string(),
      verified: z.boolean(),
      gives: z.enum(['roster', 'identities']),
      upload: z.object({ maxBytes: z.int(), extensions: z.array(z.string()) }).nullable(),
      appliedAt: instant.nullable(),
      goodAt: instant.nullable(),
      pausedAt: instant.nullable(),
    }),
  ),
})

/**
 * One reading of a source: POST /api/sources/{sourceId}/uploads answers with it, held in any case. `diff` are lines to read: counts, the source's
 * own keys, names of groups; nobody's name. `reasons` say why it is held or refused.
 */
export const RosterRun = z.object({
  id: uuid,
  sourceId: uuid.optional(),
  state: z.enum(['running', 'held', 'applied', 'unchanged', 'refused', 'failed', 'cancelled']),
  phase: z.string().optional(),
  progress: z.object({ read: z.int(), total: z.int(), records: z.int() }).partial().optional(),
  startedAt: instant.optional(),
  finishedAt: instant.nullable().optional(),
  reasons: z.array(z.object({ guard: z.string(), says: z.string() })),
  counts: z.record(z.string(), z.int()),
  findings: z.array(z.object({ code: z.string(), count: z.int(), details: z.array(z.string()) })),
  diff: z.array(z.string()).optional(),
})

/** GET /api/runs: newest first, twenty at most. */
export const RosterRuns = z.object({ runs: z.array(RosterRun) })
