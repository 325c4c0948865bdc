/** Why somebody could not come in by the school's own sign-in, for the administrator who has the number from the screen. No word of a person. */

export interface Explained {
  what: string
  todo: string
}

const ask = 'Ask the issuer by m5 signin test, with the id that stands in the facts.'

const explanations = {
  'sign-in-unreachable': {
    what: 'The issuer, or its keys, could not be reached.',
    todo: `${ask} A firewall here, a name that does not resolve, or a fault there: people can sign in again when it is over.`,
  },
  'sign-in-answer': {
    what: 'The issuer’s answer does not hold: which check failed stands in the facts.',
    todo: `With a time (exp, iat, nbf, auth_time): set both clocks by a time server; a minute is forgiven. With invalid_client: give the client secret anew. With a signature: the issuer changed its keys without publishing them. ${ask}`,
  },
  'sign-in-error': {
    what: 'The issuer refused, in its own word (error in the facts).',
    todo: 'consent_required, admin_policy_enforced, access_not_configured: an administrator of that issuer must allow this application for these users (Google: also for those under 18). server_error: it is their fault; try again later.',
  },
  'sign-in-claims-missing': {
    what: 'The answer lacks a claim that this kind of sign-in must have (Entra: tid and oid; Entree: uid and the BRIN).',
    todo: 'Let the issuer release it to this application: for Entra the scope profile, for Entree the attributes of the connection.',
  },
  'sign-in-other-school': {
    what: 'Somebody signed in with an account of another school: another domain, tenant or BRIN than this sign-in is for.',
    todo: 'Mostly they took the wrong account of their own. When it happens to everybody, the domain, tenant or BRIN of the sign-in is not right: m5 signin list.',
  },
  'sign-in-private-account': {
    what: 'Somebody signed in at Google with an account of no organisation.',
    todo: 'They need the account that the school gave them.',
  },
  'logout-unreachable': {
    what: 'The issuer told of a sign-out, and its keys could not be read to believe it.',
    todo: ask,
  },
  'logout-token': {
    what: 'A sign-out was told with a token that the issuer did not sign. Nobody was signed out by it.',
    todo: 'When it keeps coming from the issuer itself: it must publish the key that it signs with, and use an asymmetric algorithm.',
  },
} satisfies Record<string, Explained>

const wrongLogout: Explained = {
  what: 'A sign-out was told by the issuer with a token that does not hold. Nobody was signed out by it.',
  todo: 'The code names what is wrong (OpenID Connect Back-Channel Logout 1.0, §2.6). Each sign-in has a back-channel address of its own: m5 signin list.',
}

/** @returns undefined for a code that is not of a sign-in */
export function explainSignIn(code: string): Explained | undefined {
  if (Object.hasOwn(explanations, code)) return explanations[code as keyof typeof explanations]
  return code.startsWith('logout-') ? wrongLogout : undefined
}
