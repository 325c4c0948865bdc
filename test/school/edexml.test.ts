import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SaxesParser } from 'saxes'
import { describe, expect, it } from 'vitest'
import { toEdexml } from './edexml.ts'
import { generateSchool } from './generate.ts'
import { nextYear } from './next-year.ts'

const createdAt = new Date('2026-11-23T06:15:00Z')
const school = generateSchool({ today: '2026-11-23' })
const document = toEdexml(school, { version: '2.1', createdAt })

/** The children of every element of one name, as the XSD orders them. */
const order: Record<string, string> = {
  EDEX: 'school groepen leerlingen leerkrachten',
  school: 'schooljaar peildatum brincode dependancecode aanmaakdatum auteur xsdversie commentaar',
  leerling:
    'achternaam voorvoegsel voornamen voorletters-1 roepnaam geboortedatum geslacht jaargroep groep samengestelde_groepen gebruikersnaam emailadres land bsn postcodenl instroomdatum uitstroomdatum toevoegingen',
  leerkracht:
    'achternaam voorvoegsel voornamen voorletters-1 roepnaam gebruikersnaam emailadres rol rolomschrijving groepen',
}
const longest: Record<string, number> = {
  voorvoegsel: 10,
  'voorletters-1': 6,
  gebruikersnaam: 64,
  naam: 64,
  roepnaam: 64,
}

interface Node {
  name: string
  key: string | undefined
  text: string
  children: Node[]
}

function parse(xml: string): Node {
  const parser = new SaxesParser()
  const root: Node = { name: '', key: undefined, text: '', children: [] }
  const path = [root]
  parser.on('error', error => {
    throw error
  })
  parser.on('opentag', tag => {
    const node: Node = { name: tag.name, key: tag.attributes.key, text: '', children: [] }
    path.at(-1)?.children.push(node)
    path.push(node)
  })
  parser.on('text', text => {
    const top = path.at(-1)
    if (top !== undefined) top.text += text
  })
  parser.on('closetag', () => void path.pop())
  parser.write(xml).close()
  const [edex] = root.children
  if (edex === undefined) throw new Error('no root')
  return edex
}

function* all(node: Node): Generator<Node> {
  yield node
  for (const child of node.children) yield* all(child)
}

describe('the EDEXML document', () => {
  const root = parse(document)
  const part = (name: string) => root.children.find(child => child.name === name)?.children ?? []

  it('is well-formed and holds everybody once', () => {
    expect(root.name).toBe('EDEX')
    expect(part('leerlingen').map(({ key }) => key)).toEqual(school.pupils.map(({ key }) => key))
    expect(part('leerkrachten').map(({ key }) => key)).toEqual(school.teachers.map(({ key }) => key))
    expect(part('groepen').map(({ key }) => key)).toEqual(school.groups.map(({ key }) => key))
    expect(document).toContain('<aanmaakdatum>2026-11-23T07:15:00</aanmaakdatum>')
  })

  it('keeps the order and the lengths of the XSD, and refers to groups that are there', () => {
    const groups = new Set(part('groepen').map(({ name, key }) => `${name} ${key}`))
    for (const node of all(root)) {
      const wanted = order[node.name]?.split(' ')
      const places = node.children.map(child => (wanted === undefined ? 0 : wanted.indexOf(child.name)))
      if (wanted !== undefined && node.children.length > 0) {
        expect(places).not.toContain(-1)
        expect(places).toEqual([...places].sort((a, b) => a - b))
      }
      if (node.children.length === 0) expect(node.text.length).toBeLessThanOrEqual(longest[node.name] ?? 200)
      if (['groep', 'samengestelde_groep'].includes(node.name)) expect(groups).toContain(`${node.name} ${node.key}`)
    }
  })

  it('writes a combination group as C, a leaver as H, and free text as a description of a role', () => {
    expect(document).toMatch(/<naam>4\/5<\/naam><jaargroep>C</)
    expect(document).toMatch(/<jaargroep>H<\/jaargroep>(?!<groep).*<uitstroomdatum>/)
    expect(document).toContain('<rolomschrijving>Vertrouwenspersoon</rolomschrijving>')
  })

  it('escapes what a name may hold', () => {
    const odd = structuredClone(school)
    if (odd.pupils[0] !== undefined) odd.pupils[0].name = { familyName: 'O\'Connor & <Zn>"\u0007' }
    expect(parse(toEdexml(odd, { version: '2.1', createdAt })).children[2]?.children[0]?.children[0]?.text).toBe(
      'O\'Connor & <Zn>"',
    )
  })
})

const xsd = join(import.meta.dirname, '../../../shared/data/edexml/2.1/EDEXML.structuur.xsd')
const xmllint = spawnSync('xmllint', ['--version']).error === undefined
const reason = [existsSync(xsd) ? '' : 'no XSD beside the checkout', xmllint ? '' : 'no xmllint']
  .filter(Boolean)
  .join(', ')

describe('against the published XSD', () => {
  const years = [generateSchool({ today: '2023-11-23' }), nextYear(generateSchool({ today: '2023-11-23' }))]
  it.skipIf(reason !== '').for(years)(
    `is valid in a year that the XSD knows${reason && ` (skipped: ${reason})`}`,
    (year, { expect }) => {
      const folder = mkdtempSync(join(tmpdir(), 'm5-edexml-'))
      const file = join(folder, 'edex.xml')
      writeFileSync(file, toEdexml(year, { version: '2.1', createdAt }))
      const run = spawnSync('xmllint', ['--noout', '--schema', xsd, file], { encoding: 'utf8' })
      rmSync(folder, { recursive: true })
      expect(run.stderr).toContain('validates')
      expect(run.status).toBe(0)
    },
  )
})
