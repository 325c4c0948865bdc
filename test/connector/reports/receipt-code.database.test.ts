import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { drawCodes, receiptCodeDays } from '../../../connector/reports/receipt-code.ts'
import { openTurns } from '../../../connector/reports/receipt-code-turns.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { type SignedIn, signInAs } from '../../support/frame.ts'
import { tablesHolding } from '../../support/seed.ts'
import { openWorld, type World } from '../../support/world.ts'
import { signedPost } from './sending.ts'

let w: World
let pupil: SignedIn
let csv: SignedIn
beforeAll(async () => {
  w = await openWorld()
  pupil = await signInAs(w.origin, w.schools.own.key, w.people.pupil.subject)
  csv = await signInAs(w.origin, w.schools.own.key, w.people.csv.subject)
})
beforeEach(() => w.shift(0))
afterAll(() => w.close())

interface Receipt {
  id: string
  receivedAt: string
  standing: string
  mac: string
  code?: string
}
const dayMs = 86_400_000
const body = () => JSON.stringify({ v: 1, behaviours: ['GOSSIP'], words: randomUUID() })
async function send(text = body(), key = randomUUID(), school = w.schools.own.key): Promise<Receipt> {
  const response = await fetch(`${w.origin}/api/reports?school=${school}`, {
    method: 'POST',
    headers: { 'idempotency-key': key },
    body: text,
  })
  expect([200, 201]).toContain(response.status)
  return (await response.json()) as Receipt
}
async function look(words: string | undefined, school = w.schools.own.key) {
  const response = await fetch(`${w.origin}/status?s=${school}`, {
    method: 'POST',
    body: new URLSearchParams({ words: words ?? '' }),
  })
  const text = await response.text()
  return { status: response.status, text, headers: response.headers, h1: /<h1>([^<]*)/.exec(text)?.[1] }
}
const codes = (reportId: string) =>
  withTenant(w.t.db, { boardId: w.schools.own.boardId, role: 'system' }, tx =>
    tx.receiptCode.findMany({ where: { boardId: w.schools.own.boardId, reportId } }),
  )
const threeWords = /^[a-z]{3,8} [a-z]{3,8} [a-z]{3,8}$/

describe('the receipt of a report without a name', () => {
  it('has three words, stored as a fingerprint for a school year and sixty days, and readable nowhere', async () => {
    const receipt = await send()
    expect(receipt.code).toMatch(threeWords)
    const [row, ...more] = await codes(receipt.id)
    expect(more).toEqual([])
    expect(row?.schoolId).toBe(w.schools.own.id)
    expect(Number(row?.expiresAt) - Date.parse(receipt.receivedAt)).toBe(receiptCodeDays * dayMs)
    expect(await tablesHolding(w.t, String(receipt.code))).toEqual([])
  })

  it('has the same words when the answer was lost and the same comes again', async () => {
    const [text, key] = [body(), randomUUID()]
    const first = await send(text, key)
    expect(await send(text, key)).toEqual(first)
    expect(await codes(first.id)).toHaveLength(1)
  })

  it('has the same words for 64 that come at once, and one row', async () => {
    const [text, key] = [body(), randomUUID()]
    const all = await Promise.all(Array.from({ length: 64 }, () => send(text, key)))
    expect(new Set(all.map(({ code }) => code)).size).toBe(1)
    expect(await codes(String(all[0]?.id))).toHaveLength(1)
  })

  it('has other words for another text under the same key', async () => {
    const key = randomUUID()
    expect((await send(body(), key)).code).not.toBe((await send(body(), key)).code)
  })

  it('passes over words that another report has', async () => {
    const [text, key] = [body(), randomUUID()]
    const { boardId, id: schoolId } = w.schools.own
    const keys = await w.t.keyring.board(boardId)
    const bodyPrint = keys.fingerprint('report-body', Buffer.from(text))
    const [taken, next] = drawCodes(keys, { schoolId, idemKey: key, bodyPrint })
    if (!taken || !next) throw new Error('nothing drawn')
    const other = await send()
    await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.receiptCode.create({
        data: { boardId, schoolId, codeTag: taken.tag, reportId: other.id, expiresAt: new Date(Date.now() + dayMs) },
      }),
    )
    expect((await send(text, key)).code).toBe(next.code)
    expect((await send(text, key)).code).toBe(next.code)
  })

  it('has none when somebody is signed in', async () => {
    const { receipt } = await pupil.report({ v: 1, behaviours: ['GOSSIP'] })
    expect(receipt).not.toHaveProperty('code')
    expect(await codes(receipt.id)).toEqual([])
  })

  it('gives no new words once they are too old', async () => {
    const [text, key] = [body(), randomUUID()]
    const { id } = await send(text, key)
    await w.t.asSuperuser(client => client.query('delete from "ReceiptCode" where "reportId" = $1', [id]))
    expect(await send(text, key)).not.toHaveProperty('code')
    expect(await codes(id)).toEqual([])
  })

  it('shows them on the page without JavaScript too, the same after a second press', async () => {
    const form = new URLSearchParams({ key: randomUUID(), behaviour: 'GOSSIP' })
    const post = async () => {
      const response = await fetch(`${w.origin}/meld?s=${w.schools.own.key}`, { method: 'POST', body: form })
      const text = await response.text()
      return [...text.matchAll(/<b>([a-z]+)<\/b>/g)].map(([, word]) => word).join(' ')
    }
    const first = await post()
    expect(first).toMatch(threeWords)
    expect(await post()).toBe(first)
    expect((await look(first)).h1).toBe('School heeft je melding')
  })
})

describe('the status page', () => {
  it('says how far the school is, and what it wants to say, and nothing else', async () => {
    const receipt = await send(JSON.stringify({ v: 1, behaviours: ['HURTING'], words: 'kanariewoord' }))
    expect((await look(receipt.code)).h1).toBe('School heeft je melding')
    const say = (state: string, message?: string) =>
      signedPost(csv, `${w.origin}/api/reports/${receipt.id}/progress`, { state, ...(message ? { message } : {}) })
    for (const [state, h1] of [
      ['READ', 'School heeft je melding gelezen'],
      ['IN_PROGRESS', 'School is ermee bezig'],
      ['DONE', 'School is hiermee klaar'],
    ] as const) {
      expect((await say(state)).status).toBe(204)
      expect((await look(receipt.code)).h1).toBe(h1)
    }
    await say('IN_PROGRESS', 'Kom <maandag> bij juf Hulya.')
    const { text, headers } = await look(receipt.code)
    expect(text).toContain('Kom &lt;maandag&gt; bij juf Hulya.')
    expect(text).not.toMatch(/kanariewoord|HURTING|\d\d:\d\d/)
    expect(text).not.toContain(receipt.id)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(await tablesHolding(w.t, 'bij juf Hulya')).toEqual([])
  })

  it('understands words as a child types them', async () => {
    const { code = '' } = await send()
    for (const typed of [code.toUpperCase(), code.replaceAll(' ', '-'), ` ${code.replaceAll(' ', '\n')}. `])
      expect((await look(typed)).h1).toBe('School heeft je melding')
  })

  it('is the same page for words that nobody has, for half a code, for none, and for those of another school', async () => {
    const foreign = await send(body(), randomUUID(), w.schools.foreign.key)
    const sister = await send(body(), randomUUID(), w.schools.sister.key)
    const { code = '' } = await send()
    const wrong = await look('appel konijn zeehond')
    expect(wrong).toMatchObject({ status: 200, h1: 'Hoe gaat het met je melding?' })
    expect(wrong.text).toContain('Bij deze woorden vinden we geen melding')
    for (const words of ['', 'x', code.split(' ').slice(0, 2).join(' '), foreign.code, sister.code, "' or 1=1 --"])
      expect([words, (await look(words)).text]).toEqual([words, wrong.text])
  })

  it('shows nothing any more once the words are too old', async () => {
    const { code } = await send()
    w.shift((receiptCodeDays - 1) * dayMs)
    expect((await look(code)).h1).toBe('School heeft je melding')
    w.shift((receiptCodeDays + 1) * dayMs)
    expect((await look(code)).h1).toBe('Hoe gaat het met je melding?')
  })

  it('answers no sooner for words that it does not know than for those it does', async () => {
    const { code } = await send()
    for (const words of [code, 'appel konijn zeehond', '']) {
      const from = performance.now()
      await look(words)
      expect(performance.now() - from).toBeGreaterThanOrEqual(295)
    }
  })

  it.for(['', 'pk_unknown_school'])('has the help lines also for a school that nobody knows: %s', async key => {
    const { status, text } = await look('appel', key)
    expect(status).toBe(404)
    for (const line of ['geen alarmnummer', 'Bel 112', '0800-0432', '0900-1113111']) expect(text).toContain(line)
  })

  it('reads more than its form can send as no form', async () => {
    const { status, text } = await look('x'.repeat(10_000))
    expect(status).toBe(413)
    expect(text).toContain('Bel 112')
  })
})

describe('turns', () => {
  const clock = () => new Date('2026-11-23T10:00:00.000Z')
  const turnsOf = () => openTurns({ ...w.t, clock })
  const school = () => ({ boardId: w.schools.own.boardId, id: randomUUID() })

  it('are free for a class, then one after the other, then not in the next half minute', async () => {
    const [turns, at] = [turnsOf(), school()]
    const waits: (number | null)[] = []
    for (let i = 0; i < 100; i++) waits.push(await turns.take(at, '4:192.0.2'))
    const counted = [0, 10_000, 20_000, 30_000, null].map(ms => waits.filter(wait => wait === ms).length)
    expect(counted).toEqual([20, 20, 20, 20, 20])
  })

  it('are no more when all come at once', async () => {
    const [turns, at] = [turnsOf(), school()]
    const waits = await Promise.all(Array.from({ length: 100 }, () => turns.take(at, '4:192.0.2')))
    expect(waits.filter(wait => wait === 0).length).toBeLessThanOrEqual(20)
    expect(waits.filter(wait => wait === null)).toHaveLength(20)
  })

  it('come again when the clock is put back', async () => {
    const [at, times] = [school(), ['2027-11-23T10:00:00Z', '2026-11-23T10:00:00Z']]
    const turns = openTurns({ ...w.t, clock: () => new Date(String(times[0])) })
    await turns.take(at, '4:192.0.2')
    times.shift()
    expect(await turns.take(at, '4:192.0.2')).toBe(0)
  })

  it('are counted by all connectors together', async () => {
    const at = school()
    const [one, other] = [turnsOf(), turnsOf()]
    const waits: (number | null)[] = []
    for (let i = 0; i < 40; i++) waits.push(await (i % 2 ? one : other).take(at, '4:192.0.2'))
    expect(waits.filter(wait => wait === 0)).toHaveLength(20)
  })

  it('of one network leave those of another', async () => {
    const [turns, at] = [turnsOf(), school()]
    await Promise.all(Array.from({ length: 20 }, () => turns.take(at, '4:192.0.2')))
    expect(await turns.take(at, '4:198.51.100')).toBe(0)
    expect(await turns.take(school(), '4:192.0.2')).toBe(0)
  })

  it('of a whole school are no more than three a second, from however many networks', async () => {
    const [turns, at] = [turnsOf(), school()]
    const waits = await Promise.all(Array.from({ length: 200 }, (_, i) => turns.take(at, `4:10.0.${i}`)))
    expect(waits.filter(wait => wait === 0)).toHaveLength(30)
    expect(waits.filter(wait => wait === null).length).toBe(80)
  })

  it('keep no address', async () => {
    const at = school()
    await turnsOf().take(at, '4:203.0.113')
    expect(await tablesHolding(w.t, '203.0.113')).toEqual([])
  })
})
