/** Everything that a platform is handed, one folder each: for whom, what to do with it, and how it is made. */
import { embed } from './embed.ts'
import { folder } from './fill.ts'
import { google } from './google.ts'
import { type Files, type Source, steadyId } from './source.ts'
import { teams } from './teams.ts'
import { tiles } from './tiles.ts'
import { wordpress } from './wordpress.ts'

export interface Package {
  name: string
  /** In Dutch, as what follows: people read it. */
  for: string
  todo: string
  make(source: Source): Files | Promise<Files>
}

/** Sheets and examples that only need their words. */
const filled = (name: string) => (source: Source) => folder(name, wordsOf(source))

const wordsOf = ({ url, school, version, board }: Source) => ({
  ...{ url: url.origin, host: url.host, school: school.name, key: school.key, version, board },
  id: steadyId(url.origin, school.key),
})

export const packages: readonly Package[] = [
  {
    name: 'teams',
    for: 'Microsoft Teams en SharePoint: de beheerder van Microsoft 365',
    todo: 'Volg uitleg.md: één app in Entra, dan m5-teams.zip uploaden in het Teams-beheercentrum.',
    make: teams,
  },
  {
    name: 'google',
    for: 'Google Workspace for Education: de beheerder van Workspace',
    todo: 'Volg uitleg.md: de OAuth-client, de app vertrouwen voor leerlingen onder de 18, een tegel, Google Sites.',
    make: google,
  },
  {
    name: 'wordpress',
    for: 'een website met WordPress: wie de site beheert',
    todo: 'Upload m5-stopknop.zip als plugin en zet het blok op een pagina. Adres en sleutel zijn ingevuld.',
    make: wordpress,
  },
  {
    name: 'embed',
    for: 'een eigen website, portaal of intranet: wie de pagina bouwt',
    todo: 'Plak knop.html, en neem de regels van csp.txt over als de site een Content-Security-Policy heeft.',
    make: embed,
  },
  {
    name: 'tiles',
    for: 'portalen met tegels (COOL, MOO, Prowise Go, SKOLEO, Basispoort), en de muur van de school',
    todo: 'Maak tegels met tegels.json en de plaatjes. Print poster-nl.html op A4.',
    make: tiles,
  },
  {
    name: 'lti',
    for: 'een leeromgeving (Moodle, Canvas, Brightspace, itslearning, Blackboard): de beheerder daarvan',
    todo: 'Volg de uitleg van uw leeromgeving in deze map.',
    make: filled('lti'),
  },
  {
    name: 'portal',
    for: 'een portaal met een eigen server, dat zijn gebruikers zelf kent: de bouwer van het portaal',
    todo: 'Neem het voorbeeld voor Node of PHP over en geef het adres van de sleutels door aan wie M5 beheert.',
    make: filled('portal'),
  },
  {
    name: 'entree',
    for: 'Entree Federatie (Kennisnet): wie de aansluiting aanvraagt',
    todo: 'Gebruik aanvraag.md bij Kennisnet: daarin staat per attribuut waarom M5 het vraagt.',
    make: filled('entree'),
  },
]
