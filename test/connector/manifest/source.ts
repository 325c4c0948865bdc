/** A school to make packages for. */
import type { Source } from '../../../connector/manifest/source.ts'

export const source = (more: Partial<Source> = {}): Source => ({
  url: new URL('https://m5.school.example'),
  version: '1.4.2',
  board: 'Stichting Openbaar Onderwijs Wilgendijk',
  school: { name: 'De Vuurvlinder', key: 'pk_abcdefghijklmnopqrstuv' },
  signIns: [],
  teamsClientIds: [],
  script: Buffer.from('export {}'),
  ...more,
})

/** Names that schools have, and names that would end a string, a comment, a tag or a line. */
export const oddNames = [
  `De "Ark" & 't Hof`,
  '<script>alert(1)</script>',
  "*/ system('x'); /*",
  `'; drop table school; --`,
  '{{key}}',
  'Школа 学校 🦋',
  'a\\',
  '`x` ](http://evil.example)',
  '?><?php echo 1;',
  'x'.repeat(200),
]
