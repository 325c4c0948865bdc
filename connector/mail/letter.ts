/** A letter as it travels: plain text, and simple HTML without pictures, scripts or anything that calls home. Pure. */
import type { Letter, MailLanguage } from './kinds.ts'

export interface Written {
  subject: string
  text: string
  html: string
}

const closings: Record<MailLanguage, string> = {
  nl: 'Deze mail is door M5 gemaakt. Antwoorden heeft geen zin: niemand leest ze.',
  en: 'This mail was made by M5. Please do not answer: nobody reads the answers.',
}

export function write({ subject, lines, button }: Letter, language: MailLanguage): Written {
  const closing = closings[language]
  const link = button ? [`${button.label}:\n${button.href}`] : []
  const paragraph = (text: string) => `<p style="margin:0 0 1em">${escaped(text)}</p>`
  const bar = button
    ? `<p style="margin:1.5em 0"><a href="${escaped(button.href)}" style="background:#0b5c8a;color:#fff;padding:.75em 1.25em;border-radius:.5em;text-decoration:none;font-weight:bold;display:inline-block">${escaped(button.label)}</a></p>`
    : ''
  const quiet = `<p style="margin:2em 0 0;color:#51606f;font-size:.875em">${escaped(closing)}</p>`
  return {
    // One line, whatever a school is called.
    subject: subject.replace(/\s+/g, ' '),
    text: `${[...lines, ...link, closing].join('\n\n')}\n`,
    html: `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>${escaped(subject)}</title></head><body style="margin:0;padding:1.5em;font-family:sans-serif;font-size:16px;line-height:1.5;color:#1d2b3a;background:#fff"><div style="max-width:34em">${lines.map(paragraph).join('')}${bar}${quiet}</div></body></html>`,
  }
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escaped = (text: string) => text.replace(/[&<>"']/g, char => entities[char] ?? char)
