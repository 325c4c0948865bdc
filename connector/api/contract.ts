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
 * `code`: three words for an unsigned one, by which /status tells how far the school is.
 */
export const Receipt = z.object({
  id: uuid,
  receivedAt: instant,
  standing: z.enum(['SIGNED', 'EXPIRED', 'UNSIGNED']),
  mac: z.string(),
  code: z.string().optional(),
})

/**
 * POST /api/reports/{reportId}/claim (signed): whoever sent it without a name says who they are. With the receipt as it was given; within a day, once.
 */
export const ReportClaimInput = z.object({ receivedAt: instant, mac: z.string().max(100), code: z.string().max(60) })

/** POST /api/reports/{reportId}/progress, for the safety coordinator and the leader. `message` is shown to whoever has the three words. */
export const ProgressInput = z.object({
  state: z.enum(['READ', 'IN_PROGRESS', 'DONE']),
  message: z.string().trim().min(1).max(500).optional(),
})
/** GET of the same: oldest first; the last one counts. */
export const Progress = z.object({
  steps: z.array(z.object({ state: ProgressInput.shape.state, message: z.string().optional(), at: instant })),
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

/**
 * POST /entry/handoffs: the frame asks for a way in. `jkt` is the RFC 7638 thumbprint of its DPoP key; `from` the origin of the page it shows on,
 * which the window names where the school listed it.
 */
export const HandoffInput = z.object({
  school: z.string().max(64),
  jkt: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  from: z.string().max(300).optional(),
})
/**
 * `code`: two digits for the panel, which the person types in the window where it cannot show that it is in the same browser. `windowKey` is what
 * shows it: for the window at `openPath` that asks for it, from our own origin, and for nobody else. `goPath` goes on without.
 */
export const Handoff = z.object({
  id: uuid,
  secret: z.string(),
  windowKey: z.string(),
  code: z.string(),
  openPath: z.string(),
  goPath: z.string(),
  expiresAt: instant,
})

/**
 * POST /entry/handoffs/{id}/claim with a DPoP proof of the key that asked. `bound`, `proven` and `enrolled` are answered exactly once. `answer`: the
 * window shows three digits, which the person types in the panel: they come as `reply`, one try.
 */
export const ClaimInput = z.object({ secret: z.string().max(100), reply: z.string().max(10).optional() })
export const Claim = z.discriminatedUnion('state', [
  z.object({ state: z.literal('open') }),
  z.object({ state: z.literal('answer') }),
  z.object({ state: z.literal('bound'), ticket: z.string() }),
  z.object({ state: z.literal('proven'), until: instant }),
  z.object({ state: z.literal('enrolled') }),
  z.object({
    state: z.literal('refused'),
    reason: z.enum([
      'declined',
      'nobody-found',
      'other-school',
      'private-account',
      'conflict',
      'sign-in-failed',
      'wrong-code',
      'other-person',
      'not-fresh',
    ]),
  }),
  z.object({ state: z.literal('gone') }),
])

/** POST /entry/fresh (signed): the window for showing once more who sits here, or for making a passkey. Answers as /entry/handoffs does. */
export const FreshInput = z.object({ purpose: z.enum(['fresh', 'enrol']).optional() })

const Passkey = z.object({
  id: uuid,
  /** Coarse kind of device: `iPhone`, `Windows`. */
  label: z.string(),
  state: z.enum(['unconfirmed', 'confirmed']),
  createdAt: instant,
  lastUsedAt: instant.nullable(),
})
/** GET /api/me/proof: whether this session is proven again and until when, and which ways this person has. */
export const MyProof = z.object({
  fresh: z.object({ until: instant, by: z.enum(['auth-time', 'passkey']) }).nullable(),
  ways: z.object({ authTime: z.boolean(), passkey: z.enum(['none', 'unconfirmed', 'confirmed']) }),
  mayEnrol: z.boolean(),
  passkeys: z.array(Passkey),
})
/** GET /api/passkeys, for a leader: those of the school. POST /api/passkeys/{passkeyId}/confirm makes one count, never one's own. */
export const SchoolPasskeys = z.object({ passkeys: z.array(Passkey.extend({ person: z.string(), own: z.boolean() })) })

/** POST /entry/remember (signed): keeps this tab signed in over a reload. `tab` lives in sessionStorage and dies with the tab. */
export const RememberInput = z.object({ tab: z.string().min(20).max(100) })
/** POST /entry/silent: a ticket from the partitioned cookie and the tab's secret; 401 means one click. */
export const SilentInput = z.object({
  school: z.string().max(64),
  tab: z.string().min(20).max(100),
  jkt: HandoffInput.shape.jkt,
})
export const Silent = z.object({ ticket: z.string() })

/** POST /entry/arrive, POST /entry/link: the secret came in the fragment of the address, `#t=` or `#l=`. */
export const ArriveInput = z.object({ secret: z.string().max(100), jkt: HandoffInput.shape.jkt })
export const LinkInput = z.object({ secret: z.string().max(100) })

/** POST /entry/teams: an Entra token for our own API, and the school's key. What it answers is a secret for the fragment: `#t=` or `#l=`. */
export const TeamsInput = z.object({ token: z.string().max(16_000), school: z.string().max(64).optional() })
export const TeamsAnswer = z.union([z.object({ arrival: z.string() }), z.object({ link: z.string() })])

/** POST /oidc/token with grant_type below (form-encoded) and a DPoP proof. */
export const ticketGrantType = 'urn:m5:params:oauth:grant-type:entry-ticket'
/** RFC 8693, with what a portal signed as subject_token, and the school's key and the page's origin beside it. */
export const tokenExchangeGrantType = 'urn:ietf:params:oauth:grant-type:token-exchange'
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
export type MyProof = z.infer<typeof MyProof>

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

// ---- cases, and the contacts the school entered -----------------------------------------------------------------------

/** POST /api/cases: for one pupil of the own school. */
export const CaseInput = z.object({ personId: uuid })
export const Made = z.object({ id: uuid })

/** POST /api/cases/{caseId}/contacts. */
export const ContactInput = z.object({
  name: z.string().trim().min(1).max(120),
  email: z.string().trim().min(3).max(254),
  language: z.enum(languages).default('nl'),
})

/** POST /api/cases/{caseId}/contacts/{contactId}/messages: to this contact alone, who is mailed a link. */
export const MessageInput = z.object({ text: z.string().trim().min(1).max(4000) })

const CasePupil = z.object({ id: uuid, name: z.string() })

/** GET /api/cases: of the whole school for coordinators and leaders, else those that one opened oneself. */
export const Cases = z.object({
  cases: z.array(
    z.object({ id: uuid, pupil: CasePupil, openedAt: instant, closedAt: instant.nullable(), unread: z.int() }),
  ),
})

/** GET /api/cases/{caseId}. `report`: the contact made a report; which one is told to coordinators alone. */
export const Case = z.object({
  id: uuid,
  pupil: CasePupil,
  openedAt: instant,
  closedAt: instant.nullable(),
  contacts: z.array(
    z.object({
      id: uuid,
      name: z.string(),
      email: z.string(),
      language: z.string(),
      addedAt: instant,
      removedAt: instant.nullable(),
      messages: z.array(
        z.object({
          id: uuid,
          from: z.enum(['school', 'contact']),
          author: z.string().optional(),
          text: z.string().optional(),
          report: z.object({ id: uuid.optional() }).optional(),
          at: instant,
          readAt: instant.nullable(),
        }),
      ),
    }),
  ),
})
