/** For portals that know tiles and links only: what to fill in, and the pictures. And for the wall: a poster with a QR code. */
import { folder } from './fill.ts'
import { poster } from './poster.ts'
import { type Files, json, linkTo, type Source } from './source.ts'

/** None of these has a programme's way in: a person fills in a form or sends a mail. Source: embedding notes §5. */
const portals = ['Cloudwise COOL', 'MOO', 'Prowise Go', 'SKOLEO', 'Basispoort'] as const

export async function tiles(source: Source): Promise<Files> {
  const { url, school } = source
  const [report, group] = [linkTo(source, 'meld'), linkTo(source, 'groep')]
  const files = folder('tiles', { url: url.origin, school: school.name, key: school.key, report, group })
  const picture = { svg: 'icoon.svg', png: 'icoon-512.png', alt: 'Een stopbord met een hand' }
  files.set(
    'tegels.json',
    json({
      portals,
      tiles: [
        { for: 'leerlingen', title: 'Stopknop', text: 'Vertel wat er niet oké is.', address: report, picture },
        { for: 'team', title: 'M5 Groepspaneel', text: 'De meldingen van je groep.', address: group, picture },
      ],
    }),
  )
  for (const [name, content] of await poster(source)) files.set(name, content)
  return files
}
