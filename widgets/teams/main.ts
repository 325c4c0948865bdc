/**
 * Entry of the pages that Teams and SharePoint show. The tab asks Teams who is here, tells the connector, and goes on to the view with what it
 * got in the fragment. Whatever goes wrong on Teams' side, the ordinary sign-in stays: the view is there without a fragment too.
 */
import { app, authentication, pages } from '@microsoft/teams-js'
import { allowOrigins } from './valid-origins.ts'

type When = 'waiting' | 'refused' | 'failed'

/** Teams answers within a second or two; a page that is not in Teams gets no answer. */
const patienceMs = 8_000

const within = <T>(work: Promise<T>): Promise<T> =>
  Promise.race([work, new Promise<T>((_, no) => setTimeout(() => no(new Error('no answer')), patienceMs))])

const show = (main: HTMLElement, when: When) => {
  for (const part of main.querySelectorAll<HTMLElement>('[data-when]'))
    part.hidden = !part.dataset.when?.split(' ').includes(when)
}

type Answer = { arrival?: unknown; link?: unknown; number?: unknown }

/** @returns where to go, or what to show */
const arrive = async (
  token: string,
  school: string,
  next: string,
): Promise<{ to: string } | { refused: string | undefined }> => {
  const response = await within(
    fetch('/entry/teams', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token, school }),
      credentials: 'same-origin',
    }),
  )
  const { arrival, link, number } = (await response.json()) as Answer
  if (response.status >= 500) throw new Error('unavailable')
  if (typeof arrival === 'string') return { to: `${next}#t=${encodeURIComponent(arrival)}` }
  if (typeof link === 'string') return { to: `${next}#l=${encodeURIComponent(link)}` }
  return { refused: typeof number === 'string' ? number : undefined }
}

const tab = async (main: HTMLElement) => {
  const { next = '/', school = '' } = main.dataset
  let token: string
  try {
    await within(app.initialize())
    // Silently, or by Teams' own question for consent, which a person may take long for.
    token = await authentication.getAuthToken()
  } catch {
    // Not in Teams, no consent, no registration in Entra.
    return location.replace(next)
  }
  try {
    const answer = await arrive(token, school, next)
    if ('to' in answer) return location.replace(answer.to)
    const place = main.querySelector('[data-number]')
    if (place && answer.refused) {
      place.textContent = answer.refused
      place.closest<HTMLElement>('.number')?.removeAttribute('hidden')
    }
    show(main, 'refused')
  } catch {
    show(main, 'failed')
  }
}

const config = async (main: HTMLElement) => {
  try {
    await within(app.initialize())
  } catch {
    return show(main, 'failed')
  }
  const chosen = () => main.querySelector<HTMLInputElement>('input[name=view]:checked')
  pages.config.registerOnSaveHandler(event => {
    const { value: entityId, dataset } = chosen() ?? { value: '', dataset: {} as DOMStringMap }
    const { name: suggestedDisplayName = '', content: contentUrl = '', website: websiteUrl = '' } = dataset
    pages.config.setConfig({ entityId, suggestedDisplayName, contentUrl, websiteUrl }).then(
      () => event.notifySuccess(),
      () => event.notifyFailure('not saved'),
    )
  })
  pages.config.setValidityState(chosen() !== null)
  main.addEventListener('change', () => pages.config.setValidityState(chosen() !== null))
}

const main = document.querySelector<HTMLElement>('[data-teams]')
if (main) {
  allowOrigins(main.dataset.hosts?.split(' ').filter(Boolean) ?? [])
  void (main.dataset.teams === 'config' ? config(main) : tab(main))
}
