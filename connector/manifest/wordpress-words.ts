/** The plugin's Dutch, in the two forms that WordPress reads: a .mo file for PHP, JSON for the script of the editor. */

const dutch: Record<string, string> = {
  'Stop button': 'Stopknop',
  'Text on the button': 'Tekst op de knop',
  'M5 Stopknop: fill in the address and the key under Settings.':
    'M5 Stopknop: vul het adres en de sleutel in bij Instellingen.',
  'This is not an address such as https://m5.school.nl.': 'Dit is geen adres zoals https://m5.school.nl.',
  'This is not a key: it begins with pk_.': 'Dit is geen sleutel: die begint met pk_.',
  'Put the button on a page with the block “M5 Stopknop” or with the shortcode [m5_stopknop].':
    'Zet de knop op een pagina met het blok “M5 Stopknop” of met de shortcode [m5_stopknop].',
  'Address of the connector': 'Adres van de connector',
  'Key of the school': 'Sleutel van de school',
  Version: 'Versie',
  'Keep to one version of the script, with its integrity checked':
    'Blijf bij één versie van het script, en controleer die (integrity)',
}
export const translated: readonly string[] = Object.keys(dutch)

const header = 'Language: nl_NL\nContent-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n'

/** GNU gettext's binary catalogue, little-endian, without the optional hash table. Originals sorted by their bytes, as the format asks. */
export function catalogue(): Uint8Array {
  const bytes = (text: string) => Buffer.from(text, 'utf8')
  const pairs = [['', header] as const, ...Object.entries(dutch)]
    .map(([from, to]) => ({ from: bytes(from), to: bytes(to) }))
    .sort((one, two) => Buffer.compare(one.from, two.from))
  const start = 28
  const texts = start + pairs.length * 16
  const file = Buffer.alloc(texts + pairs.reduce((sum, { from, to }) => sum + from.length + to.length + 2, 0))
  const head = [0x950412de, 0, pairs.length, start, start + pairs.length * 8, 0, texts]
  head.forEach((value, at) => {
    file.writeUInt32LE(value, at * 4)
  })
  let at = texts
  const put = (text: Buffer, entry: number) => {
    file.writeUInt32LE(text.length, entry)
    file.writeUInt32LE(at, entry + 4)
    text.copy(file, at)
    at += text.length + 1
  }
  pairs.forEach(({ from }, n) => {
    put(from, start + n * 8)
  })
  pairs.forEach(({ to }, n) => {
    put(to, start + (pairs.length + n) * 8)
  })
  return file
}

/** Jed's form, as `wp_set_script_translations` loads it. */
export const scriptCatalogue = (): string =>
  JSON.stringify({
    domain: 'messages',
    locale_data: {
      messages: {
        '': { domain: 'messages', lang: 'nl_NL', 'plural-forms': 'nplurals=2; plural=(n != 1);' },
        ...Object.fromEntries(Object.entries(dutch).map(([from, to]) => [from, [to]])),
      },
    },
  })
