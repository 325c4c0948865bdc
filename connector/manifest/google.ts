/** For Google Workspace: the sheet for the administrator, a launcher tile, and the page that Google Sites embeds. */
import { folder } from './fill.ts'
import { type Files, linkTo, type Source } from './source.ts'

const googleIssuer = 'https://accounts.google.com'
const unknown = 'nog niet bekend: zie stap 1'

export function google(source: Source): Files {
  const signIns = source.signIns.filter(each => each.issuer === googleIssuer)
  const list = (of: (each: Source['signIns'][number]) => string) => signIns.map(of).join(', ') || unknown
  return folder('google', {
    ...{ url: source.url.origin, school: source.school.name, key: source.school.key },
    ...{ report: linkTo(source, 'meld'), group: linkTo(source, 'groep') },
    clients: list(each => each.clientId),
    redirects: list(each => each.redirect),
  })
}
