/** An A4 for the wall and the toilet door: big words, a QR code, the address to type. Black on white, so that any copier can make it. */
import { create } from 'qrcode'
import { escapeHtml } from './fill.ts'
import { type Files, linkTo, type Source } from './source.ts'

const words = {
  nl: {
    file: 'poster-nl.html',
    title: 'Is er iets niet oké?',
    lead: 'Vertel het met de Stopknop.',
    points: ['Over jezelf of over een ander.', 'Je mag je naam weglaten.', 'Iemand van school leest het en helpt.'],
    scan: 'Scan dit met een telefoon of tablet',
    or: 'of typ dit adres:',
    alarm: 'Dit is geen alarmnummer. Is er nu gevaar? Bel 112.',
    line: 'Wil je met iemand praten? Kindertelefoon: 0800-0432, gratis.',
  },
  en: {
    file: 'poster-en.html',
    title: 'Is something not okay?',
    lead: 'Tell it with the Stop button.',
    points: [
      'About yourself or about somebody else.',
      'You may leave out your name.',
      'Somebody at school reads it and helps.',
    ],
    scan: 'Scan this with a phone or tablet',
    or: 'or type this address:',
    alarm: 'This is not an emergency number. Danger now? Call 112.',
    line: 'Want to talk to somebody? Kindertelefoon: 0800-0432, free.',
  },
} as const

/** Two posters that need nothing beside them, and the code alone. */
export function poster(source: Source): Files {
  const address = linkTo(source, 'meld')
  const code = qr(address)
  const sheets = Object.entries(words).map(
    ([lang, text]) => [text.file, sheet(lang, text, source.school.name, address, code)] as const,
  )
  return new Map([...sheets, ['qr.svg', code]])
}

/** Level Q: a quarter of it may be torn or drawn on. One path, four modules of white around it, as ISO/IEC 18004 asks. */
function qr(text: string): string {
  const { modules } = create(text, { errorCorrectionLevel: 'Q' })
  const quiet = 4
  let path = ''
  for (let y = 0; y < modules.size; y++)
    for (let x = 0; x < modules.size; x++) if (modules.get(y, x)) path += `M${x + quiet} ${y + quiet}h1v1h-1z`
  const size = modules.size + quiet * 2
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges" role="img" aria-label="QR"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path d="${path}"/></svg>\n`
}

const sign =
  '<svg class="sign" viewBox="0 0 48 48" aria-hidden="true"><path d="M15 2h18l13 13v18L33 46H15L2 33V15z"/><path fill="#fff" d="M16 27v-9.5a2.2 2.2 0 0 1 4.4 0V23v-9.8a2.2 2.2 0 0 1 4.4 0V22v-8a2.2 2.2 0 0 1 4.4 0v9.5-5.3a2.2 2.2 0 0 1 4.4 0V29c0 5-3.3 8.5-8.2 8.5-4 0-6.3-1.7-8-4.8l-3.6-6.3c-.7-1.3-.3-2.5.7-3 1-.6 2-.2 2.7.8z"/></svg>'

const styles = `@page { size: A4; margin: 0 }
* { box-sizing: border-box; margin: 0 }
body { inline-size: 210mm; block-size: 297mm; padding: 16mm 18mm 14mm; margin-inline: auto; background: #fff; color: #000;
  font: 15pt/1.4 "Segoe UI", system-ui, sans-serif; display: flex; flex-direction: column }
header { display: flex; gap: 9mm; align-items: center }
.sign { inline-size: 42mm; block-size: 42mm; flex: none }
h1 { font-size: 42pt; line-height: 1.05; font-weight: 800 }
.lead { font-size: 22pt; font-weight: 700; margin-block-start: 2mm }
ul { font-size: 17pt; padding: 0; list-style: none; margin-block: 8mm }
li { padding-inline-start: 9mm; position: relative; margin-block-end: 1.5mm }
li::before { content: ""; position: absolute; inset: 2.6mm auto auto 0; inline-size: 4mm; block-size: 4mm; background: #000 }
.way { flex: 1; min-block-size: 0; display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 3mm; text-align: center; border: 1.2mm solid #000; border-radius: 8mm; padding: 6mm }
.way svg { flex: 0 1 88mm; min-block-size: 60mm; inline-size: 88mm }
.way b { font-size: 18pt }
.address { font: 700 13pt/1.5 Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere }
footer { margin-block-start: 8mm; font-size: 14pt }
footer b { display: block; font-size: 17pt }
footer small { display: block; overflow-wrap: anywhere; margin-block-start: 4mm; font-size: 14pt; font-weight: 700 }
`

type Words = (typeof words)[keyof typeof words]

function sheet(lang: string, text: Words, school: string, address: string, code: string): string {
  // Where a line may break, so that nobody reads a hyphen or a space that is not there.
  const typed = escapeHtml(address).replace(/(\/\/|\/|\?s=)/g, '$1<wbr>')
  return `<!doctype html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<title>${text.title} ${escapeHtml(school)}</title>
<style>
${styles}</style>
</head>
<body>
<header>${sign}<div><h1>${text.title}</h1><p class="lead">${text.lead}</p></div></header>
<ul>${text.points.map(point => `<li>${point}</li>`).join('')}</ul>
<section class="way"><b>${text.scan}</b>
${code}<p>${text.or}</p><p class="address">${typed}</p></section>
<footer><b>${text.alarm}</b>${text.line}<small>${escapeHtml(school)}</small></footer>
</body>
</html>
`
}
