/** The whole school of the demo, on a database of its own, for one test file. */

import { type Meeting, peopleToMeet } from '../school/meet.ts'
import { openSchool, type School } from '../school/school.ts'
import { type TestDatabase, testDatabase } from './database.ts'

export interface WholeSchool extends School {
  database: TestDatabase
  meet: Meeting
}

export async function wholeSchool(options: { reports?: number } = {}): Promise<WholeSchool> {
  const database = await testDatabase()
  const { db, keyring, log } = database
  const school = await openSchool({ db, keyring, log }, { today: new Date(), reports: 0, ...options })
  return {
    ...school,
    database,
    meet: peopleToMeet(school.generated),
    async close() {
      await school.close()
      await database.close()
    },
  }
}
