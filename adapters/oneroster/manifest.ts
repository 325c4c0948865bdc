/** What a bundle says it holds. Source: 1EdTech OneRoster CSV binding, "manifest.csv". */
import { SourceError } from '../source.ts'
import type { BundleFile } from './bundle.ts'
import type { Mode, Rows, Version } from './rows.ts'

export interface Manifest {
  version: Version
  kind: 'bulk' | 'delta'
  modes: Record<Exclude<BundleFile, 'manifest.csv'>, Mode>
}

const words: readonly string[] = ['absent', 'bulk', 'delta']
const data = ['orgs', 'academicSessions', 'classes', 'enrollments', 'roles', 'users'] as const

/** @throws SourceError `malformed` for another version, a word that is none, or whole lists among changes; `incomplete` when a list is absent from a whole bundle */
export async function readManifest(rows: Rows): Promise<Manifest> {
  const said = new Map<string, string>()
  await rows.each('manifest.csv', ({ propertyName = '', value = '' }) => said.set(propertyName, value))
  const version = /^1\.[12](?=$|\.)/.exec(said.get('oneroster.version') ?? '')?.[0]
  if (version !== '1.1' && version !== '1.2')
    throw new SourceError('malformed', 'the manifest names no version of OneRoster that we read (1.1, 1.2)')
  const modes = Object.fromEntries(
    data.map(name => {
      const word = (said.get(`file.${name}`) ?? 'absent').toLowerCase()
      if (!words.includes(word))
        throw new SourceError('malformed', `the manifest says something unknown of ${name}.csv`)
      return [`${name}.csv`, version === '1.1' && name === 'roles' ? 'absent' : word]
    }),
    // SAFETY: every name is there, with one of the three words.
  ) as Manifest['modes']
  return { version, kind: kindOf(modes, version), modes }
}

/**
 * Orgs and sessions, the frame, may come whole with changes of the rest. Nothing else may be mixed: a whole list of users beside changed
 * enrolments would be half a snapshot, in which absence means something for one file and nothing for another.
 */
function kindOf(modes: Manifest['modes'], version: Version): Manifest['kind'] {
  const names = [
    'classes.csv',
    'enrollments.csv',
    'users.csv',
    ...(version === '1.2' ? (['roles.csv'] as const) : []),
  ] as const
  const said = names.map(name => modes[name])
  const frame = [modes['orgs.csv'], modes['academicSessions.csv']]
  if (said.includes('delta')) {
    if (!said.includes('bulk')) return 'delta'
    throw new SourceError(
      'malformed',
      'the bundle mixes whole lists (bulk) with changes (delta) of classes, users, roles or enrolments: ask for one or the other',
    )
  }
  if (frame.includes('delta'))
    throw new SourceError(
      'malformed',
      'the bundle gives changes of orgs or sessions beside whole lists: ask for one or the other',
    )
  const absent = (['orgs.csv', 'academicSessions.csv', ...names] as const).filter(name => modes[name] === 'absent')
  if (absent.length > 0)
    throw new SourceError('incomplete', `the bundle has no ${absent.join(', ')}: it cannot be read as a whole school`)
  return 'bulk'
}
