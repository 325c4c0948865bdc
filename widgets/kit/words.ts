/** Which language. Dutch comes with the view; every other language is one file, fetched when it is wanted. */
import * as nl from './nl.ts'

export type Words = typeof nl
export type Age = 'young' | 'older'

const others: Record<string, () => Promise<Words>> = { en: () => import('./en.ts') }
type Language = 'nl' | 'en'
export type Spoken = { language: Language; words: Words }

export const dutch: Spoken = { language: 'nl', words: nl }

/** @returns Dutch for a language that we do not have, or cannot fetch now */
export const speak = async (wanted: string | null | undefined): Promise<Spoken> => {
  const language = wanted?.slice(0, 2).toLowerCase() ?? ''
  if (!Object.hasOwn(others, language)) return dutch
  try {
    const words = await others[language]?.()
    return words ? { language: language as Language, words } : dutch // SAFETY: an own key of `others`
  } catch {
    return dutch
  }
}

/** Labels of the glossary start small; on a tile they stand alone. */
export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
