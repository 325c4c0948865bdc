/** The WordPress plugin, ready to upload: what stands in manifest/wordpress, with this school's address and key as its first settings. */
import { folder } from './fill.ts'
import { type Files, integrityOf, type Source } from './source.ts'
import { catalogue, scriptCatalogue } from './wordpress-words.ts'
import { zip } from './zip.ts'

export const pluginName = 'm5-stopknop'

export function wordpress(source: Source): Files {
  const words = {
    ...{ url: source.url.origin, school: source.school.name, key: source.school.key, version: source.version },
  }
  const files = folder('wordpress', words)
  const sheet = files.get('uitleg.md')
  files.delete('uitleg.md')
  const plugin: Files = new Map([...files].map(([path, content]) => [`${pluginName}/${path}`, content]))
  plugin.set(`${pluginName}/defaults.php`, defaults(source))
  plugin.set(`${pluginName}/languages/${pluginName}-nl_NL.mo`, catalogue())
  // WordPress looks for a file that is named after the script's handle.
  plugin.set(`${pluginName}/languages/${pluginName}-nl_NL-${pluginName}-editor.json`, scriptCatalogue())
  return new Map([[`${pluginName}.zip`, zip(plugin)], ...(sheet === undefined ? [] : [['uitleg.md', sheet] as const])])
}

function defaults({ url, school, version, script }: Source): string {
  const quoted = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`
  const rows = { connector: url.origin, key: school.key, version, integrity: integrityOf(script), pinned: '0' }
  const lines = Object.entries(rows).map(([name, value]) => `\t${quoted(name)} => ${quoted(value)},\n`)
  return `<?php\n\ndefined( 'ABSPATH' ) || exit;\n\nreturn array(\n${lines.join('')});\n`
}
