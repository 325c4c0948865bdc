import { describe, expect, it } from 'vitest'
import type { SchoolHere } from '../../../connector/api/context.ts'
import { plainForm } from '../../../connector/api/plain-form.ts'
import { plainWords } from '../../../connector/api/plain-words.ts'
import { SchoolSettings } from '../../../connector/store/schools.ts'

const form = (settings: object, language: 'nl' | 'en' = 'nl') => {
  const school: SchoolHere = {
    ...{ boardId: 'b', id: 's', name: 'De <Klim>', brin: '99ZZ', location: '00', publishableKey: 'pk_voorbeeld1' },
    ...{ settings: SchoolSettings.parse(settings), origins: [], signIn: true },
  }
  return plainForm(school, 'key', plainWords[language]).text
}

describe('the form without JavaScript', () => {
  it('shows our help lines until the school has its own', () => {
    expect(form({})).toContain('De Kindertelefoon: <a href="tel:08000432">0800-0432</a>')
    expect(form({})).toContain('Vertrouwensinspecteur: <a href="tel:09001113111">0900-1113111</a>')
  })

  it("shows the school's own help lines, by telephone or by address, and then not ours", () => {
    const helpLines = [
      { label: 'Vertrouwenspersoon', phone: '010 123 45 67' },
      { label: 'Hulp & raad', url: 'https://hulp.example/' },
    ]
    const text = form({ helpLines })
    expect(text).toContain('Vertrouwenspersoon: <a href="tel:0101234567">010 123 45 67</a>')
    expect(text).toContain('Hulp &amp; raad <a href="https://hulp.example/" rel="noreferrer">hulp.example</a>')
    expect(text).not.toContain('Veilig Thuis')
  })

  it.for([
    ['nl', 'Dit is geen alarmnummer. Is er nu gevaar? Bel 112.', 'Snel weg'],
    ['en', 'This is not an emergency number. Is there danger now? Call 112.', 'Quick exit'],
  ] as const)(
    'says in %s that it is no alarm line, also where the school has lines of its own',
    ([language, alarm, out]) => {
      const text = form({ helpLines: [{ label: 'Juf Samira' }] }, language)
      expect(text).toContain(alarm)
      expect(text).toContain('Kindertelefoon: 0800-0432')
      expect(text).toContain(out)
    },
  )

  it('escapes what the school is called', () => {
    expect(form({})).toContain('De &lt;Klim&gt;')
  })
})
