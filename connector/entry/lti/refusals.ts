/** Why an LTI launch failed, for the administrator who has the number from the screen: what happened, and what to do. No word of a person, ever. */
import type { LaunchRefusal } from './launch.ts'
import type { LoginRefusal } from './login.ts'

export type LtiTrouble =
  | LaunchRefusal
  | LoginRefusal
  | 'login-unknown'
  | 'login-ambiguous'
  | 'keys-unreachable'
  | 'keys-unreadable'
  | 'state-missing'
  | 'state-gone'
  | 'state-browser'
  | 'state-nonce'
  | 'state-mix-up'
  | 'state-deployment'
  | 'cookie-missing'
  | 'platform-says-no'
  | 'launch-unknown'
  | 'deployment-quarantined'
  | 'deployment-refused'
  | 'deployment-twice'
  | 'message-unsupported'
  | 'identity-conflict'

export interface Explained {
  what: string
  todo: string
}

const clock = 'Set the clock of the platform, and of this machine, by a time server (NTP). Up to a minute is forgiven.'
const broken = 'The platform sends what LTI 1.3 does not allow. Update it, or show its supplier this number and code.'
const again =
  'Open the item again from the platform. When it keeps coming, look at the time between the clicks and at other tabs.'

export const explanations: Record<LtiTrouble, Explained> = {
  'token-form': { what: 'The launch carried no readable token, or one above 100 kB.', todo: broken },
  'token-algorithm': {
    what: 'The token is signed in another way than RS256, or not at all.',
    todo: 'Choose RS256 for this tool in the platform. When it says none or HS256, somebody may be trying to forge a launch.',
  },
  'token-header': {
    what: 'The head of the token lacks its key name, or asks for something we do not know.',
    todo: broken,
  },
  'token-repeated': { what: 'The token says one thing twice.', todo: broken },
  'token-issuer': { what: 'The token does not say who issued it.', todo: broken },
  'token-audience': { what: 'The token does not say for which tool it is.', todo: broken },
  'token-party': { what: 'The token is for several tools and does not say which of them asked (azp).', todo: broken },
  'token-key': {
    what: 'The platform has no key by the name that the token gives.',
    todo: 'Compare the key set address: m5 lti platform list. After a rotation there, wait half a minute and open the item again.',
  },
  'token-signature': {
    what: 'The signature does not hold.',
    todo: 'Compare the key set address with what the platform shows. When it is right, somebody may be trying to forge a launch.',
  },
  'token-time': { what: 'The token does not say when it was made and how long it holds.', todo: broken },
  'token-expired': { what: 'The token had expired.', todo: clock },
  'token-early': { what: 'The token is from the future.', todo: clock },
  'token-nonce': { what: 'The token came without the nonce that we sent.', todo: broken },
  version: { what: 'The launch is not LTI 1.3.0.', todo: 'Register the tool as LTI 1.3, not as 1.0 or 1.1.' },
  'message-type': {
    what: 'The launch is of a kind that we do not serve.',
    todo: 'Place the tool as a link (resource link) or by deep linking, nowhere else.',
  },
  deployment: { what: 'The launch does not say of which deployment it is.', todo: broken },
  target: {
    what: 'The launch leads to an address that is not one of ours.',
    todo: 'The target link of the item must be our address followed by /meld or /groep.',
  },
  subject: { what: 'The platform names the person in a way we cannot take.', todo: broken },
  'login-field': { what: 'The login request lacks a field, or has one twice.', todo: broken },
  'login-target': {
    what: 'The login request leads to an address that is not one of ours.',
    todo: 'The target link of the tool must be our address followed by /meld or /groep.',
  },
  'login-unknown': {
    what: 'No board here has registered this platform with this client id.',
    todo: 'Register it: m5 lti platform add. Copy issuer and client id exactly as the platform shows them.',
  },
  'login-ambiguous': {
    what: 'More than one registration fits, and the platform did not say which.',
    todo: 'Let the platform send client_id and lti_deployment_id with its login request, or remove the registration that is not used.',
  },
  'keys-unreachable': {
    what: 'The key set of the platform could not be read.',
    todo: 'Open the key set address from this machine. An address inside the own network must stand in M5_PRIVATE_HOSTS.',
  },
  'keys-unreadable': {
    what: 'What the platform gave as its key set is none.',
    todo: 'Compare the key set address: m5 lti platform list.',
  },
  'state-missing': { what: 'The launch came without the state that we sent.', todo: broken },
  'state-gone': {
    what: 'The launch was used before, or came more than ten minutes after it began, or never began here.',
    todo: again,
  },
  'state-browser': {
    what: 'The launch came from another browser than the one that began it.',
    todo: 'Open the item again. When it keeps coming, the browser loses cookies in between, or somebody sends launches to others.',
  },
  'state-nonce': {
    what: 'The token belongs to another launch than its state.',
    todo: 'Two launches at once may meet in the platform (Moodle keeps one). Open the item again, in one tab.',
  },
  'state-mix-up': {
    what: 'The token is of another platform than the one that was asked.',
    todo: 'Tell the supplier of the platform: somebody may be trying to pass one platform off as another.',
  },
  'state-deployment': {
    what: 'The login request named another deployment than the launch.',
    todo: broken,
  },
  'cookie-missing': {
    what: 'The browser kept nothing between the start and the launch, and neither did the platform.',
    todo: 'The person can press "open in a new window". iPads below iOS 26.2 always need that, unless the platform keeps values for tools.',
  },
  'platform-says-no': {
    what: 'The platform itself refused to sign the person in.',
    todo: 'The code of the platform stands with the facts. login_required: the person was signed out there. Compare the redirect address: it must be listed literally.',
  },
  'launch-unknown': {
    what: 'No board here has registered the platform and client of this token.',
    todo: 'Register it: m5 lti platform add. Copy issuer and client id exactly as the platform shows them.',
  },
  'deployment-quarantined': {
    what: 'This deployment is new: nothing is shown until somebody approves it.',
    todo: 'm5 lti deployment list, then m5 lti deployment approve.',
  },
  'deployment-refused': {
    what: 'This deployment was refused here.',
    todo: 'Was that a mistake? m5 lti deployment approve.',
  },
  'deployment-twice': {
    what: 'Two boards have approved this deployment: it is not clear whose school it is.',
    todo: 'One of the two must refuse it: m5 lti deployment refuse.',
  },
  'message-unsupported': {
    what: 'The platform asked us to choose an item, which is not possible here.',
    todo: 'Place the item by its address: ours followed by /meld or /groep.',
  },
  'identity-conflict': {
    what: 'Two people claim one account of the platform. Neither is let in by it.',
    todo: 'm5 conflict list.',
  },
}

/** @returns null for a code that another way in wrote */
export const explain = (code: string): Explained | null =>
  Object.hasOwn(explanations, code) ? explanations[code as LtiTrouble] : null
