/**
 * For Microsoft Teams and SharePoint: the app package (one zip a registration), and what the registration in Entra must say. Schema 1.19: old
 * enough for every tenant, new enough for web parts. https://developer.microsoft.com/json-schemas/teams/v1.19/MicrosoftTeams.schema.json
 */
import { AppError } from '../errors.ts'
import { folder } from './fill.ts'
import { type Files, json, type Source, steadyId } from './source.ts'
import { zip } from './zip.ts'

const schema = 'https://developer.microsoft.com/json-schemas/teams/v1.19/MicrosoftTeams.schema.json'

/**
 * Microsoft's own clients, which may ask for a token without a question to each person. Source: learn.microsoft.com, "Configure your tab app in
 * Microsoft Entra ID".
 */
export const microsoftClients = {
  'Teams (desktop, mobiel)': '1fec8e78-bce4-4aaf-ab1b-5451cc387264',
  'Teams (web)': '5e3ce6c0-2b1f-4285-8d4b-75ee78787346',
  'Microsoft 365 (web)': '4765445b-32c6-49b0-83e6-1d93765276ca',
  'Microsoft 365 (desktop)': '0ec893e0-5785-4de6-99da-4ed124e5296c',
  'Microsoft 365 (mobiel), Outlook (desktop)': 'd3590ed6-52b3-4102-aeff-aad2292ab01c',
  'Outlook (web)': 'bc59ab01-8403-45c6-8796-ac3ef710b3e3',
  'Outlook (mobiel)': '27922004-5251-4030-b22d-91ecd9a37ea4',
} as const

const scopeOf = ({ url, school }: Source) => steadyId(url.origin, school.key, 'access_as_user')
export const resourceOf = ({ url }: Source, clientId: string): string => `api://${url.host}/${clientId}`

/** App package and Entra template, one of each a registration, and the sheet. */
export function teams(source: Source): Files {
  const files: Files = new Map()
  const icons = folder('teams', wordsOf(source))
  const sheet = icons.get('uitleg.md')
  if (sheet) files.set('uitleg.md', sheet)
  const clients = source.teamsClientIds.length > 0 ? source.teamsClientIds : [undefined]
  for (const clientId of clients) {
    const name = clients.length > 1 ? `m5-teams-${clientId}.zip` : 'm5-teams.zip'
    files.set(name, appPackage(source, clientId, icons))
    const entra = clients.length > 1 ? `entra-app-${clientId}.json` : 'entra-app.json'
    files.set(entra, json(entraApp(source, clientId)))
  }
  return files
}

const wordsOf = (source: Source) => {
  const [clientId = 'CLIENT-ID'] = source.teamsClientIds
  const clients = Object.entries(microsoftClients).map(([name, id]) => `${name} ${id}`)
  return {
    ...{ url: source.url.origin, school: source.school.name, key: source.school.key, clientId },
    ...{ resource: resourceOf(source, clientId), scopeId: scopeOf(source), clients: clients.join('; ') },
  }
}

function appPackage(source: Source, clientId: string | undefined, icons: Files): Uint8Array {
  const files: Files = new Map([
    ['manifest.json', json(appManifest(source, clientId))],
    ['en.json', json(english)],
  ])
  for (const name of ['color.png', 'outline.png']) {
    const icon = icons.get(name)
    if (!icon) throw new AppError('misconfigured', `manifest/teams/${name} is not there.`)
    files.set(name, icon)
  }
  return zip(files)
}

const dutch = {
  short: 'Vertel wat er niet oké is. Voor het team: de meldingen van de groep.',
  full: 'Met de Stopknop vertellen leerlingen wat er niet oké is. Leerkrachten en mentoren zien hier de meldingen van hun eigen groep. Inloggen gaat met het account van school. Meldingen staan bij de school, niet in Teams.',
}

/** Keys as the localisation schema of the same version wants them. */
const english = {
  $schema: schema.replace('.schema.json', '.Localization.schema.json'),
  'name.short': 'M5 Stop button',
  'name.full': 'M5 Stop button and group panel',
  'description.short': 'Stop button: tell what is not okay. For staff: the reports of their group.',
  'description.full':
    'With the Stop button pupils tell what is not okay. Teachers and mentors see the reports of their own group here. People sign in with their school account. Reports are kept by the school, not in Teams.',
  'staticTabs[0].name': 'Stop button',
  'staticTabs[1].name': 'Group panel',
}

/** @param clientId without one nobody is signed in silently: the tab shows the ordinary sign-in */
export function appManifest(source: Source, clientId: string | undefined): Record<string, unknown> {
  const { url, version, school, board } = source
  const at = (path: string, more: Record<string, string> = {}) => {
    const address = new URL(path, url)
    address.search = new URLSearchParams({ s: school.key, ...more }).toString()
    return address.href
  }
  const tab = (name: string, entityId: string, view: 'meld' | 'groep') => ({
    ...{ entityId, name, contentUrl: at('/teams/tab', { view }), websiteUrl: at(`/${view}`), scopes: ['personal'] },
  })
  return {
    $schema: schema,
    manifestVersion: '1.19',
    version,
    id: steadyId(url.origin, school.key, 'teams'),
    localizationInfo: { defaultLanguageTag: 'nl', additionalLanguages: [{ languageTag: 'en', file: 'en.json' }] },
    developer: {
      name: cut(board, 32),
      websiteUrl: url.href,
      privacyUrl: at('/meld'),
      termsOfUseUrl: at('/meld'),
    },
    name: { short: 'M5 Stopknop', full: cut(`M5 Stopknop van ${school.name}`, 100) },
    description: dutch,
    icons: { color: 'color.png', outline: 'outline.png' },
    accentColor: '#B3261E',
    staticTabs: [tab('Stopknop', 'stopknop', 'meld'), tab('Groepspaneel', 'groepspaneel', 'groep')],
    configurableTabs: [
      {
        configurationUrl: at('/teams/config'),
        canUpdateConfiguration: true,
        scopes: ['team', 'groupChat'],
        context: ['channelTab', 'privateChatTab'],
        supportedSharePointHosts: ['sharePointFullPage', 'sharePointWebPart'],
      },
    ],
    permissions: ['identity'],
    validDomains: [url.host],
    ...(clientId ? { webApplicationInfo: { id: clientId, resource: resourceOf(source, clientId) } } : {}),
  }
}

/** Whole characters: half of one would be no text. */
function cut(text: string, length: number): string {
  let kept = ''
  for (const sign of text)
    if (kept.length + sign.length <= length) kept += sign
    else break
  return kept.trim()
}

/**
 * In the form of Microsoft Graph's `application`. Two steps: a scope must exist before clients are pre-authorised for it, and the address of the
 * API holds the client id, that exists only then.
 */
export function entraApp(source: Source, clientId: string | undefined): Record<string, unknown> {
  const id = scopeOf(source)
  return {
    application: {
      displayName: `M5 Stopknop (${source.school.name})`,
      signInAudience: 'AzureADMyOrg',
      api: {
        requestedAccessTokenVersion: 2,
        oauth2PermissionScopes: [
          {
            id,
            value: 'access_as_user',
            type: 'User',
            isEnabled: true,
            adminConsentDisplayName: 'Inloggen bij M5',
            adminConsentDescription: 'M5 ziet welk account van school in Teams is ingelogd, en niets anders.',
            userConsentDisplayName: 'Inloggen bij M5',
            userConsentDescription: 'M5 ziet dat jij het bent, en niets anders.',
          },
        ],
      },
      requiredResourceAccess: [],
    },
    change: {
      identifierUris: [resourceOf(source, clientId ?? 'CLIENT-ID')],
      api: {
        preAuthorizedApplications: Object.values(microsoftClients).map(appId => ({
          ...{ appId, delegatedPermissionIds: [id] },
        })),
      },
    },
  }
}
