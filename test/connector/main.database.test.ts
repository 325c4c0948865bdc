/** The service as it is started: a process of its own, with the embedded database of its own data directory. */
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startConnector } from '../support/connector-process.ts'
import { dataDirectory, removeDataDirectory } from '../support/data-directory.ts'

let data: string
beforeEach(() => {
  data = dataDirectory('main')
})
afterEach(() => removeDataDirectory(data))

const databaseRuns = () => existsSync(join(data, 'postgres', 'postmaster.pid'))

async function takenPort() {
  const server = createServer()
  await new Promise<void>(done => server.listen(0, 'localhost', done))
  const { port } = server.address() as AddressInfo
  return { url: `http://localhost:${port}`, free: () => new Promise(done => server.close(done)) }
}

it('is stopped in order by whoever hears that it is ready, however soon', async () => {
  const connector = await startConnector({ M5_DATA: data })
  expect(await connector.stop()).toBe(0)
  expect(databaseRuns()).toBe(false)
})

it('clears away what a crash left of an upload, and not what somebody is sending', async () => {
  const uploads = join(data, 'uploads')
  mkdirSync(uploads)
  for (const name of ['left.xml', 'sent.xml']) writeFileSync(join(uploads, name), '<EDEX>')
  const hourAgo = new Date(Date.now() - 3_600_000)
  utimesSync(join(uploads, 'left.xml'), hourAgo, hourAgo)
  const connector = await startConnector({ M5_DATA: data })
  expect(readdirSync(uploads)).toEqual(['sent.xml'])
  await connector.stop()
})

describe('a start that is refused', () => {
  it('stops the database that it started, when the port is taken', async () => {
    const { url, free } = await takenPort()
    await expect(startConnector({ M5_DATA: data, M5_URL: url })).rejects.toThrow(/Port \d+ is in use/)
    expect(databaseRuns()).toBe(false)
    await free()
  })

  it('stops the database that it started, when the master key is another one', async () => {
    const first = await startConnector({ M5_DATA: data })
    expect(await first.stop()).toBe(0)
    const other = startConnector({ M5_DATA: data, M5_MASTER_KEY: 'ab'.repeat(32) })
    await expect(other).rejects.toThrow(/This master key does not open/)
    expect(databaseRuns()).toBe(false)
  })

  it('leaves the database to the connector that runs on it', async () => {
    const running = await startConnector({ M5_DATA: data })
    const pid = () => readFileSync(join(data, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]
    const before = pid()
    await expect(startConnector({ M5_DATA: data, M5_URL: running.origin })).rejects.toThrow(/is in use/)
    expect((await fetch(`${running.origin}/readyz`)).status).toBe(200)
    expect(pid()).toBe(before)
    await running.stop()
    expect(databaseRuns()).toBe(false)
  })
})
