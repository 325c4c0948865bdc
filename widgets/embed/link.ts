/** Connector and school stand in the slotted link, which also works where no script runs. */

export type Link = { url: URL; text: string }

/** @returns the link's URL when it is a web address with a school key, else undefined: then the link simply stays a link. */
export const linkOf = (element: Element): Link | undefined => {
  const link = element.querySelector('a[href]')
  if (!(link instanceof HTMLAnchorElement)) return undefined
  // `protocol` and `search` of a link never throw, whatever stands in its href
  if (!/^https?:$/.test(link.protocol) || !new URLSearchParams(link.search).get('s')) return undefined
  return { url: new URL(link.href), text: link.textContent?.trim() ?? '' }
}

/** What of the page's theme the frame is told: one accent colour. The frame guards its own contrast. */
export const themeOf = (element: Element) => {
  const accent = getComputedStyle(element).getPropertyValue('--m5-accent').trim()
  return accent ? { accent } : {}
}
