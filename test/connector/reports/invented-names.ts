/** First and family names: all that stands in the generator of the invented school, and first names that are words as well. Lower case, no accents. */
import { readFileSync } from 'node:fs'

const generated = readFileSync(new URL('../../school/names.ts', import.meta.url), 'utf8')
  .normalize('NFD')
  .replace(/\p{M}/gu, '')
  .toLowerCase()

const alsoWords =
  'merel storm roos iris linde jasmijn jade fleur pien sterre madelief viola erica dahlia hazel robin parel amber robijn ruby lotus wolf valk bram teun floor guus jet jip april mei june luna sky dylan beau rose rosa bloem lente daan anker lieve'

export const names: readonly string[] = [...(generated.match(/[a-z]{3,}/g) ?? []), ...alsoWords.split(' ')]
