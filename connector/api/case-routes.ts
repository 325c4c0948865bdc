/** Cases and their contacts, for the coordinator, the leaders, and who opened one: the rights are in connector/cases/rights.ts. */
import { json, type Request, Router } from 'express'
import { z } from 'zod'
import { closeCase, listCases, openCase, readCase } from '../cases/cases.ts'
import { addContact, removeContact, sendLink, writeTo } from '../cases/contacts.ts'
import { bearerOf, parse } from '../entry/frame-routes.ts'
import { AppError } from '../errors.ts'
import type { ApiContext } from './context.ts'
import { Case, CaseInput, Cases, ContactInput, Made, MessageInput } from './contract.ts'

export function caseRoutes(context: ApiContext): Router {
  const router = Router()
  const asker = async (req: Request) => {
    const { boardId, schoolId, personId, channel } = await context.access.caller(bearerOf(req, context.config.url))
    return { boardId, schoolId, personId, channel }
  }
  router.use('/cases', json({ limit: '32kb' }))

  router.get('/cases', async (req, res) => {
    res.json(Cases.parse(plain({ cases: await listCases(context, await asker(req)) })))
  })

  router.post('/cases', async (req, res) => {
    const who = await asker(req)
    res.status(201).json(Made.parse(await openCase(context, who, parse(CaseInput, req.body).personId)))
  })

  router.get('/cases/:caseId', async (req, res) => {
    res.json(Case.parse(plain(await readCase(context, await asker(req), id(req.params.caseId)))))
  })

  router.post('/cases/:caseId/close', async (req, res) => {
    await closeCase(context, await asker(req), id(req.params.caseId))
    res.status(204).end()
  })

  router.post('/cases/:caseId/contacts', async (req, res) => {
    const who = await asker(req)
    const contact = parse(ContactInput, req.body)
    res.status(201).json(Made.parse(await addContact(context, who, { caseId: id(req.params.caseId), contact })))
  })

  router.post('/cases/:caseId/contacts/:contactId/remove', async (req, res) => {
    await removeContact(context, await asker(req), at(req.params))
    res.status(204).end()
  })

  router.post('/cases/:caseId/contacts/:contactId/messages', async (req, res) => {
    const who = await asker(req)
    const { text } = parse(MessageInput, req.body)
    res.status(201).json(Made.parse(await writeTo(context, who, { ...at(req.params), text })))
  })

  router.post('/cases/:caseId/contacts/:contactId/link', async (req, res) => {
    await sendLink(context, await asker(req), at(req.params))
    res.status(202).end()
  })

  return router
}

const at = (params: { caseId: string; contactId: string }) => ({
  caseId: id(params.caseId),
  contactId: id(params.contactId),
})

/** What is no id is an id of nothing. @throws AppError `not-found` */
function id(text: string): string {
  const verdict = z.uuid().safeParse(text)
  if (!verdict.success) throw new AppError('not-found', 'There is no such case for you.', { reason: 'case-unknown' })
  return verdict.data
}

/** Times as the contract has them. */
const plain = (value: object): unknown => JSON.parse(JSON.stringify(value))
