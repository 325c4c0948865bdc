/** GET /api/form: what the form needs before anybody has signed in. */
import { Router } from 'express'
import type { ApiContext, SchoolHere } from './context.ts'
import { FormInfo, type HelpLine } from './contract.ts'

/** Shown until the school has confirmed or changed them. Source: domain notes §9.6, to be verified by the school at set-up. */
const helpLines: HelpLine[] = [
  { name: '112', phone: '112', note: 'Bij gevaar, nu meteen' },
  {
    name: 'De Kindertelefoon',
    phone: '0800-0432',
    url: 'https://www.kindertelefoon.nl',
    note: 'Gratis, 8 tot 18 jaar',
  },
  { name: 'Veilig Thuis', phone: '0800-2000', url: 'https://www.veiligthuis.nl', note: 'Gratis, dag en nacht' },
  { name: '113', phone: '113', url: 'https://www.113.nl', note: 'Bij gedachten aan zelfmoord. Gratis, dag en nacht' },
]

export function formRoutes(context: ApiContext): Router {
  const router = Router()
  router.get('/form', async (req, res) => {
    res.json(formInfo(await context.school(req.query.school)))
  })
  return router
}

/** Also printed into the page of the form, so that its first screen is whole without a second request. */
export function formInfo({ name, publishableKey, settings, signIn }: SchoolHere): FormInfo {
  const own = settings.helpLines?.map(({ label, phone, url }) => ({
    name: label,
    ...(phone ? { phone } : {}),
    ...(url ? { url } : {}),
  }))
  return FormInfo.parse({ school: { key: publishableKey, name }, signIn, helpLines: own ?? helpLines })
}
