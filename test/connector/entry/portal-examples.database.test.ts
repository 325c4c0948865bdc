/** What a portal is handed (manifest/portal), run as it is handed over, against the real connector. */
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addOrigin } from '../../../connector/admin/origins.ts'
import { hasPhp, nodeSigner, type PortalSigner, phpSigner, unpackPortal } from '../../school/portal-signs.ts'
import { listen, type Site, send } from '../../school/site.ts'
import { signedIn } from '../../support/frame.ts'
import { openWorld, type World } from '../../support/world.ts'
import { exchange, registerPortal } from './portal-world.ts'

let w: World
let at: string
beforeAll(async () => {
  w = await openWorld()
  at = unpackPortal({ connector: w.origin, schoolKey: w.schools.own.key })
})
afterAll(async () => {
  await w?.close()
  rmSync(at, { recursive: true, force: true })
})

const examples: [string, boolean, () => Promise<PortalSigner> | PortalSigner][] = [
  ['Node', true, () => nodeSigner(at)],
  [hasPhp ? 'PHP' : 'PHP (skipped: php with openssl is not installed)', hasPhp, () => phpSigner(at)],
]

for (const [name, here, open] of examples)
  describe.runIf(here)(`the example for ${name}`, () => {
    let signer: PortalSigner
    let site: Site
    beforeAll(async () => {
      signer = await open()
      const keySet = signer.keySet()
      site = await listen(
        (_request, response) => send(response, 200, 'application/json', JSON.stringify(keySet)),
        '127.0.0.1',
        0,
      )
      const { boardId, id: schoolId } = w.schools.own
      await registerPortal(w, w.schools.own, { origin: site.origin, jwksUrl: `${site.origin}/jwks.json` })
      await addOrigin(w.t, { boardId, schoolId, origin: site.origin })
    })
    afterAll(() => site?.close())

    it('signs what is exchanged, and what opens the form: whoever sits there is known by name', async () => {
      for (const who of [w.people.pupil, w.people.parent]) {
        const token = signer.token(site.origin, site.origin, who.sisId)
        const { status, body, frame } = await exchange(w, token, { origin: site.origin })
        expect([status, body.error_description]).toEqual([200, undefined])
        const tokens = { access: String(body.access_token), refresh: String(body.refresh_token) }
        const me = await signedIn(w.origin, w.schools.own.key, frame, tokens).get('/api/me')
        expect(me.status).toBe(200)
      }
    })

    it('signs anew each time, also where a number of the signature begins with a zero', {
      timeout: 60_000,
    }, async () => {
      // One in 128 has one: of so many some do, and DER drops or adds a byte there.
      const tokens = Array.from({ length: name === 'Node' ? 300 : 40 }, () =>
        signer.token(site.origin, site.origin, w.people.pupil.sisId),
      )
      expect(new Set(tokens).size).toBe(tokens.length)
      for (const token of tokens) expect(Buffer.from(token.split('.')[2] ?? '', 'base64url')).toHaveLength(64)
      for (const token of tokens.slice(0, 40))
        expect((await exchange(w, token, { origin: site.origin })).status).toBe(200)
    })

    it('names its keys as others do, and keeps the private one to itself', () => {
      const { keys } = signer.keySet()
      expect(keys).toHaveLength(1)
      expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    })
  })

describe.runIf(hasPhp)('both examples', () => {
  it('name one key alike (RFC 7638), so that a portal can change its language', async () => {
    expect(phpSigner(at).keySet()).toEqual((await nodeSigner(at)).keySet())
  })
})
