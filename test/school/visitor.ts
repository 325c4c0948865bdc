/** Somebody with a browser's cookies and no browser: walks through the sign-in for tests that need no page. */

export interface Visitor {
  /**
   * Follows the sign-in from its authorisation URL to the client's redirect URI, which is not fetched.
   * @param choose `sub` of the person to choose when asked; absent means: nobody should ask
   * @returns the redirect URI with its answer, and whether the person was asked
   * @throws Error when it ends elsewhere
   */
  signIn(
    authorizationUrl: URL | string,
    redirectUri: string,
    choose?: string,
  ): Promise<{ callback: URL; asked: boolean }>
  /** One request with this visitor's cookies; redirects are not followed. */
  fetch(url: URL | string, init?: RequestInit): Promise<Response>
}

interface Cookie {
  name: string
  value: string
  path: string
}

/** @param more headers of each request, as a proxy in front of the connector would set them */
export function makeVisitor(more: Record<string, string> = {}): Visitor {
  // Ports are one site to a cookie, as in a browser.
  const jar = new Map<string, Cookie[]>()

  const visit: Visitor['fetch'] = async (url, init = {}) => {
    const { hostname, pathname } = new URL(url)
    const cookies = (jar.get(hostname) ?? []).filter(cookie => pathname.startsWith(cookie.path))
    const headers = new Headers({ ...more, ...Object.fromEntries(new Headers(init.headers)) })
    if (cookies.length > 0) headers.set('cookie', cookies.map(({ name, value }) => `${name}=${value}`).join('; '))
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) jar.set(hostname, keep(jar.get(hostname) ?? [], line))
    return response
  }

  return {
    fetch: visit,
    async signIn(authorizationUrl, redirectUri, choose) {
      let [url, asked] = [new URL(authorizationUrl), false]
      for (let steps = 0; steps < 12; steps += 1) {
        if (url.href.startsWith(redirectUri)) return { callback: url, asked }
        const onChoice = url.pathname.startsWith('/interaction/')
        if (onChoice && choose === undefined) throw new Error('the sign-in asks who it is')
        const answer = onChoice
          ? await visit(url, { method: 'POST', body: new URLSearchParams({ person: choose ?? '' }) })
          : await visit(url)
        asked ||= onChoice
        // Somebody else than before: the provider first ends the old session, by a form that submits itself.
        const form = answer.status === 200 ? selfSubmitting(await answer.text()) : undefined
        const response = form === undefined ? answer : await visit(form.action, { method: 'POST', body: form.fields })
        const location = response.headers.get('location')
        if (location === null) throw new Error(`the sign-in stops at ${url.pathname} with ${response.status}`)
        url = new URL(location, url)
      }
      throw new Error('the sign-in goes round in circles')
    },
  }
}

function selfSubmitting(page: string): { action: string; fields: URLSearchParams } | undefined {
  const action = /<form method="post" action="([^"]+)">/.exec(page)?.[1]
  if (action === undefined || !page.includes('document.forms[0].submit()')) return undefined
  const inputs = [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)]
  return {
    action,
    fields: new URLSearchParams(inputs.map((found): [string, string] => [found[1] ?? '', found[2] ?? ''])),
  }
}

function keep(cookies: Cookie[], line: string): Cookie[] {
  const [pair = '', ...attributes] = line.split(';').map(part => part.trim())
  const [name = '', value = ''] = pair.split(/=(.*)/s)
  const named = (wanted: string) =>
    attributes.find(text => text.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1)
  const path = named('path') ?? '/'
  const others = cookies.filter(cookie => cookie.name !== name || cookie.path !== path)
  const gone = value === '' || Date.parse(named('expires') ?? '9999-01-01') < Date.now()
  return gone ? others : [...others, { name, value, path }]
}
