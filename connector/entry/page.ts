/** The few pages of the sign-in window: server-rendered, no script needed, in plain Dutch. */

/** HTML that is safe to send: everything interpolated is escaped unless it is `Html` itself. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escaped = (text: string) => text.replace(/[&<>"']/g, char => entities[char] ?? char)

type Part = string | number | Html | Html[]
const render = (part: Part): string =>
  part instanceof Html ? part.text : Array.isArray(part) ? part.map(p => p.text).join('') : escaped(String(part))

export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(strings.reduce((out, text, i) => out + render(parts[i - 1] ?? '') + text))
}

/** @param scripts addresses of our own scripts; the policy of the page allows no other */
export function page(title: string, body: Html, scripts: string[] = []): string {
  const tags = scripts.map(src => html`<script type="module" src="${src}"></script>`)
  return html`<!doctype html>
<html lang="nl">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="stylesheet" href="/entry/entry.css">
${tags}
</head>
<body><main>${body}</main></body>
</html>
`.text
}
