/** The sign-ins of a school as they are stored. */
import { routesTo } from '../store/routes.ts'
import { withTenant } from '../store/scope.ts'
import type { EntryContext } from './context.ts'

export interface SignIn {
  boardId: string
  id: string
  schoolId: string
  label: string
  /** A row of connector/sign-in-kinds.ts. */
  kind: string
  tenant: string | null
  issuer: string
  clientId: string
  secretSealed: Uint8Array | null
  scopes: string
  claim: string
  keyType: string
}

export interface SignInAtSchool extends SignIn {
  school: { brin: string; location: string }
}

/** By what stands on their buttons. */
export async function signInsOf(
  { db }: Pick<EntryContext, 'db'>,
  boardId: string,
  schoolId: string,
): Promise<SignIn[]> {
  return withTenant(db, { boardId, role: 'system' }, tx =>
    tx.signIn.findMany({ where: { boardId, schoolId }, orderBy: [{ label: 'asc' }, { id: 'asc' }] }),
  )
}

export async function findSignIn(
  { db }: Pick<EntryContext, 'db'>,
  boardId: string,
  id: string,
): Promise<SignInAtSchool | null> {
  return withTenant(db, { boardId, role: 'system' }, tx =>
    tx.signIn.findUnique({
      where: { boardId_id: { boardId, id } },
      include: { school: { select: { brin: true, location: true } } },
    }),
  )
}

/** For who comes with the id alone. */
export async function signInAnywhere({ db }: Pick<EntryContext, 'db'>, id: string): Promise<SignInAtSchool | null> {
  const [route] = await routesTo(db, 'sign-in', id)
  return route ? findSignIn({ db }, route.toBoardId, id) : null
}
