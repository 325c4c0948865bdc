/** Sources that are files on the school's own disk: written anew whenever the school changes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toEdexml } from '../edexml.ts'
import { pupilSourceId, teacherSourceId } from '../generate.ts'
import { oneRosterBundle } from './oneroster-csv.ts'
import { pupilIdOf, teacherIdOf } from './oneroster-school.ts'
import type { StartSis } from './sis.ts'

/** An EDEX.XML that an administrator exports by hand. */
export const startEdexmlFile: StartSis = async ({ school, clock }) => {
  const folder = await mkdtemp(join(tmpdir(), 'm5-edexml-'))
  const path = join(folder, 'EDEX.XML')
  const publish = () => writeFile(path, toEdexml(school(), { version: '2.1', createdAt: clock() }))
  await publish()
  return {
    kind: 'edexml-file',
    url: path,
    options: { path },
    sourceIdOf: { pupil: pupilSourceId, teacher: teacherSourceId },
    requests: [],
    publish,
    behave() {
      throw new Error('a file has no server to misbehave')
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

/** A zip that the administration exports, whole. */
export const startOneRosterCsv: StartSis = async ({ school }) => {
  const folder = await mkdtemp(join(tmpdir(), 'm5-oneroster-'))
  const path = join(folder, 'oneroster.zip')
  const publish = () => writeFile(path, oneRosterBundle(school()).zip)
  await publish()
  return {
    kind: 'oneroster-csv',
    url: path,
    options: { path, ...oneRosterBundle(school()).options },
    sourceIdOf: { pupil: key => `user:${pupilIdOf(key)}`, teacher: key => `user:${teacherIdOf(key)}` },
    requests: [],
    publish,
    behave() {
      throw new Error('a file has no server to misbehave')
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
}
