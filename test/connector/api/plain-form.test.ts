import { describe, expect, it } from 'vitest'
import type { SchoolHere } from '../../../connector/api/context.ts'
import { plainForm } from '../../../connector/api/plain-form.ts'
import { SchoolSettings } from '../../../connector/store/schools.ts'

const form = (settings: object) => {
  const school: SchoolHere = {
    ...{ boardId: 'b', id: 's', name: 'De <Klim>', brin: '99ZZ', location: '00', publishableKey: 'pk_voorbeeld1' },
    ...{ settings: SchoolSettings.parse(settings), origins: [], signIn: true },
  }
  return plainForm(school, 'key').text
}

describe('the form without JavaScript', () => {
  it('shows our help lines until the school has its own', () => {
    expect(form({})).toContain('<a href="tel:0800-0432">De Kindertelefoon: 0800-0432</a>')
  })

  it("shows the school's own help lines, by telephone or by address, and then not ours", () => {
    const helpLines = [
      { label: 'Vertrouwenspersoon', phone: '010 123 45 67' },
      { label: 'Hulp & raad', url: 'https://hulp.example/' },
    ]
    const text = form({ helpLines })
    expect(text).toContain('<a href="tel:010 123 45 67">Vertrouwenspersoon: 010 123 45 67</a>')
    expect(text).toContain('<a href="https://hulp.example/">Hulp &amp; raad</a>')
    expect(text).not.toContain('Kindertelefoon')
  })

  it('escapes what the school is called', () => {
    expect(form({})).toContain('De &lt;Klim&gt;')
  })
})
