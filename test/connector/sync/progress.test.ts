import { expect, test } from 'vitest'
import { bar } from '../../../connector/cli/output.ts'
import { type Progress, progressReport } from '../../../connector/sync/progress.ts'

test('writes at most four times a second, one at a time, and tells whoever watches at once', async () => {
  let now = 0
  const written: Progress[] = []
  const watched: Progress[] = []
  let finish = () => {}
  const write = (progress: Progress) => {
    written.push(progress)
    return new Promise<void>(resolve => {
      finish = resolve
    })
  }
  const report = progressReport(
    write,
    progress => watched.push(progress),
    () => now,
  )
  for (now = 0; now < 250; now += 50) report({ read: now })
  expect(written).toEqual([])
  now = 250
  report({ read: 250, total: 500 })
  now = 900
  report({ records: 3 })
  expect(written).toEqual([{ phase: 'collect', read: 250, total: 500 }])
  finish()
  await report.settled()
  report({ phase: 'plan' })
  expect(written[1]).toEqual({ phase: 'plan', read: 250, total: 500, records: 3 })
  expect(watched).toHaveLength(8)
})

test('a write that fails is not an error of the sync', async () => {
  let now = 0
  const report = progressReport(
    () => Promise.reject(new Error('gone')),
    undefined,
    () => now,
  )
  now = 300
  report({ read: 1 })
  await report.settled()
})

test.each<[Progress, string]>([
  [{ phase: 'collect', read: 50, total: 100, records: 7 }, 'collect  [############............] 50 % 7 records'],
  [{ phase: 'collect', read: 2048 }, 'collect  2 kB'],
  [{ phase: 'collect', read: 3, total: 2 }, 'collect  [########################] 100 %'],
  [{ phase: 'apply' }, 'apply   '],
])('%j reads %j', (progress, text) => {
  expect(bar(progress)).toBe(text)
})
