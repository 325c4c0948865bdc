/** What `m5 manifest build` writes, put into a page as it is: a strict policy, third-party cookies blocked, with and without JavaScript. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { unzipSync } from 'fflate'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build } from '../../connector/manifest/build.ts'
import { poster } from '../../connector/manifest/poster.ts'
import type { Source } from '../../connector/manifest/source.ts'
import { listen, type Site, send } from '../school/site.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { type SeededSchool, seedBoard, seedSchool } from '../support/seed.ts'
import { type Service, startService } from '../support/service.ts'
import { launch, withoutThirdPartyCookies, withPage } from '../widgets/browser.ts'
import { contextOptions, desktop } from './visit.ts'

const version = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version
const script = readFileSync(new URL('../../widgets/dist/m5.js', import.meta.url))
const php = spawnSync('php', ['-v']).status === 0

let t: TestDatabase
let service: Service
let school: SeededSchool
let site: Site
let browser: Browser
let out: string
const bodies = new Map<string, string>()

beforeAll(async () => {
  t = await testDatabase()
  service = await startService(t)
  site = await listen(
    (request, response) => {
      const body = bodies.get(new URL(request.url ?? '/', 'http://x').pathname)
      const page = `<!doctype html><html lang="nl"><meta charset="utf-8"><title>Site</title><link rel="icon" href="data:,"><h1>Onze site</h1>\n${body}`
      send(response, body === undefined ? 404 : 200, 'text/html', page, { 'Content-Security-Policy': policy() })
    },
    '127.0.0.1',
    0,
  )
  const boardId = await seedBoard(t)
  school = await seedSchool(t, boardId, { name: `De "Ark" & 't Hof`, origins: [site.origin] })
  out = mkdtempSync(join(tmpdir(), 'm5-handed-'))
  await build(source(), out)
  bodies.set('/knop', handed('embed/knop.html'))
  bodies.set('/vaste-versie', handed('embed/knop-vaste-versie.html'))
  bodies.set('/bedorven', handed('embed/knop-vaste-versie.html').replace(/sha384-..../, 'sha384-AAAA'))
  bodies.set('/groepspaneel', handed('embed/groepspaneel.html'))
  bodies.set('/sites', handed('google/embed.html'))
  bodies.set('/oembed', await oembed())
  if (php) bodies.set('/wordpress', plugin())
  browser = await launch(withoutThirdPartyCookies)
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await site?.close()
  await service?.close()
  await t?.close()
  rmSync(out, { recursive: true, force: true })
})

const source = (): Source => ({
  ...{ url: new URL(service.origin), version, board: 'Stichting De Proef' },
  school: { name: `De "Ark" & 't Hof`, key: school.key },
  ...{ signIns: [], teamsClientIds: [], script },
})
const handed = (path: string) => readFileSync(join(out, path), 'utf8')

/** A site that allows nothing but what csp.txt says; an image of its own is the icon above. */
function policy(): string {
  const asked = handed('embed/csp.txt').split('\n').slice(1, 3)
  expect(asked).toEqual([`script-src ${service.origin};`, `frame-src ${service.origin};`])
  return `default-src 'none'; img-src data:; base-uri 'none'; ${asked.join(' ')}`
}

async function oembed(): Promise<string> {
  const page = `${service.origin}/meld?s=${school.key}`
  const answer = await fetch(`${service.origin}/oembed?url=${encodeURIComponent(page)}`)
  return ((await answer.json()) as { html: string }).html
}

/** The page that WordPress makes of a shortcode, by the plugin's own PHP. */
function plugin(): string {
  for (const [path, content] of Object.entries(unzipSync(readFileSync(join(out, 'wordpress/m5-stopknop.zip'))))) {
    mkdirSync(dirname(join(out, 'wp', path)), { recursive: true })
    writeFileSync(join(out, 'wp', path), content)
  }
  writeFileSync(
    join(out, 'wp/page.php'),
    `<?php define('ABSPATH', '/'); $h = array();
function add_action($n, $f) { $GLOBALS['h'][$n] = $f; }
function get_option($n, $d) { return $d; }
function esc_url($t) { return htmlspecialchars($t, ENT_QUOTES); }
function esc_html($t) { return htmlspecialchars($t, ENT_QUOTES); }
function __($t, $d) { return 'Stopknop'; }
function shortcode_atts($p, $a, $n) { return $p; }
function wp_print_script_tag($a) { echo '<script'; foreach ($a as $n => $v) echo ' ' . $n . '="' . htmlspecialchars($v, ENT_QUOTES) . '"'; echo '></script>'; }
require 'm5-stopknop/m5-stopknop.php';
echo m5_stopknop_shortcode(''); $h['wp_footer']();`,
  )
  const ran = spawnSync('php', ['page.php'], { cwd: join(out, 'wp'), encoding: 'utf8' })
  expect(ran.stderr).toBe('')
  return ran.stdout
}

/** Every word of the console that is an error fails, not those of the policy alone. */
const quietly = (page: Page) => {
  const errors: string[] = []
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) errors.push(message.text())
  })
  page.on('pageerror', error => errors.push(error.message))
  return errors
}
const options = { ...contextOptions, viewport: desktop }

const buttons = ['/knop', '/vaste-versie', ...(php ? ['/wordpress'] : [])]
const name = `what a page is handed${php ? '' : ' (WordPress skipped: PHP is not here)'}`

describe(name, () => {
  it.for(buttons)('%s: the button opens the form in its frame', path =>
    withPage(
      browser,
      async page => {
        const errors = quietly(page)
        await page.goto(site.origin + path)
        await page.getByRole('button', { name: /Stopknop/ }).click()
        const frame = page.frameLocator('m5-stopknop iframe')
        await frame.getByRole('heading', { level: 1 }).waitFor()
        expect(await page.context().cookies()).toEqual([])
        expect(errors).toEqual([])
      },
      options,
    ),
  )

  it.for([...buttons, '/groepspaneel', '/bedorven'])('%s: without JavaScript it is a link that works', path =>
    withPage(
      browser,
      async page => {
        await page.goto(site.origin + path)
        await page.getByRole('link').click()
        await page.waitForURL(`${service.origin}/${path === '/groepspaneel' ? 'groep' : 'meld'}?s=${school.key}`)
        if (path !== '/groepspaneel') await page.getByRole('button', { name: 'Nu versturen' }).waitFor()
      },
      { ...options, javaScriptEnabled: false },
    ),
  )

  it('stays a link that works when the script is not the one that was promised', () =>
    withPage(
      browser,
      async page => {
        const errors = quietly(page)
        await page.goto(`${site.origin}/bedorven`)
        await expect.poll(() => errors.join()).toMatch(/integrity/)
        expect(await page.getByRole('button').count()).toBe(0)
        await page.getByRole('link', { name: 'Stopknop' }).click()
        await page.waitForURL(/\/meld\?s=/)
      },
      options,
    ))

  it.for(['/sites', '/oembed'])('%s: shows the form in a frame without a script of ours', path =>
    withPage(
      browser,
      async page => {
        const errors = quietly(page)
        await page.goto(site.origin + path)
        await page.frameLocator('iframe').getByRole('heading', { level: 1 }).waitFor()
        expect(await page.locator('script').count()).toBe(0)
        expect(errors).toEqual([])
      },
      options,
    ),
  )

  it('shows the panel in its outline', () =>
    withPage(
      browser,
      async page => {
        const errors = quietly(page)
        await page.goto(`${site.origin}/groepspaneel`)
        await page.frameLocator('m5-group iframe').getByRole('heading', { level: 1 }).waitFor()
        expect(errors).toEqual([])
      },
      options,
    ))

  it('shows on no site that the school did not list', async () => {
    const body = bodies.get('/oembed')
    const foreign = await listen((_, response) => send(response, 200, 'text/html', String(body)), '127.0.0.9', 0)
    try {
      await withPage(
        browser,
        async page => {
          const errors: string[] = []
          page.on('console', message => errors.push(message.text()))
          await page.goto(foreign.origin)
          await expect.poll(() => errors.join()).toMatch(/frame-ancestors/)
          expect(page.frames().filter(frame => frame.url().startsWith(service.origin))).toEqual([])
        },
        options,
      ).catch(error => {
        if (!/frame-ancestors/.test(String(error))) throw error
      })
    } finally {
      await foreign.close()
    }
  })
})

describe('the poster', () => {
  const long = `De ${'Openbare Christelijke Samenwerkings'.repeat(4)}school met een heel lange naam voor iedereen`
  it.for([
    ['nl', ''],
    ['en', ''],
    ['nl', long],
  ] as const)('is one page of A4 whose code is larger than 6 cm: %s %s', async ([language, name]) => {
    const sheets = poster({ ...source(), school: { name: name || 'De Proefschool', key: school.key } })
    await withPage(
      browser,
      async page => {
        await page.setContent(String(sheets.get(`poster-${language}.html`)))
        const sheet = await page.pdf({ preferCSSPageSize: true })
        expect(sheet.toString('latin1').match(/\/Type \/Page\b/g)).toHaveLength(1)
        expect((await page.locator('.way svg').boundingBox())?.height).toBeGreaterThan(226)
        expect(await page.evaluate('document.documentElement.scrollHeight')).toBeLessThanOrEqual(1123)
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(794)
      },
      { ...options, viewport: { width: 794, height: 1123 } },
    )
  })
})
