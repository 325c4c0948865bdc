/** A connector's schedule alone, in a process of its own, with a source that kills whoever reads it. Says `ready` by IPC when it has planned. */
import type { Adapter } from '../../adapters/source.ts'
import { readConfig } from '../../connector/config.ts'
import { openLog } from '../../connector/log.ts'
import { openDatabase } from '../../connector/store/database.ts'
import { openKeyring } from '../../connector/store/keyring.ts'
import { openSchedule } from '../../connector/sync/schedule.ts'
import { madeUpAdapter, madeUpSchool } from '../connector/sync/made-up.ts'

const config = readConfig()
const log = openLog(config)
const db = await openDatabase(config, log)
const keyring = await openKeyring(config, db)
const adapter = (kind: string): Adapter => ({
  ...madeUpAdapter({
    says: madeUpSchool(),
    pause: async () => {
      if (kind === 'kills') process.kill(process.pid, 'SIGKILL')
    },
  })(kind),
  kind,
})
const schedule = await openSchedule({ db, keyring, log, adapter }, { ...config.schedule, pollSeconds: 1 })
await schedule.plan()
process.send?.('ready')
process.on('SIGTERM', () => void schedule.stop(1000).then(() => process.exit(0)))
