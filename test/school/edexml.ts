/** The school as an EDEXML 2.1 document (published by Edustandaard), as a SIS exports it or answers by UWLR. */
import { localDateTime } from './calendar.ts'
import { roleCodes } from './cast.ts'
import type { GeneratedSchool, SchoolGroup, SchoolPupil, SchoolTeacher } from './generate.ts'
import type { PersonName } from './names.ts'

export interface EdexmlOptions {
  version: '2.1'
  createdAt: Date
  author?: string
}

/** Valid against the 2.1 XSD, but for school years after 2024-2025, which no public copy of it knows. */
export function toEdexml(school: GeneratedSchool, options: EdexmlOptions): string {
  const { groups, pupils, teachers } = school
  const created = localDateTime(options.createdAt)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<EDEX xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="EDEXML.structuur.xsd">',
    '<school>',
    element('schooljaar', school.schoolYear),
    element('peildatum', school.today),
    element('brincode', school.brin),
    element('dependancecode', school.location),
    element('aanmaakdatum', created),
    element('auteur', options.author ?? 'Demo-LAS van De Vuurvlinder'),
    element('xsdversie', options.version),
    element('commentaar', `${school.name}: verzonnen school, verzonnen mensen`),
    '</school>',
    '<groepen>',
    ...groups.map(groep),
    '</groepen>',
    '<leerlingen>',
    ...pupils.map(leerling),
    '</leerlingen>',
    '<leerkrachten>',
    ...teachers.map(teacher => leerkracht(teacher, groups)),
    '</leerkrachten>',
    '</EDEX>',
    '',
  ].join('\n')
}

function groep({ kind, key, name, grades }: SchoolGroup): string {
  const naam = element('naam', name)
  if (kind === 'scheduled') return `<samengestelde_groep${attribute(key)}>${naam}</samengestelde_groep>`
  const jaargroep = grades.length === 1 ? String(grades[0]) : 'C'
  return `<groep${attribute(key)}>${naam}${element('jaargroep', jaargroep)}</groep>`
}

function leerling(pupil: SchoolPupil): string {
  const { canary, grade, scheduledKeys } = pupil
  return [
    `<leerling${attribute(pupil.key)}>`,
    names(pupil.name),
    element('geboortedatum', canary.birthDate),
    element('geslacht', pupil.sex === 'boy' ? '1' : '2'),
    element('jaargroep', grade === null ? 'H' : String(grade)),
    pupil.groupKey === undefined ? '' : `<groep${attribute(pupil.groupKey)}/>`,
    scheduledKeys.length === 0
      ? ''
      : `<samengestelde_groepen>${scheduledKeys.map(key => `<samengestelde_groep${attribute(key)}/>`).join('')}</samengestelde_groepen>`,
    element('gebruikersnaam', pupil.username),
    element('emailadres', pupil.email),
    element('land', canary.country),
    element('bsn', canary.bsn),
    element('postcodenl', canary.postcode),
    element('instroomdatum', pupil.startsOn),
    element('uitstroomdatum', pupil.endsOn),
    canary.remark === undefined ? '' : remark(canary.remark),
    '</leerling>',
  ].join('')
}

function leerkracht(teacher: SchoolTeacher, groups: SchoolGroup[]): string {
  const kinds = new Map(groups.map(group => [group.key, group.kind]))
  const places = teacher.groups.map(({ groupKey, roles }) => {
    const tag = kinds.get(groupKey) === 'scheduled' ? 'samengestelde_groep' : 'groep'
    return `<${tag}${attribute(groupKey)}>${roles.map(rol).join('')}</${tag}>`
  })
  return [
    `<leerkracht${attribute(teacher.key)}>`,
    names(teacher.name),
    element('gebruikersnaam', teacher.username),
    element('emailadres', teacher.email),
    ...teacher.roles.map(rol),
    places.length === 0 ? '' : `<groepen>${places.join('')}</groepen>`,
    '</leerkracht>',
  ].join('')
}

/** Either a surname and what goes with it, or a called name alone. */
function names(name: PersonName): string {
  if (name.familyName === undefined) return element('roepnaam', name.givenName ?? '?')
  return [
    element('achternaam', name.familyName),
    element('voorvoegsel', name.familyNamePrefix),
    element('voornamen', name.firstNames),
    element('voorletters-1', name.initials),
    element('roepnaam', name.givenName),
  ].join('')
}

const codes: ReadonlySet<string> = new Set(roleCodes)

function rol(role: string): string {
  return element(codes.has(role) ? 'rol' : 'rolomschrijving', role)
}

function remark(text: string): string {
  const blok = `${element('code', 'Opmerking')}${element('opmerking', text)}`
  return `<toevoegingen><blok xsi:type="OpmerkingGegevensType">${blok}</blok></toevoegingen>`
}

function element(tag: string, text: string | undefined): string {
  return text === undefined ? '' : `<${tag}>${escapeXml(text)}</${tag}>`
}

function attribute(key: string): string {
  return ` key="${escapeXml(key)}"`
}

/** Characters that XML 1.0 cannot carry are left out. */
export function escapeXml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are meant
      .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
  )
}
