import { create } from 'qrcode'
import { describe, expect, it } from 'vitest'
import { poster } from '../../../connector/manifest/poster.ts'
import { tiles } from '../../../connector/manifest/tiles.ts'
import { oddNames, source } from './source.ts'

const address = 'https://m5.school.example/meld?s=pk_abcdefghijklmnopqrstuv'
const file = (name: string, of = source()) => String(poster(of).get(name))

describe('the poster', () => {
  it.for(['poster-nl.html', 'poster-en.html'])('%s names the address in words, 112 and the Kindertelefoon', name => {
    const text = file(name).replaceAll('<wbr>', '')
    expect(text).toContain(address)
    for (const word of ['112', '0800-0432', 'De Vuurvlinder']) expect(text).toContain(word)
  })

  it('needs nothing beside it, and no colour', () => {
    for (const name of ['poster-nl.html', 'poster-en.html']) {
      expect(file(name)).not.toMatch(/\b(src|href)=|url\(|@import|<script/)
      const colours = file(name).match(/#[0-9a-f]{3,6}\b/g) ?? []
      expect(new Set(colours)).toEqual(new Set(['#fff', '#000']))
    }
  })

  it('has a code of that very address, with four modules of white around it', () => {
    const { modules } = create(address, { errorCorrectionLevel: 'Q' })
    const code = file('qr.svg')
    const [, size] = /viewBox="0 0 (\d+) /.exec(code) ?? []
    expect(Number(size)).toBe(modules.size + 8)
    const dark = [...code.matchAll(/M(\d+) (\d+)h1v1h-1z/g)].map(([, x, y]) => `${Number(x) - 4},${Number(y) - 4}`)
    const wanted: string[] = []
    for (let y = 0; y < modules.size; y++)
      for (let x = 0; x < modules.size; x++) if (modules.get(y, x)) wanted.push(`${x},${y}`)
    expect(dark).toEqual(wanted)
    expect(file('poster-nl.html')).toContain(code.trim())
  })

  it.for(oddNames)('writes the name %j as text', name => {
    const text = file('poster-nl.html', source({ school: { name, key: 'pk_x' } }))
    expect(text.match(/<script/g)).toBeNull()
    expect(text.match(/<small>/g)).toHaveLength(1)
  })
})

describe('the tiles', () => {
  it('lead to the form and to the panel, for each portal that knows tiles', async () => {
    const files = await tiles(source())
    const kit = JSON.parse(String(files.get('tegels.json'))) as {
      portals: string[]
      tiles: { address: string; picture: { svg: string; png: string } }[]
    }
    expect(kit.tiles.map(tile => tile.address)).toEqual([address, address.replace('meld', 'groep')])
    for (const { picture } of kit.tiles)
      for (const name of [picture.svg, picture.png]) expect(files.has(name)).toBe(true)
    expect(kit.portals).toEqual(['Cloudwise COOL', 'MOO', 'Prowise Go', 'SKOLEO', 'Basispoort'])
    const icon = Buffer.from(files.get('icoon-512.png') as Uint8Array)
    expect([icon.readUInt32BE(16), icon.readUInt32BE(20)]).toEqual([512, 512])
  })
})
