/**
 * Every mail there is, as a table. A mail says that there is something, and where to look; never what: no content of a report, no name of a child or
 * of anybody else, no group. Who reads over somebody's shoulder, or has their mailbox, learns nothing. Source: safety.md §4.
 */

export const mailKinds = [
  'new-reports',
  'urgent-report',
  'report-unread',
  'roster-held',
  'source-stale',
  'sign-in-changed',
  'passkey-to-confirm',
  'parent-link',
  'case-message',
] as const
export type MailKind = (typeof mailKinds)[number]

/** Those of which somebody must hear: when one of them reaches nobody, others are told. */
export const ofReports: readonly string[] = ['new-reports', 'urgent-report', 'report-unread'] satisfies MailKind[]

/** Not held back by quiet hours. A parent's link goes when a person of the school presses the button. */
export const atOnce: readonly string[] = ['urgent-report', 'report-unread', 'parent-link'] satisfies MailKind[]

export type MailLanguage = 'nl' | 'en'

/** All that a mail may be made of. */
export interface LetterFacts {
  /** Of the school. */
  school: string
  /** Address of our page for staff of that school. */
  page: string
  /** With `parent-link`: the one-time link, and its last day in words. */
  link?: { href: string; until: string }
  language: MailLanguage
}

export interface Letter {
  subject: string
  /** Paragraphs. */
  lines: string[]
  button?: { href: string; label: string }
}

export function letterOf(kind: MailKind, facts: LetterFacts): Letter {
  const { school, page, link, language } = facts
  const look = { href: page, label: 'Naar M5' }
  const soon = 'In deze mail staat met opzet niet wat. Dat zie je alleen als je bent ingelogd.'
  switch (kind) {
    case 'new-reports':
      return {
        subject: `Er is iets nieuws in M5 van ${school}`,
        lines: ['Er is iets nieuws in M5. Kijk er vandaag of morgen naar.', soon],
        button: look,
      }
    case 'urgent-report':
      return {
        subject: `Kijk nu in M5 van ${school}`,
        lines: ['Er is iets in M5 dat niet kan wachten. Kijk er nu naar.', soon],
        button: look,
      }
    case 'report-unread':
      return {
        subject: `Nog niemand heeft gekeken in M5 van ${school}`,
        lines: [
          'Een kwartier geleden kwam er iets in M5 dat niet kan wachten. Nog niemand heeft gekeken.',
          'Kan jij er niet bij? Loop of bel nu naar de veiligheidscoördinator of de schoolleiding.',
          soon,
        ],
        button: look,
      }
    case 'roster-held':
      return {
        subject: `De leerlinglijst van ${school} wacht op iemand`,
        lines: [
          'Een nieuwe leerlinglijst is niet vanzelf verwerkt. Er is niets veranderd: M5 werkt door met de vorige lijst.',
          'De ICT-beheerder ziet de reden met de opdracht ‘m5 sync status’ en keurt de lijst daar goed of af.',
        ],
      }
    case 'source-stale':
      return {
        subject: `De leerlinglijst van ${school} is oud`,
        lines: [
          'Al dagen kon M5 de leerlinglijst niet goed ophalen. Nieuwe leerlingen en collega’s komen er zo niet in.',
          'De ICT-beheerder ziet de reden met de opdrachten ‘m5 schedule’ en ‘m5 sync status’.',
        ],
      }
    case 'sign-in-changed':
      return {
        subject: `Het inloggen bij M5 van ${school} is veranderd`,
        lines: [
          'Iemand heeft veranderd hoe mensen bij M5 inloggen, of welk account bij wie hoort. Wie ingelogd was, moet opnieuw inloggen.',
          'Wist je hiervan? Dan hoef je niets te doen. Zo niet, vraag het vandaag nog aan de ICT-beheerder.',
        ],
      }
    case 'passkey-to-confirm':
      return {
        subject: `Iemand vraagt je om een sleutel voor M5 van ${school}`,
        lines: [
          'Een collega heeft een eigen sleutel (passkey) voor M5 gemaakt. Die werkt pas als jij hem bevestigt.',
          'Vraag de collega eerst zelf of dat klopt.',
        ],
        button: look,
      }
    case 'case-message':
      return {
        subject: `Er is een antwoord in M5 van ${school}`,
        lines: ['Een ouder heeft iets geschreven in M5.', soon],
        button: look,
      }
    case 'parent-link':
      return parentLetter(school, link ?? { href: page, until: '' }, language)
  }
}

function parentLetter(
  school: string,
  { href, until }: { href: string; until: string },
  language: MailLanguage,
): Letter {
  if (language === 'en')
    return {
      subject: `A message from ${school}`,
      lines: [
        `${school} has a message for you. It is not in this mail: you read it on a page of the school's own.`,
        `The link works once, until ${until}. It is for you alone: please do not pass it on.`,
        'Not expecting this? Then do nothing, or call the school.',
      ],
      button: { href, label: 'Open the message' },
    }
  return {
    subject: `Een bericht van ${school}`,
    lines: [
      `${school} heeft een bericht voor je. Het staat niet in deze mail: je leest het op een eigen pagina van school.`,
      `De link werkt één keer, tot en met ${until}. Hij is alleen voor jou: stuur hem niet door.`,
      'Verwacht je dit niet? Doe dan niets, of bel de school.',
    ],
    button: { href, label: 'Open het bericht' },
  }
}
