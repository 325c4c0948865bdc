/** RFC 9449: a key that cannot leave this page, and the proofs made with it. The key lives in memory and dies with the view. */

const encoder = new TextEncoder()

const base64url = (bytes: ArrayBuffer | Uint8Array<ArrayBuffer>) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')

const encode = (value: unknown) => base64url(encoder.encode(JSON.stringify(value)))

const sha256 = async (text: string) => base64url(await crypto.subtle.digest('SHA-256', encoder.encode(text)))

/** 32 random bytes as 43 letters. */
export const randomSecret = () => base64url(crypto.getRandomValues(new Uint8Array(32)))

type ProofInput = {
  method: string
  url: URL
  /** Milliseconds since 1970, as the connector counts them. */
  now: number
  accessToken?: string | undefined
  nonce?: string | undefined
}

export type Prover = {
  /** RFC 7638 thumbprint of the public key. */
  jkt: string
  proof: (input: ProofInput) => Promise<string>
}

export const createProver = async (): Promise<Prover> => {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  const header = encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } })
  return {
    jkt: await sha256(JSON.stringify({ crv, kty, x, y })), // RFC 7638: members in this order, no white space
    proof: async ({ method, url, now, accessToken, nonce }) => {
      const claims = encode({
        htm: method,
        htu: url.origin + url.pathname,
        iat: Math.floor(now / 1000),
        jti: crypto.randomUUID(),
        ...(accessToken ? { ath: await sha256(accessToken) } : {}),
        ...(nonce ? { nonce } : {}),
      })
      const signed = `${header}.${claims}`
      const signature = await crypto.subtle.sign(
        { name: 'ECDSA', hash: 'SHA-256' },
        pair.privateKey,
        encoder.encode(signed),
      )
      return `${signed}.${base64url(signature)}`
    },
  }
}
