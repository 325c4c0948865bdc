/** For whoever builds the page itself: the snippet, its integrity, what the page's policy must allow, and what an editor knows of the elements. */
import { customData, customElements, elementsOf, webTypes } from './elements.ts'
import { folder } from './fill.ts'
import { type Files, integrityOf, json, linkTo, type Source } from './source.ts'

export function embed(source: Source): Files {
  const { url, version, school, script } = source
  const integrity = integrityOf(script)
  const words = {
    ...{ url: url.origin, school: school.name, key: school.key, version, integrity },
    ...{ report: linkTo(source, 'meld'), group: linkTo(source, 'groep') },
  }
  const facts = elementsOf()
  return new Map([
    ...folder('embed', words),
    ['integrity.json', json({ url: `${url.origin}/v/${version}/m5.js`, version, integrity })],
    ['custom-elements.json', json(customElements(facts))],
    ['web-types.json', json(webTypes(facts, version))],
    ['vscode.html-custom-data.json', json(customData(facts))],
  ])
}
