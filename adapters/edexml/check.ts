/** What the schemas should catch and do not: UWLR's own key rules select nothing, so duplicates and dangling references pass its XSD. */

import { instantOf, isSchoolYear } from '../calendar.ts'
import { SourceError } from '../source.ts'
import { sourceIdOf, type WireRoster, type WireSchool } from './parse.ts'

const malformed = (message: string, sourceId?: string) =>
  new SourceError('malformed', message, sourceId === undefined ? {} : { sourceId })

/** O(people + references). @throws SourceError naming the record by its source id; nothing of such a roster is used */
export function checkRoster(roster: WireRoster): asserts roster is WireRoster & { school: WireSchool } {
  checkSchool(roster.school)
  if (!roster.people.some(person => person.kind === 'leerling'))
    throw new SourceError(
      'incomplete',
      'the roster has no pupils: nothing is changed, an empty roster is never "everybody left"',
    )
  const groups = new Set<string>()
  const people = new Set<string>()
  for (const group of roster.groups) {
    once(groups, sourceIdOf(group))
    if (group.naam === undefined) throw malformed(`${sourceIdOf(group)} has no name`, sourceIdOf(group))
  }
  for (const person of roster.people) {
    const id = sourceIdOf(person)
    once(people, id)
    for (const reference of person.groups)
      if (!groups.has(sourceIdOf(reference)))
        throw malformed(`unknown group: ${id} refers to ${sourceIdOf(reference)}, which is not in the roster`, id)
    if (person.kind === 'leerling' && person.groups.filter(({ kind }) => kind === 'groep').length > 1)
      throw malformed(`${id} is in more than one groep`, id)
  }
}

function once(seen: Set<string>, id: string) {
  if (seen.has(id)) throw malformed(`duplicate key: ${id} appears twice`, id)
  seen.add(id)
}

/** @throws SourceError `malformed` unless it says which school and year, in forms that we read */
export function checkSchool(school: WireSchool | undefined): asserts school is WireSchool {
  if (school === undefined) throw malformed('the roster does not say which school it is of')
  if (school.schooljaar === undefined) throw malformed('the roster does not say which school year it is of')
  if (!isSchoolYear(school.schooljaar)) throw malformed('the roster names no school year of the form 2026-2027')
  if (school.brincode !== undefined && !/^\d{2}[A-Z]{2}(\d{2})?$/i.test(school.brincode))
    throw malformed('the roster names a school with a brincode of another form')
  if (school.dependancecode !== undefined && !/^\d{1,2}$/.test(school.dependancecode))
    throw malformed('the roster names a school with a dependancecode of another form')
  if (school.brincode === undefined && school.instellingsnummer === undefined && school.schoolkey === undefined)
    throw malformed('the roster does not say which school it is of')
  if (school.aanmaakdatum !== undefined && instantOf(school.aanmaakdatum) === undefined)
    throw malformed('the roster does not say when it was made in a form that we read')
}
