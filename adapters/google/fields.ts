/** What of Google's answers passes, and what is neither asked for nor taken. */
import type { SourceField } from '../source.ts'

export const googleFields: readonly SourceField[] = [
  { wire: 'users customerId, and the pupils’ organisational unit of the options', roster: 'school.sourceId' },
  { wire: 'the school year of the options', roster: 'school.schoolYear' },
  { wire: 'courses id, orgunits orgUnitId, groups id', roster: 'group.sourceId' },
  { wire: 'courses name, section, alias, ownerId; orgunits name; groups email (by the options)', roster: 'group.kind' },
  { wire: 'courses name, orgunits name, groups name or email', roster: 'group.name' },
  { wire: 'the school year of the options', roster: 'group.schoolYear' },
  { wire: 'courses name, orgunits name, groups name', roster: 'group.grades' },
  { wire: 'users id', roster: 'person.sourceId' },
  { wire: 'always', roster: 'person.stable' },
  { wire: 'users orgUnitPath (by the options)', roster: 'person.role' },
  { wire: 'users orgUnitPath: the last name of it, of staff', roster: 'person.roleHints' },
  { wire: 'users suspended, archived', roster: 'person.status' },
  { wire: 'users name.givenName', roster: 'person.givenName' },
  { wire: 'users name.familyName', roster: 'person.familyNamePrefix' },
  { wire: 'users name.familyName', roster: 'person.familyName' },
  { wire: 'users primaryEmail', roster: 'person.username' },
  { wire: 'users primaryEmail', roster: 'person.email' },
  { wire: 'users id, primaryEmail, externalIds of type organization', roster: 'person.keys' },
  { wire: 'the course, unit or group of a person', roster: 'membership.groupSourceId' },
  { wire: 'students userId, teachers userId, members id, users id', roster: 'membership.personSourceId' },
  { wire: 'students, teachers, members, and users orgUnitPath', roster: 'membership.role' },
]

export const googleNever: readonly string[] = [
  'users addresses, locations, phones, recoveryPhone, recoveryEmail, emails, ims, websites',
  'users relations (parents and guardians), notes, keywords, gender, languages',
  'users customSchemas (birth dates, BRIN and whatever a school keeps there), organizations',
  'users thumbnailPhotoUrl, photos',
  'users password, hashFunction, sshPublicKeys, posixAccounts, lastLoginTime, 2-step verification',
  'users externalIds of other types, and nine digits that may be a BSN or onderwijsnummer',
  'userProfiles, guardians and guardianInvitations of Classroom',
  'courses description, room, enrollmentCode, teacherFolder, calendarId, alternateLink, gradebookSettings',
  'courseWork, studentSubmissions, announcements, topics',
  'members email, delivery_settings',
]
