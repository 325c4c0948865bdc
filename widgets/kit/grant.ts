/** As in connector/api/contract.ts, which as a value would bring zod along; a test holds the two together. */
export const ticketGrantType = 'urn:m5:params:oauth:grant-type:entry-ticket'
export const tokenExchangeGrantType = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const jwtTokenType = 'urn:ietf:params:oauth:token-type:jwt'
export const viewsClientId = 'm5-views'
