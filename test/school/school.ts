/**
 * A whole school on localhost: its SIS, the connector, its sign-in and its portal, each on a site of its own, because cookies do not tell ports
 * apart. Demo, end-to-end tests and benches open this one.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AdminContext } from '../../connector/admin/context.ts'
import { addOrigin } from '../../connector/admin/origins.ts'
import { addSignIn } from '../../connector/admin/sign-ins.ts'
import { openApp } from '../../connector/app.ts'
import { readConfig } from '../../connector/config.ts'
import { callbackUrl } from '../../connector/entry/upstreams.ts'
import { type FurnishedSchool, type FurnishOptions, furnish, nearby } from './furnish.ts'
import { signInPeople } from './people.ts'
import { type Portal, startPortal } from './portal.ts'
import { type SignIn, startSignIn } from './sign-in.ts'

export interface Ports {
  connector: number
  portal: number
  signIn: number
  sis: number
}

export interface School extends FurnishedSchool {
  connector: string
  portal: Portal
  signIn: SignIn
  close(): Promise<void>
}

const anyPort: Ports = { connector: 0, portal: 0, signIn: 0, sis: 0 }

/** @param ctx an open database and keyring; they stay the caller's to close. `clock` is the connector's */
export async function openSchool(
  ctx: AdminContext,
  options: FurnishOptions & { ports?: Ports; clock?: () => Date; data?: string },
): Promise<School> {
  const { ports = anyPort, says = () => {} } = options
  const furnished = await furnish(ctx, { ...options, sis: { port: ports.sis } })
  const { boardId, school, generated, sis } = furnished
  const at = { boardId, schoolId: school.id }

  says("the school's sign-in")
  const signIn = await startSignIn({
    host: '127.0.0.2',
    port: ports.signIn,
    school: generated.name,
    people: signInPeople(generated, furnished.knownAs),
  })
  const secret = 'demo-geheim'
  const row = await addSignIn(ctx, {
    ...at,
    label: `Inloggen met ${generated.name}`,
    ...{ issuer: signIn.issuer, clientId: 'm5', secret, claim: 'sis_id', keyType: 'sis-id' },
  })

  says('the connector')
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(ports.connector, 'localhost', resolve)
  })
  const connector = `http://localhost:${(server.address() as AddressInfo).port}`
  const config = readConfig({
    M5_URL: connector,
    M5_PRIVATE_HOSTS: nearby.join(','),
    ...(options.data ? { M5_DATA: options.data } : {}),
  })
  signIn.addClient({ client_id: 'm5', client_secret: secret, redirect_uris: [callbackUrl({ config }, row.id)] })
  server.on('request', await openApp({ config, ...ctx, ...(options.clock ? { clock: options.clock } : {}) }))

  says('the portal')
  const portal = await startPortal({
    host: '127.0.0.1',
    port: ports.portal,
    connector,
    schoolKey: school.publishableKey,
    school: generated.name,
  })
  await addOrigin(ctx, { ...at, origin: portal.url })

  return {
    ...furnished,
    connector,
    portal,
    signIn,
    async close() {
      await new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      await Promise.all([portal.close(), signIn.close(), sis.close()])
    },
  }
}
