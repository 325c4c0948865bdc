/** What of Graph passes, and what it has and nobody takes. */
import type { SourceField } from '../source.ts'

export const graphFields: readonly SourceField[] = [
  { wire: 'educationSchool id, or the tenant where there is no school', roster: 'school.sourceId' },
  { wire: 'educationSchool schoolNumber, externalId', roster: 'school.brin' },
  { wire: 'educationSchool schoolNumber, externalId', roster: 'school.location' },
  { wire: 'educationSchool displayName', roster: 'school.name' },
  { wire: 'educationClass term', roster: 'school.schoolYear' },
  { wire: 'educationClass id', roster: 'group.sourceId' },
  {
    wire: 'educationClass displayName, classCode, externalName, mailNickname or grade, by the rule of the source; externalId, by which School Data Sync is told from hand',
    roster: 'group.kind',
  },
  { wire: 'educationClass displayName, else externalName, classCode', roster: 'group.name' },
  { wire: 'educationClass term', roster: 'group.schoolYear' },
  { wire: 'educationClass grade, displayName', roster: 'group.grades' },
  { wire: 'educationUser id', roster: 'person.sourceId' },
  { wire: 'educationUser id', roster: 'person.stable' },
  { wire: 'educationUser primaryRole; userType, by which guests are left out', roster: 'person.role' },
  { wire: 'educationUser primaryRole', roster: 'person.roleHints' },
  { wire: 'educationUser accountEnabled', roster: 'person.status' },
  { wire: 'educationUser givenName', roster: 'person.givenName' },
  { wire: 'educationUser displayName, where there is no other name', roster: 'person.preferredFirstName' },
  { wire: 'educationUser surname', roster: 'person.familyNamePrefix' },
  { wire: 'educationUser surname', roster: 'person.familyName' },
  { wire: 'educationUser userPrincipalName', roster: 'person.username' },
  { wire: 'educationUser mail', roster: 'person.email' },
  { wire: 'educationUser student grade (permissions: full), else of the homeroom', roster: 'person.grade' },
  {
    wire: 'educationUser id, userPrincipalName, mail; student studentNumber, externalId, teacher teacherNumber, externalId (permissions: full)',
    roster: 'person.keys',
  },
  { wire: 'educationClass id', roster: 'membership.groupSourceId' },
  { wire: 'id of members, teachers', roster: 'membership.personSourceId' },
  { wire: 'members, teachers, primaryRole', roster: 'membership.role' },
]

export const graphNever: readonly string[] = [
  'student birthDate, gender, graduationYear',
  'relatedContacts',
  'residenceAddress, mailingAddress',
  'mobilePhone, businessPhones',
  'photo',
  'middleName, department, officeLocation, preferredLanguage, usageLocation',
  'onPremisesInfo, createdBy',
  'passwordProfile, passwordPolicies, assignedLicenses, assignedPlans, provisionedPlans',
  'assignments, submissions, rubrics, categories, modules, course',
  'school address, phone, fax, principalName, principalEmail',
]
