/** The demo's whole school over real HTTP: generated, served as UWLR, read. */
import { expect, it } from 'vitest'
import { uwlr } from '../../adapters/edexml/uwlr.ts'
import { toEdexml } from '../school/edexml.ts'
import { canariesOf, generateSchool } from '../school/generate.ts'
import { startUwlrServer } from '../school/sis/uwlr-server.ts'
import { readAll } from './conformance.ts'
import { context, now } from './support.ts'

it('reads all of the generated school, and nothing that must not come', async () => {
  const school = generateSchool({ today: '2026-11-23' })
  const document = toEdexml(school, { version: '2.1', createdAt: now })
  const credentials = { key: 'demo', customerCode: 'demo' }
  const server = await startUwlrServer({ edexml: () => document, credentials, clock: () => now })
  try {
    const options = uwlr.options.parse({ url: server.url, ...credentials, customerName: 'Demo', brin: school.brin })
    const everything = await readAll(uwlr.open(options, context()))
    expect(everything.proof).toMatchObject({
      kind: 'snapshot',
      createdAt: now.toISOString(),
      scope: { brin: school.brin, location: school.location, schoolYear: school.schoolYear },
      counts: { school: 1, group: school.groups.length, person: school.pupils.length + school.teachers.length },
    })
    const text = JSON.stringify(everything)
    // The school's children start on their fourth birthday: one child's start can be another's birth date.
    const starts = new Set(school.pupils.map(({ startsOn }) => startsOn))
    for (const canary of canariesOf(school).filter(each => !starts.has(each))) {
      expect(document).toContain(canary)
      expect(text).not.toContain(canary)
    }
  } finally {
    await server.close()
  }
})
