/**
 * The app package against what the published schema 1.19 asks of the parts that we use. The limits are those of
 * https://developer.microsoft.com/json-schemas/teams/v1.19/MicrosoftTeams.schema.json, written out here: the file itself is Microsoft's.
 */
import { inflateSync } from 'node:zlib'
import { validOrigins } from '@microsoft/teams-js/dist/esm/packages/teams-js/src/artifactsForCDN/validDomains.json.js'
import { Ajv } from 'ajv'
import { strFromU8, unzipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { type Source, steadyId } from '../../../connector/manifest/source.ts'
import { entraApp, microsoftClients, teams } from '../../../connector/manifest/teams.ts'
import { otherMicrosoftHosts, sharePointOrigins, teamsHosts } from '../../../connector/manifest/teams-hosts.ts'
import { oddNames, source } from './source.ts'

const clientId = '11111111-2222-4333-8444-555555555555'
const guid = { type: 'string', pattern: '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$' }
const text = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength })
const link = { type: 'string', maxLength: 2048, pattern: '^https://' }
const file = { type: 'string', maxLength: 2048, pattern: '^[^/\\\\]+$' }
const only = (properties: Record<string, unknown>, optional: string[] = []) => ({
  ...{ type: 'object', additionalProperties: false, properties },
  required: Object.keys(properties).filter(name => !optional.includes(name)),
})
const some = (items: unknown, maxItems: number) => ({ type: 'array', minItems: 1, maxItems, uniqueItems: true, items })
const languageTag = { type: 'string', pattern: '^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8}){0,2}$' }

const manifestSchema = only(
  {
    $schema: { const: 'https://developer.microsoft.com/json-schemas/teams/v1.19/MicrosoftTeams.schema.json' },
    manifestVersion: { const: '1.19' },
    version: { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+$' },
    id: guid,
    localizationInfo: only({
      defaultLanguageTag: languageTag,
      additionalLanguages: some(only({ languageTag, file }), 50),
    }),
    developer: only({ name: text(32), websiteUrl: link, privacyUrl: link, termsOfUseUrl: link }),
    name: only({ short: text(30), full: text(100) }),
    description: only({ short: text(80), full: text(4000) }),
    icons: only({ color: file, outline: file }),
    accentColor: { type: 'string', pattern: '^#[0-9a-fA-F]{6}$' },
    staticTabs: some(
      only({
        ...{ entityId: text(64), name: text(128), contentUrl: link, websiteUrl: link },
        scopes: some({ const: 'personal' }, 3),
      }),
      16,
    ),
    configurableTabs: some(
      only({
        configurationUrl: link,
        canUpdateConfiguration: { type: 'boolean' },
        scopes: some({ enum: ['team', 'groupChat'] }, 2),
        context: some({ enum: ['channelTab', 'privateChatTab'] }, 7),
        supportedSharePointHosts: some({ enum: ['sharePointFullPage', 'sharePointWebPart'] }, 2),
      }),
      1,
    ),
    permissions: some({ const: 'identity' }, 2),
    validDomains: some({ type: 'string', pattern: '^[a-z0-9.-]+(:\\d+)?$' }, 16),
    webApplicationInfo: only({ id: guid, resource: { type: 'string', pattern: '^api://', maxLength: 2048 } }),
  },
  ['webApplicationInfo'],
)

const localSchema = only({
  $schema: { type: 'string' },
  ...{ 'name.short': text(30), 'name.full': text(100), 'description.short': text(80), 'description.full': text(4000) },
  ...{ 'staticTabs[0].name': text(128), 'staticTabs[1].name': text(128) },
})

const ajv = new Ajv({ allErrors: true, strict: false })
const faults = (schema: object, value: unknown) => {
  const check = ajv.compile(schema)
  return check(value) ? [] : check.errors?.map(error => `${error.instancePath} ${error.message}`)
}

type Manifest = Record<string, unknown> & {
  id: string
  staticTabs: { contentUrl: string }[]
  configurableTabs: { configurationUrl: string }[]
  webApplicationInfo?: { id: string; resource: string }
}
const opened = (of: Source, name = 'm5-teams.zip') => {
  const files = unzipSync(teams(of).get(name) as Uint8Array)
  return {
    files,
    manifest: JSON.parse(strFromU8(files['manifest.json'] as Uint8Array)) as Manifest,
    english: JSON.parse(strFromU8(files['en.json'] as Uint8Array)) as Record<string, string>,
  }
}

describe('the Teams app', () => {
  it.for([
    source(),
    source({ teamsClientIds: [clientId] }),
    ...oddNames.map(name => source({ board: name, school: { name, key: 'pk_x' }, teamsClientIds: [clientId] })),
  ])('is what schema 1.19 asks, %#', of => {
    const { manifest, english } = opened(of)
    expect(faults(manifestSchema, manifest)).toEqual([])
    expect(faults(localSchema, english)).toEqual([])
  })

  it('is refused by the same check when something is missing or too long', () => {
    const { manifest } = opened(source())
    expect(faults(manifestSchema, { ...manifest, name: { short: 'x'.repeat(31), full: 'x' } })).not.toEqual([])
    expect(faults(manifestSchema, { ...manifest, bots: [] })).not.toEqual([])
    const { icons: _icons, ...without } = manifest
    expect(faults(manifestSchema, without)).not.toEqual([])
  })

  it('holds what it names and nothing else', () => {
    expect(Object.keys(opened(source()).files).sort()).toEqual(['color.png', 'en.json', 'manifest.json', 'outline.png'])
  })

  it('leads to pages of the connector alone, with the key of the school', () => {
    const { manifest } = opened(source({ teamsClientIds: [clientId] }))
    const links = [...manifest.staticTabs.map(t => t.contentUrl), manifest.configurableTabs[0]?.configurationUrl ?? '']
    expect(links).toEqual([
      'https://m5.school.example/teams/tab?s=pk_abcdefghijklmnopqrstuv&view=meld',
      'https://m5.school.example/teams/tab?s=pk_abcdefghijklmnopqrstuv&view=groep',
      'https://m5.school.example/teams/config?s=pk_abcdefghijklmnopqrstuv',
    ])
    expect(manifest.validDomains).toEqual(['m5.school.example'])
    expect(manifest.webApplicationInfo).toEqual({ id: clientId, resource: `api://m5.school.example/${clientId}` })
  })

  it('asks for no token where no app is registered', () => {
    expect(opened(source()).manifest).not.toHaveProperty('webApplicationInfo')
  })

  it('is one zip for each registration', () => {
    const other = '99999999-2222-4333-8444-555555555555'
    const files = teams(source({ teamsClientIds: [clientId, other] }))
    expect([...files.keys()].filter(name => name.endsWith('.zip'))).toEqual([
      `m5-teams-${clientId}.zip`,
      `m5-teams-${other}.zip`,
    ])
  })

  it('is the same app for one school, and another for the next', () => {
    const id = (key: string) => opened(source({ school: { name: 'x', key } })).manifest.id
    expect(id('pk_one')).toBe(id('pk_one'))
    expect(id('pk_one')).not.toBe(id('pk_two'))
    expect(steadyId('a', 'b')).not.toBe(steadyId('ab'))
  })

  it('has a colour icon of 192 and an outline of 32 that is white or nothing', () => {
    const { files } = opened(source())
    expect(png(files['color.png'])).toMatchObject({ width: 192, height: 192 })
    const outline = png(files['outline.png'])
    expect(outline).toMatchObject({ width: 32, height: 32 })
    const seen = outline.pixels.filter(([, , , alpha]) => alpha > 0)
    expect(seen.length).toBeGreaterThan(100)
    expect(seen.length).toBeLessThan(32 * 32)
    expect(seen.filter(([red, green, blue]) => Math.min(red, green, blue) < 250)).toEqual([])
  })
})

describe('the registration in Entra', () => {
  const of = source({ teamsClientIds: [clientId] })
  type App = {
    application: { api: { oauth2PermissionScopes: { id: string; value: string }[] }; requiredResourceAccess: unknown[] }
    change: {
      identifierUris: string[]
      api: { preAuthorizedApplications: { appId: string; delegatedPermissionIds: string[] }[] }
    }
  }
  const app = entraApp(of, clientId) as App

  it('offers one scope, which every client of Microsoft may use without a question', () => {
    const [scope, ...more] = app.application.api.oauth2PermissionScopes
    expect([scope?.value, more]).toEqual(['access_as_user', []])
    expect(faults(guid, scope?.id)).toEqual([])
    const clients = app.change.api.preAuthorizedApplications
    expect(clients.map(client => client.appId)).toEqual(Object.values(microsoftClients))
    for (const client of clients) expect(client.delegatedPermissionIds).toEqual([scope?.id])
    expect(app.change.identifierUris).toEqual([`api://m5.school.example/${clientId}`])
  })

  it('asks nothing of Microsoft Graph', () => {
    expect(app.application.requiredResourceAccess).toEqual([])
    expect(JSON.stringify(app)).not.toContain('00000003-0000-0000-c000-000000000000')
  })
})

describe('the hosts of Microsoft', () => {
  it('are each in our list or left out on purpose: an update of the package that names others stops here', () => {
    const known = new Set<string>(teamsHosts)
    const undecided = validOrigins.filter(host => !known.has(host) && !otherMicrosoftHosts.some(out => out.test(host)))
    expect(undecided).toEqual([])
    expect(teamsHosts.filter(host => !validOrigins.includes(host))).toEqual([])
    expect(
      teamsHosts.filter(host => otherMicrosoftHosts.some(out => out.test(host)) && !/office365\.us/.test(host)),
    ).toEqual([])
  })

  it('are no host that a customer can have', () => {
    for (const host of teamsHosts)
      expect(host).toMatch(
        /(^|\.)(microsoft\.(com|us)|office(365)?\.(com|us)|live\.com|microsoft365\.com|cloud\.microsoft)$/,
      )
    expect(
      sharePointOrigins([
        'https://school.sharepoint.com',
        'https://sharepoint.com.evil.example',
        'https://a.b.sharepoint.com',
        'http://school.sharepoint.com',
        'https://portaal.example',
      ]),
    ).toEqual(['https://school.sharepoint.com'])
  })
})

type Pixel = readonly [number, number, number, number]

/** As much of PNG as our icons use: 8 bits, RGB or RGBA, not interlaced. */
function png(content: Uint8Array | undefined): { width: number; height: number; pixels: Pixel[] } {
  const bytes = Buffer.from(content ?? [])
  const [width, height, channels] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20), bytes[25] === 6 ? 4 : 3]
  const data: Buffer[] = []
  for (let at = 8; at < bytes.length; at += bytes.readUInt32BE(at) + 12)
    if (bytes.toString('latin1', at + 4, at + 8) === 'IDAT')
      data.push(bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at)))
  const raw = inflateSync(Buffer.concat(data))
  const line = width * channels
  const out = Buffer.alloc(line * height)
  const at = (y: number, x: number) => (x < 0 || y < 0 ? 0 : (out[y * line + x] ?? 0))
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (line + 1)]
    for (let x = 0; x < line; x++) {
      const [left, up, corner] = [at(y, x - channels), at(y - 1, x), x < channels ? 0 : at(y - 1, x - channels)]
      const guess = left + up - corner
      const near = [left, up, corner].sort((a, b) => Math.abs(guess - a) - Math.abs(guess - b))[0] ?? 0
      const add = [0, left, up, (left + up) >> 1, near][filter ?? 0] ?? 0
      out[y * line + x] = ((raw[y * (line + 1) + 1 + x] ?? 0) + add) & 255
    }
  }
  const pixels = Array.from({ length: width * height }, (_, n): Pixel => {
    const [red = 0, green = 0, blue = 0, alpha = 255] = out.subarray(n * channels, n * channels + channels)
    return [red, green, blue, alpha]
  })
  return { width, height, pixels }
}
