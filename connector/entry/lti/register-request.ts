/** What we ask of a platform, and what it answers (LTI-DR 1.0 §3.6, RFC 7591). As little as there is: no name, no address, no marks. Pure. */
import { z } from 'zod'
import { items, toolAddresses } from './addresses.ts'
import type { Configuration } from './register-configuration.ts'
import { membersScope } from './services.ts'

export const toolClaim = 'https://purl.imsglobal.org/spec/lti-tool-configuration'
const canvas = (name: string) => `https://canvas.instructure.com/lti/${name}`
const membership = (role: string) => `http://purl.imsglobal.org/vocab/lis/v2/membership#${role}`

/** Everywhere at once, never in one course: who opens it is in the log of the LMS (embedding.md §4). Only what the platform knows is asked. */
const placements = {
  stopknop: ['global_navigation'],
  groep: ['course_navigation'],
  choose: ['ContentArea', 'RichTextEditor', 'link_selection', 'editor_button'],
}

/** Of those the platform knows; all where it does not say. */
function messagesFor({ messages }: Pick<Configuration, 'messages'>, own: URL) {
  const address = toolAddresses(own)
  const placed = (type: string, wanted: string[]) => {
    const known = messages?.get(type) ?? []
    const both = wanted.filter(each => known.includes(each))
    return both.length > 0 ? { placements: both } : {}
  }
  const [launch, choose] = ['LtiResourceLinkRequest', 'LtiDeepLinkingRequest']
  const all = [
    {
      type: launch,
      target_link_uri: address.stopknop,
      label: items.stopknop.title,
      ...placed(launch, placements.stopknop),
    },
    {
      ...{
        type: launch,
        target_link_uri: address.groep,
        label: items.groep.title,
        ...placed(launch, placements.groep),
      },
      roles: [membership('Instructor'), membership('Administrator')],
      // Canvas: not in every course by itself, and for its teachers alone.
      ...(messages?.get(launch)?.includes('course_navigation')
        ? { [canvas('course_navigation/default_enabled')]: false, [canvas('visibility')]: 'admins' }
        : {}),
    },
    {
      ...{ type: choose, target_link_uri: address.stopknop, label: 'Stopknop of groepspaneel plaatsen' },
      ...placed(choose, placements.choose),
    },
  ]
  return messages ? all.filter(({ type }) => messages.has(type)) : all
}

export const asksMembers = ({ scopes }: Pick<Configuration, 'scopes'>) =>
  scopes === undefined || scopes.includes(membersScope)

export function registrationRequest(configuration: Configuration, own: URL): Record<string, unknown> {
  const address = toolAddresses(own)
  return {
    application_type: 'web',
    response_types: ['id_token'],
    grant_types: ['implicit', 'client_credentials'],
    initiate_login_uri: address.login,
    redirect_uris: [address.launch],
    client_name: 'M5 Stopknop',
    jwks_uri: address.jwks,
    token_endpoint_auth_method: 'private_key_jwt',
    scope: asksMembers(configuration) ? membersScope : '',
    [toolClaim]: {
      domain: own.host,
      description: items.stopknop.text,
      target_link_uri: address.stopknop,
      custom_parameters: {},
      // Asking for a name turns it on for good in Moodle; these two give a launch and a member list without any.
      claims: ['iss', 'sub'],
      messages: messagesFor(configuration, own),
      ...(configuration.product === 'canvas' ? { [canvas('privacy_level')]: 'anonymous' } : {}),
    },
  }
}

const Id = z.union([z.string().min(1).max(255), z.int().transform(String)])
const Registered = z.object({
  client_id: Id,
  // Moodle gives it here, Canvas not at all.
  [toolClaim]: z.object({ deployment_id: Id.optional() }).optional().catch(undefined),
})

/** @returns null where the answer names no client */
export function readRegistered(answer: unknown): { clientId: string; deploymentId: string | null } | null {
  const parsed = Registered.safeParse(answer)
  if (!parsed.success || !/^[\x21-\x7e]+$/.test(parsed.data.client_id)) return null
  return { clientId: parsed.data.client_id, deploymentId: parsed.data[toolClaim]?.deployment_id ?? null }
}
