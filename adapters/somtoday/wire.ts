/** What Connect 14.10.0 sends, less all that we do not use. A field that is empty or that we may not see is absent; an empty list is `[]`. */
import { z } from 'zod'

const uuid = z.guid().transform(text => text.toLowerCase())
const text = z
  .string()
  .max(500)
  .transform(value => value.trim())
  .transform(value => (value === '' ? undefined : value))
  .optional()
const day = z.string().max(40).optional()
const number = z
  .union([z.int(), z.string().max(40)])
  .transform(value => String(value).trim())
  .optional()
const reference = z.object({ uuid, vestiging: z.object({ uuid }).optional() })

export const Vestiging = z.object({
  uuid,
  naam: text,
  brins: z.array(z.string().max(10)).default([]),
  externalidentifiers: z.array(z.object({ brinnr: z.string().max(10).optional() })).default([]),
})

/** `toewijzing`: Plaatsing, EersteMentorStamgroep or TweedeMentorStamgroep. */
export const Mentor = z.object({ medewerker_uuid: uuid, toewijzing: z.string().max(100).optional() })

const Stamgroep = z.object({
  uuid,
  naam: text,
  leerjaar: z.int().optional(),
  leerlingen: z.array(reference).optional(),
  mentoren: z.array(Mentor).optional(),
})

/** Both days are days at school. */
const Plaatsing = z.object({
  schooljaar: text,
  startdatum: day,
  einddatum: day,
  leerjaar: z.int().optional(),
  stamgroep: Stamgroep.omit({ leerlingen: true }).optional(),
  mentoren: z.array(Mentor).optional(),
})

const Leerling = z.object({
  uuid,
  leerlingnummer: number,
  roepnaam: text,
  voornamen: text,
  voorletters: text,
  voorvoegsel: text,
  achternaam: text,
  emailadres: text,
  gebruikersnaam: text,
  eduPersonRealId: text,
  isActief: z.boolean().optional(),
  plaatsingen: z.array(Plaatsing).optional(),
})

const Medewerker = z.object({
  uuid,
  medewerkernummer: number,
  roepnaam: text,
  voorletters: text,
  voorvoegsel: text,
  achternaam: text,
  emailadres: text,
  gebruikersnaam: text,
  eduPersonRealId: text,
  functie: text,
  datum_in_dienst: day,
  datum_uit_dienst: day,
})

const Lesgroep = z.object({
  uuid,
  naam: text,
  schooljaar: text,
  leerlingen: z.array(reference).optional(),
  docenten: z.array(uuid).optional(),
})

/** `uuid` is that of the person. */
const Account = z.object({
  uuid,
  subject: text,
  gebruikersnaam: text,
  remoteidentifiers: z.array(z.object({ providerType: text, identifier: text })).optional(),
})

export type Vestiging = z.infer<typeof Vestiging>
export type Mentor = z.infer<typeof Mentor>
export type Stamgroep = z.infer<typeof Stamgroep>
export type Plaatsing = z.infer<typeof Plaatsing>
export type Leerling = z.infer<typeof Leerling>
export type Medewerker = z.infer<typeof Medewerker>
export type Lesgroep = z.infer<typeof Lesgroep>
export type Account = z.infer<typeof Account>

/**
 * Every list we read: its path below the location, the name of the list, one item, and the rights (`veldpermissies`) that we look at. Of a right
 * that we do not use we want to know nothing: that a school takes it away is no news.
 */
export const lists = {
  leerling: {
    path: 'leerling',
    list: 'leerlingen',
    item: Leerling,
    rights: [
      ...['leerlingnummer', 'roepnaam', 'voornamen', 'voorletters', 'voorvoegsel', 'achternaam', 'emailadres'],
      ...['gebruikersnaam', 'eduPersonRealId', 'isActief', 'plaatsingen'],
    ],
  },
  medewerker: {
    path: 'medewerker',
    list: 'medewerkers',
    item: Medewerker,
    rights: [
      ...['medewerkernummer', 'roepnaam', 'voorletters', 'voorvoegsel', 'achternaam', 'emailadres', 'gebruikersnaam'],
      ...['eduPersonRealId', 'functie', 'datumInDienst', 'datumUitDienst'],
    ],
  },
  stamgroep: {
    path: 'stamgroep/',
    list: 'stamgroepen',
    item: Stamgroep,
    rights: ['naam', 'leerjaar', 'leerlingen', 'eerste_mentor_stamgroep', 'tweede_mentor_stamgroep'],
  },
  lesgroep: {
    path: 'lesgroep/',
    list: 'lesgroepen',
    item: Lesgroep,
    rights: ['naam', 'schooljaar', 'leerlingen', 'docenten'],
  },
  leerlingAccount: {
    path: 'leerling/account',
    list: 'accounts',
    item: Account,
    rights: ['subject', 'gebruikersnaam', 'remoteidentifiers'],
  },
  medewerkerAccount: {
    path: 'medewerker/account',
    // The one list without a year (OpenAPI).
    yearless: true,
    list: 'accounts',
    item: Account,
    rights: ['subject', 'gebruikersnaam', 'remoteidentifiers'],
  },
} as const

/** Within `leerling`. */
export const plaatsingRights = [
  ...['schooljaar', 'startdatum', 'einddatum', 'leerjaar', 'stamgroep'],
  ...['mentor_plaatsing', 'eerste_mentor_stamgroep', 'tweede_mentor_stamgroep'],
]

export interface Wire {
  vestiging: Vestiging
  leerlingen: Leerling[]
  medewerkers: Medewerker[]
  stamgroepen: Stamgroep[]
  lesgroepen: Lesgroep[]
  leerlingAccounts: Account[]
  medewerkerAccounts: Account[]
  /** `leerling.roepnaam`: what the school lets us see of what we use, sorted. */
  grant: string[]
}
