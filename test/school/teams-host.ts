/**
 * A page that speaks as Teams does to the tabs in it: `initialize`, `authentication.getAuthToken`, and the making of a tab. What it was told stands
 * in `window.told`, for a test to read. Source: @microsoft/teams-js 2.58, which is the other side.
 */

/** The address that Teams has; a test answers it itself. */
export const teamsHost = 'https://teams.microsoft.com'

export interface TeamsHost {
  /** Addresses of the frames: two web parts on one page are two. */
  frames: string[]
  /** What it gives who asks for a token; null refuses, as Teams does without consent. */
  token: string | null
  /** Where the frame stands: making a tab, or showing one. */
  context?: 'content' | 'settings'
  /** An old page that answers nothing. */
  silent?: boolean
}

const runtime = {
  apiVersion: 4,
  hostVersionsInfo: {},
  isLegacyTeams: false,
  supports: { pages: { config: {}, tabs: {}, fullTrust: {} } },
}

export function teamsHostPage({ frames, token, context = 'content', silent = false }: TeamsHost): string {
  const facts = JSON.stringify({ token, context, silent, runtime: JSON.stringify(runtime) }).replaceAll('<', '\\u003c')
  const shown = frames.map(
    src =>
      `<iframe src="${src.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}" width="700" height="760" allow="storage-access"></iframe>`,
  )
  return `<!doctype html><meta charset="utf-8"><title>Microsoft Teams</title>
<button id="save" disabled>Opslaan</button>
${shown.join('\n')}
<script>
const facts = ${facts}
window.told = []
const answers = {
  initialize: () => [facts.context, 'web', facts.runtime, '2.0.0'],
  'authentication.getAuthToken': () => (facts.token === null ? [false, 'consent_required'] : [true, facts.token]),
  'settings.setSettings': () => [true],
}
addEventListener('message', event => {
  const { id, uuidAsString, func, args } = event.data ?? {}
  if (typeof func !== 'string') return
  window.told.push({ func, args, origin: event.origin })
  if (facts.silent) return
  if (func === 'settings.setValidityState') document.querySelector('#save').disabled = !args[0]
  const answer = answers[func]
  if (answer) event.source.postMessage({ id, uuidAsString, args: answer() }, event.origin)
})
document.querySelector('#save').addEventListener('click', () => {
  const frame = document.querySelector('iframe')
  frame.contentWindow.postMessage({ func: 'settings.save', args: [{}] }, new URL(frame.src).origin)
})
</script>`
}
