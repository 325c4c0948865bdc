/** Asks Classroom to tell a topic of Pub/Sub who joins and leaves courses. It does so for a week, so that each reading asks again. */
import { z } from 'zod'
import { type SourceContext, SourceError } from '../source.ts'
import { type ClientSettings, googleApis, isUngranted, unread } from './client.ts'
import { wakeUpScopes } from './options.ts'
import { googleTokens, isUndelegated, type TokenRequest } from './token.ts'

const Registration = z.object({ error: z.undefined().optional(), registrationId: z.string().min(1) })

/** Why nobody will be woken. `code` is Google's or ours, `says` a sentence for an administrator. */
export interface Unregistered {
  code: string
  says: string
}

/**
 * The same question again prolongs what is there. What goes wrong here keeps no roster from being read.
 * @returns undefined when Classroom will tell
 * @throws SourceError only when the run is stopped
 * Source: Classroom, registrations.create and "Push notifications".
 */
export async function register(
  context: SourceContext,
  { topic, ...asked }: Omit<TokenRequest, 'scopes'> & { topic: string },
  limits: ClientSettings & { endpoint?: string | undefined },
): Promise<Unregistered | undefined> {
  const { classroom, ask } = await googleApis(
    context,
    googleTokens(context, { ...asked, scopes: wakeUpScopes }),
    limits,
  )
  const question = {
    fields: 'registrationId',
    requestBody: { feed: { feedType: 'DOMAIN_ROSTER_CHANGES' }, cloudPubsubTopic: { topicName: topic } },
  }
  try {
    await ask(Registration, () => classroom.registrations.create(question, unread), { tries: 2 })
    return undefined
  } catch (error) {
    if (!(error instanceof SourceError) || context.signal.aborted) throw error
    return unregistered(error)
  }
}

function unregistered(error: SourceError): Unregistered {
  if (isUndelegated(error))
    return { code: 'not-delegated', says: `delegate these scopes too: ${wakeUpScopes.join(',')}` }
  // "Domain-wide delegation of authority is not currently supported for this purpose."
  if (isUngranted(error))
    return {
      code: 'MissingGrant',
      says: 'Google takes no delegation for this: the administrator to act for must agree in person, once, to these scopes for the Google Cloud project of the service account',
    }
  if (error.status === 404)
    return {
      code: 'no-topic',
      says: 'the topic is not there, or classroom-notifications@system.gserviceaccount.com may not publish to it (role Pub/Sub Publisher)',
    }
  return { code: error.code, says: error.message }
}
