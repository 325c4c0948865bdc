/**
 * Where Microsoft shows a tab of ours, for frame-ancestors and for the script that talks with Teams. A selection of `validOrigins` of
 * @microsoft/teams-js 2.58.0; a test holds the two lists together to that package's, so that a new host waits for somebody who decides.
 * SharePoint is not in it: there each customer has a host of its own, and the school lists its own as an origin.
 */
export const teamsHosts = [
  'teams.microsoft.com',
  'teams.microsoft.us',
  'gov.teams.microsoft.us',
  'dod.teams.microsoft.us',
  'teams.live.com',
  'outlook.office.com',
  'outlook.office365.com',
  'outlook.office365.us',
  '*.www.office.com',
  'www.office.com',
  '*.www.microsoft365.com',
  'www.microsoft365.com',
  '*.cloud.microsoft',
  '*.m365.cloud.microsoft',
  '*.outlook.cloud.microsoft',
] as const

/** Known to the package and left out: search, chat and administration show no tabs; the others are Microsoft's own test stages. */
export const otherMicrosoftHosts = [
  /^(int|local)\.teams\.|^local\.teams\.office|^devspaces\.|-sdf\.|^outlook-(sdf|dod)\.|officeppe|cosmic-|\.dev\.microsoft/,
  /bing\.com$|bing-int|^windows\.msn|copilot|^chatuxmanager|^substrate\.|^outlook\.live\.com$/,
  /^(word|excel|powerpoint)\.office\.com$|^fa0000001\d\d\.|apps\.mil$|admin|^sdf\.|^canary\.|^ring0\.|^portal\.|office365\.us$/,
]

/** As a policy names them. */
export const teamsOrigins: readonly string[] = teamsHosts.map(host => `https://${host}`)

/** Of the origins that a school listed: its own SharePoint, whose pages speak as Teams does. */
export const sharePointOrigins = (origins: readonly string[]): string[] =>
  origins.filter(origin => /^https:\/\/[\w-]+\.sharepoint\.com$/.test(origin))
