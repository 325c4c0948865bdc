import { describe, expect, it } from 'vitest'
import { crash } from '../proof/crash.ts'

describe('a receipt', () => {
  it('is in the database once after kill -9 of the connector and of PostgreSQL', async () => {
    const found = await crash({ reports: 1000, kills: 1 })
    expect(found).toMatchObject({ given: 1000, lost: 0, duplicates: 0, kills: { connector: 1, database: 1 } })
  })

  it('would be lost with synchronous_commit off, or this proves nothing', async () => {
    let lost = 0
    for (let tries = 0; tries < 3 && lost === 0; tries++)
      lost = (await crash({ reports: 1000, kills: 1, asynchronous: true })).lost
    expect(lost).toBeGreaterThan(0)
  })
})
