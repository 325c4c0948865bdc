/** Which language. Dutch comes with the view; every other language is one file, fetched when it is wanted. */
import { form, shared } from './nl.ts'

/** By name and not as a namespace, which would cost an object with a getter for each. */
const nl = { form, shared }
export type Words = typeof nl
export type Age = 'young' | 'older'

export type Language = 'nl' | 'en'
export type Spoken<W = Words> = { language: Language; words: W }

/** @returns how to speak: Dutch for a language that we do not have, or cannot fetch now */
export const speaking =
  <W>(dutch: Spoken<W>, others: Partial<Record<Language, () => Promise<W>>>) =>
  async (wanted: string | null | undefined): Promise<Spoken<W>> => {
    const language = (wanted?.slice(0, 2).toLowerCase() ?? '') as Language // SAFETY: only an own key of `others` gets further
    if (!Object.hasOwn(others, language)) return dutch
    try {
      const words = await others[language]?.()
      return words ? { language, words } : dutch
    } catch {
      return dutch
    }
  }

export const dutch: Spoken = { language: 'nl', words: nl }
export const speak = speaking<Words>(dutch, { en: () => import('./en.ts') })

/** Labels of the glossary start small; on a tile they stand alone. */
export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
