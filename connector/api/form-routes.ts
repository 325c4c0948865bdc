/** GET /api/form: what the form needs before anybody has signed in. */
import { Router } from 'express'
import type { ApiContext, SchoolHere } from './context.ts'
import { FormInfo } from './contract.ts'
import { type Language, languageOf, plainWords } from './plain-words.ts'

export function formRoutes(context: ApiContext): Router {
  const router = Router()
  router.get('/form', async (req, res) => {
    res.json(formInfo(await context.school(req.query.school), languageOf(req)))
  })
  return router
}

/**
 * Also printed into the page of the form, so that its first screen is whole without a second request. Our own help lines are shown until the
 * school has confirmed or changed them. Source: domain notes §9.6, to be verified by the school at set-up.
 */
export function formInfo({ name, publishableKey, settings, signIn }: SchoolHere, language: Language = 'nl'): FormInfo {
  const own = settings.helpLines?.map(({ label, phone, url }) => ({
    name: label,
    ...(phone ? { phone } : {}),
    ...(url ? { url } : {}),
  }))
  const helpLines = own ?? plainWords[language].helpLines
  return FormInfo.parse({ school: { key: publishableKey, name }, signIn, helpLines })
}
