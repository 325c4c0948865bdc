/** The plugin as WordPress runs it: its own PHP, with the few functions of WordPress that it calls. Where PHP is present. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { strFromU8, unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { integrityOf } from '../../connector/manifest/source.ts'
import { pluginName, wordpress } from '../../connector/manifest/wordpress.ts'
import { catalogue, translated } from '../../connector/manifest/wordpress-words.ts'
import { oddNames, source } from '../connector/manifest/source.ts'

const files = (of = source()) => unzipSync(wordpress(of).get(`${pluginName}.zip`) as Uint8Array)
const text = (path: string, of = source()) => strFromU8(files(of)[`${pluginName}/${path}`] ?? new Uint8Array())

const php = spawnSync('php', ['-v']).status === 0
const why = php ? '' : ' (skipped: PHP is not here)'

describe('the plugin', () => {
  it('has a header that WordPress reads, and one folder', () => {
    const main = text('m5-stopknop.php')
    for (const field of ['Plugin Name', 'Version', 'Requires at least', 'Requires PHP', 'License', 'Text Domain'])
      expect(main).toMatch(new RegExp(`^ \\* ${field}:\\s+\\S`, 'm'))
    expect(main).toContain('Version:           1.4.2')
    expect(Object.keys(files()).filter(path => !path.startsWith(`${pluginName}/`))).toEqual([])
    expect(text('readme.txt')).toContain('Stable tag: 1.4.2')
  })

  it('has a block of API version 3 whose script needs no build', () => {
    const block = JSON.parse(text('blocks/stopknop/block.json')) as Record<string, unknown>
    expect(block).toMatchObject({ apiVersion: 3, name: 'm5/stopknop', textdomain: 'm5-stopknop' })
    const script = text('blocks/stopknop/editor.js')
    expect(script).not.toMatch(/\bimport\b|\brequire\(|<\w+ /)
    const registered: [string, { edit(props: unknown): unknown; save(): unknown }][] = []
    const wp = {
      element: { createElement: (...parts: unknown[]) => parts },
      i18n: { __: (words: string) => words },
      blockEditor: { InspectorControls: 'controls', useBlockProps: () => ({}) },
      components: { PanelBody: 'panel', TextControl: 'text' },
      blocks: { registerBlockType: (...block: (typeof registered)[number]) => registered.push(block) },
    }
    runScript(script, { wp })
    const [[name, { edit, save }] = ['', { edit: () => '', save: () => '' }]] = registered
    expect([name, save()]).toEqual(['m5/stopknop', null])
    expect(JSON.stringify(edit({ attributes: { label: 'Hier!' }, setAttributes: () => {} }))).toContain('Hier!')
  })

  it('says each of its sentences in Dutch too', () => {
    const code = text('m5-stopknop.php') + text('blocks/stopknop/editor.js')
    const said = [...code.matchAll(/\b_(?:_|e)\(\s*'([^']+)'|esc_html__\(\s*'([^']+)'/g)].map(([, a, b]) => a ?? b)
    expect([...new Set(said)].sort()).toEqual([...translated].sort())
    expect(mo(catalogue()).get('Stop button')).toBe('Stopknop')
    expect([...mo(catalogue()).keys()].sort()).toEqual(['', ...translated].sort())
    const forScript = JSON.parse(text('languages/m5-stopknop-nl_NL-m5-stopknop-editor.json')) as {
      locale_data: { messages: Record<string, string[]> }
    }
    expect(forScript.locale_data.messages['Stop button']).toEqual(['Stopknop'])
  })

  it('names every function and setting as its own', () => {
    const names = [...text('m5-stopknop.php').matchAll(/^function (\w+)/gm)].map(([, name]) => name)
    expect(names.length).toBeGreaterThan(8)
    expect(names.filter(name => !name?.startsWith('m5_stopknop_'))).toEqual([])
    expect(text('uninstall.php')).toContain("delete_option( 'm5_stopknop' )")
  })
})

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'm5-plugin-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function unpack(name: string, of = source()): string {
  for (const [path, content] of Object.entries(files(of))) {
    mkdirSync(dirname(join(dir, name, path)), { recursive: true })
    writeFileSync(join(dir, name, path), content)
  }
  return join(dir, name, pluginName)
}

/** The functions of WordPress as they are documented, as far as the plugin leans on them. */
const stubs = String.raw`<?php
error_reporting(E_ALL); ini_set('display_errors', 'stderr');
define('ABSPATH', '/');
$GLOBALS['m5'] = array('option' => json_decode(getenv('M5_OPTION') ?: '[]', true), 'actions' => array(), 'calls' => array(), 'errors' => array());
function esc_html($t) { return htmlspecialchars($t, ENT_QUOTES); }
function esc_attr($t) { return htmlspecialchars($t, ENT_QUOTES); }
function esc_url($t) { return preg_match('~^https?://~', $t) ? str_replace(array('&', "'"), array('&#038;', '&#039;'), preg_replace('~[^a-z0-9-\~+_.?#=!&;,/:%@$|*\'()\[\]]~i', '', $t)) : ''; }
function __($t, $d) { return $t; }
function esc_html__($t, $d) { return esc_html($t); }
function get_option($n, $d) { return $n === 'm5_stopknop' ? $GLOBALS['m5']['option'] : $d; }
function current_user_can($c) { return getenv('M5_ADMIN') === '1'; }
function add_action($h, $f) { $GLOBALS['m5']['actions'][$h][$f] = true; }
function add_shortcode($n, $f) { $GLOBALS['m5']['shortcodes'][$n] = $f; }
function shortcode_atts($p, $a, $n) { return array_merge($p, array_intersect_key($a, $p)); }
function get_block_wrapper_attributes() { return 'class="wp-block-m5-stopknop"'; }
function register_block_type($p, $a) { $GLOBALS['m5']['block'] = array('file' => file_exists($p . '/block.json'), 'args' => $a); }
function load_plugin_textdomain() {}
function plugin_basename($f) { return 'm5-stopknop/' . basename($f); }
function plugins_url($p, $f) { return 'https://site.example/wp-content/plugins/m5-stopknop/' . $p; }
function wp_register_script() { $GLOBALS['m5']['calls']['script'] = func_get_args(); }
function wp_set_script_translations($h, $d, $p) { $GLOBALS['m5']['calls']['words'] = is_dir($p); }
function wp_oembed_add_provider($f, $p) { $GLOBALS['m5']['calls']['oembed'] = array($f, $p); }
function wp_print_script_tag($a) { $t = ''; foreach ($a as $n => $v) $t .= ' ' . $n . '="' . esc_attr($v) . '"'; echo '<script' . $t . "></script>\n"; }
function add_settings_error($s, $c, $m) { $GLOBALS['m5']['errors'][] = $c; }
function register_setting($g, $n, $a) { $GLOBALS['m5']['setting'] = $a; }
function add_options_page() {}
function settings_fields($g) {}
function checked($a, $b, $e) { return $a === $b ? ' checked' : ''; }
function submit_button() {}
function do_action_($h) { foreach (array_keys($GLOBALS['m5']['actions'][$h] ?? array()) as $f) $f(); }
`

interface Ran {
  html: string
  footer: string
  calls: { oembed?: string[]; script?: unknown[]; words?: boolean }
  block: string
  blockFile: boolean
  saved: Record<string, string>
  errors: string[]
  page: string
}

function run(
  plugin: string,
  more: { option?: unknown; admin?: boolean; attributes?: unknown; input?: unknown } = {},
): Ran {
  const script = `${stubs}
require ${JSON.stringify(join(plugin, 'm5-stopknop.php'))};
do_action_('init'); do_action_('admin_init');
$m5 = &$GLOBALS['m5'];
$attributes = json_decode(getenv('M5_ATTRIBUTES'), true);
$html = $m5['shortcodes']['m5_stopknop']($attributes) . $m5['shortcodes']['m5_stopknop']('');
$block = $m5['block']['args']['render_callback'](is_array($attributes) ? $attributes : array());
ob_start(); do_action_('wp_footer'); do_action_('wp_footer'); $footer = ob_get_clean();
ob_start(); m5_stopknop_page(); $page = ob_get_clean();
$saved = $m5['setting']['sanitize_callback'](json_decode(getenv('M5_INPUT'), true));
echo json_encode(array('html' => $html, 'footer' => $footer, 'calls' => $m5['calls'], 'block' => $block, 'blockFile' => $m5['block']['file'], 'saved' => $saved, 'errors' => $m5['errors'], 'page' => $page));
`
  const file = join(dir, 'run.php')
  writeFileSync(file, script)
  const { option = [], admin = false, attributes = {}, input = null } = more
  const done = spawnSync('php', [file], {
    encoding: 'utf8',
    env: {
      ...process.env,
      M5_OPTION: JSON.stringify(option),
      M5_ADMIN: admin ? '1' : '0',
      M5_ATTRIBUTES: JSON.stringify(attributes),
      M5_INPUT: JSON.stringify(input),
    },
  })
  expect(done.stderr).toBe('')
  return JSON.parse(done.stdout) as Ran
}

const link = 'https://m5.school.example/meld?s=pk_abcdefghijklmnopqrstuv'

describe.skipIf(!php)(`the plugin under PHP${why}`, () => {
  it('is PHP that its own linter accepts, whatever the school is called', () => {
    for (const [n, name] of ['De Vuurvlinder', ...oddNames].entries()) {
      const plugin = unpack(`lint-${n}`, source({ school: { name, key: 'pk_abcdefgh' } }))
      for (const file of ['m5-stopknop.php', 'defaults.php', 'uninstall.php'])
        expect(execFileSync('php', ['-l', join(plugin, file)], { encoding: 'utf8' })).toContain('No syntax errors')
    }
  })

  it('prints the link inside the element, and the script once for all of a page', () => {
    const { html, footer, block, blockFile, calls } = run(unpack('plain'))
    expect(html).toBe(`<m5-stopknop><a href="${link}">Stop button</a></m5-stopknop>`.repeat(2))
    expect(block).toBe(
      `<div class="wp-block-m5-stopknop"><m5-stopknop><a href="${link}">Stop button</a></m5-stopknop></div>`,
    )
    expect(footer).toBe('<script type="module" src="https://m5.school.example/v/1/m5.js"></script>\n')
    expect(blockFile).toBe(true)
    expect(calls.oembed).toEqual(['https://m5.school.example/meld?*', 'https://m5.school.example/oembed'])
    expect(calls.words).toBe(true)
  })

  it('writes the text on the button as text', () => {
    const label = '<img src=x onerror=alert(1)>"'
    const { html, block } = run(unpack('label'), { attributes: { label } })
    for (const printed of [html, block]) {
      expect(printed).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;')
      expect(printed).not.toContain('<img')
    }
  })

  it('pins one version with its integrity when that is asked', () => {
    const { footer } = run(unpack('pinned'), { option: { pinned: '1' } })
    const integrity = integrityOf(source().script)
    expect(footer).toBe(
      `<script type="module" src="https://m5.school.example/v/1.4.2/m5.js" integrity="${integrity}" crossorigin="anonymous"></script>\n`,
    )
  })

  it('takes what was saved over what was filled in', () => {
    const option = { connector: 'https://other.example', key: 'pk_otherkey1' }
    const { html } = run(unpack('saved'), { option })
    expect(html).toContain('href="https://other.example/meld?s=pk_otherkey1"')
  })

  it('prints nothing for a visitor while address or key are wrong, and says so to an administrator', () => {
    const plugin = unpack('wrong')
    const option = { connector: 'javascript:alert(1)' }
    expect(run(plugin, { option })).toMatchObject({ html: '', footer: '' })
    expect(run(plugin, { option, admin: true }).html).toContain('fill in the address')
    expect(run(plugin, { option: { key: '"><script>' } })).toMatchObject({ html: '', footer: '' })
    expect(run(plugin, { option: 'broken' }).html).toContain(link)
  })

  it('saves an address and a key that are right, and keeps the old ones where they are not', () => {
    const plugin = unpack('sanitize')
    const right = { connector: ' https://M5.Other.example/ ', key: 'pk_otherkey1', pinned: '1' }
    expect(run(plugin, { input: right })).toMatchObject({
      saved: { connector: 'https://m5.other.example', key: 'pk_otherkey1', pinned: '1' },
      errors: [],
    })
    for (const connector of ['http://m5.example', 'https://m5.example/path', 'https://a b', 'ftp://x', '', ['x'], null])
      expect(run(plugin, { input: { connector, key: 'pk_otherkey1' } })).toMatchObject({
        saved: { connector: 'https://m5.school.example', key: 'pk_otherkey1', pinned: '0' },
        errors: ['connector'],
      })
    for (const key of ['sk_secret12', 'pk_', 'pk_<script>', ['x'], null])
      expect(run(plugin, { input: { connector: 'https://m5.other.example', key } }).errors).toEqual(['key'])
  })

  it('shows its settings to who may change them alone', () => {
    const plugin = unpack('page')
    expect(run(plugin).page).toBe('')
    const { page } = run(plugin, { admin: true, option: { connector: 'https://a.example', key: 'pk_"onfocus=' } })
    expect(page).toContain('value="https://a.example"')
    expect(page).toContain('value="pk_&quot;onfocus="')
  })
})

/** A classic script with a `window` of its own. */
function runScript(script: string, window: object): void {
  // The script is a file of ours; the test runs it as a page does.
  new Function('window', script)(window)
}

/** GNU gettext's binary form, read back. */
function mo(file: Uint8Array): Map<string, string> {
  const bytes = Buffer.from(file)
  expect(bytes.readUInt32LE(0)).toBe(0x950412de)
  const [count, from, to] = [8, 12, 16].map(at => bytes.readUInt32LE(at)) as [number, number, number]
  const at = (table: number, n: number) => {
    const [length, start] = [bytes.readUInt32LE(table + n * 8), bytes.readUInt32LE(table + n * 8 + 4)]
    expect(bytes[start + length]).toBe(0)
    return bytes.toString('utf8', start, start + length)
  }
  return new Map(Array.from({ length: count }, (_, n) => [at(from, n), at(to, n)]))
}
