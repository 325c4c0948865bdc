/** The login request, as a platform sends it: GET or POST, before anybody is known. Pure. Source: 1EdTech security framework 1.0 §5.1.1. */
import { plain, viewOf } from './launch.ts'

export interface Login {
  issuer: string
  clientId: string | undefined
  deploymentId: string | undefined
  loginHint: string
  messageHint: string | undefined
  /** `_parent` or the name of a frame; only such a name goes into our page. */
  storage: string | undefined
}

export type LoginRefusal = 'login-field' | 'login-target'

/** A hint may be a whole token of the platform's (Canvas). */
const longestHint = 8000

/** @param fields as a query or a form gives them; what came twice is a list, and refused */
export function readLogin(
  fields: Record<string, unknown>,
  own: URL,
): { login: Login } | { problem: LoginRefusal; field: string } {
  const problem = (field: string) => ({ problem: 'login-field' as const, field })
  const optional = (name: string, longest: number): string | undefined | null => {
    const value = fields[name]
    if (value === undefined || value === '') return undefined
    return plain(value, longest) ? value : null
  }
  const issuer = optional('iss', 300)
  if (!issuer || !URL.canParse(issuer)) return problem('iss')
  const loginHint = optional('login_hint', longestHint)
  if (!loginHint) return problem('login_hint')
  const messageHint = optional('lti_message_hint', longestHint)
  if (messageHint === null) return problem('lti_message_hint')
  const clientId = optional('client_id', 300)
  if (clientId === null) return problem('client_id')
  // Canvas says `deployment_id` as well.
  const deploymentId = optional('lti_deployment_id', 255)
  if (deploymentId === null) return problem('lti_deployment_id')
  const storage = optional('lti_storage_target', 100)
  if (storage === null || (storage !== undefined && !/^[\w.-]+$/.test(storage))) return problem('lti_storage_target')
  if (!viewOf(fields.target_link_uri, own)) return { problem: 'login-target', field: 'target_link_uri' }
  return { login: { issuer, clientId, deploymentId, loginHint, messageHint, storage } }
}
