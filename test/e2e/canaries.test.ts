import { describe, expect, it } from 'vitest'
import { canaries } from '../proof/canaries.ts'

describe('a dump of the database and its data directory', () => {
  it('shows no name and no word of a report, and shows what is not sealed', async () => {
    const found = await canaries({ reports: 120 })
    expect(found.hits).toEqual([])
    expect(found.searchedFor).toBeGreaterThan(500)
    expect(found.controlHits).toBeGreaterThan(0)
  })
})
