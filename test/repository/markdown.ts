/** As much of Markdown as our own pages use. */

export interface Block {
  language: string
  text: string
}

const fenced = /^( *)```(\w*)\n([\s\S]*?)^ *```$/gm

/** Code blocks, without the indent of a list they stand in. */
export const blocks = (page: string, language?: string): Block[] =>
  [...page.matchAll(fenced)]
    .map(([, indent = '', name = '', text = '']) => ({
      language: name,
      text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }))
    .filter(block => language === undefined || block.language === language)

const prose = (page: string) => page.replace(fenced, '')

/** What stands between backticks in a sentence or a table. */
export const spans = (page: string): string[] => [...prose(page).matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text)

export const links = (page: string): string[] =>
  [...prose(page).matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, to = '']) => to)

/** As the forges make them: `What is not there yet` is `what-is-not-there-yet`. */
export const anchors = (page: string): string[] =>
  [...prose(page).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )

/** Rows below the head whose first cell is `head`. @throws Error when the page has no such table */
export function table(page: string, head: string): string[][] {
  const lines = prose(page).split('\n')
  const at = lines.findIndex(line => cells(line)[0] === head)
  if (at < 0) throw new Error(`there is no table that starts with ${head}`)
  const end = lines.findIndex((line, i) => i > at && !line.startsWith('|'))
  return lines.slice(at + 2, end < 0 ? undefined : end).map(cells)
}

const cells = (line: string) =>
  line
    .split('|')
    .slice(1, -1)
    .map(cell => cell.trim())

/** The spans of one cell. */
export const named = (cell = ''): string[] => spans(cell)
