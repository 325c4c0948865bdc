/** Tokens and the controls that all views share. Calm, warm, large enough for a thumb; no shade carries a meaning on its own. */
import { css } from 'lit'

export const tokens = css`
  :host {
    --ground: #fbf8f3; --card: #fff; --ink: #23201c; --soft: #5b5349; --line: #8d8375; --faint: #e6dfd3;
    --accent: #17585c; --on-accent: #fff; --tint: color-mix(in srgb, var(--accent) 11%, #fff);
    --alarm: #a3221a; --alarm-tint: #fdeeea; --focus: #1a56c4; --radius: 1rem;
    color: var(--ink); background: var(--ground);
    font-family: ui-rounded, system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif;
    font-size: 1.0625rem; line-height: 1.5;
  }
  :host([hidden]), [hidden] { display: none !important; }
  *, *::before, *::after { box-sizing: border-box; }
  h1, h2, h3, p, ul, ol, dl, dd, fieldset, figure { margin: 0; padding: 0; border: 0; min-inline-size: 0; }
  ul, ol { list-style: none; }
  h1 { font-size: clamp(1.5rem, 1.25rem + 1.6vw, 2rem); line-height: 1.2; font-weight: 750; letter-spacing: -.01em; text-wrap: balance; }
  h1:focus { outline: none; }
  h2, legend { font-size: 1.125rem; line-height: 1.3; font-weight: 700; }
  legend { padding: 0; margin-block-end: .625rem; }
  a { color: var(--accent); text-underline-offset: .2em; }
  .soft { color: var(--soft); }
  .small { font-size: .9375rem; }
  .sr { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .pic { inline-size: 1.5rem; block-size: 1.5rem; flex: none; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
  .pic .wash { fill: color-mix(in srgb, currentColor 15%, transparent); }
  :focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
`

export const controls = css`
  button, input, textarea, select { font: inherit; color: inherit; }
  button, .button {
    display: inline-flex; align-items: center; justify-content: center; gap: .5rem; min-block-size: 3rem; padding: .5rem 1.125rem;
    border: 2px solid var(--line); border-radius: .875rem; background: var(--card); color: var(--ink); font-weight: 650; line-height: 1.2;
    text-decoration: none; cursor: pointer;
  }
  button:hover, .button:hover { border-color: var(--ink); }
  button.main, .button.main { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
  button.main:hover { border-color: var(--ink); box-shadow: inset 0 0 0 99px #0002; }
  button.quiet { border-color: transparent; background: none; }
  button.quiet:hover { background: #0000000d; }
  button.link { min-block-size: 2.75rem; padding: .25rem .125rem; border: 0; background: none; color: var(--accent); text-decoration: underline; text-underline-offset: .2em; }
  button:disabled { border-color: var(--faint); background: none; color: #6d655b; cursor: not-allowed; }
  button .pic { inline-size: 1.375rem; block-size: 1.375rem; }
  .field { display: grid; gap: .25rem; }
  .field > label, .field > .label { font-weight: 650; }
  .field small { color: var(--soft); font-size: .9375rem; }
  input[type='text'], input[type='search'], input[type='date'], textarea, select {
    inline-size: 100%; min-block-size: 3rem; padding: .625rem .875rem; border: 2px solid var(--line); border-radius: .75rem; background: var(--card);
  }
  textarea { min-block-size: 6.5rem; resize: vertical; }
  .card { padding: 1.125rem; border: 1px solid var(--faint); border-radius: var(--radius); background: var(--card); }
  .note { display: flex; gap: .75rem; align-items: flex-start; padding: .875rem 1rem; border-radius: var(--radius); background: var(--tint); }
  .note .pic { color: var(--accent); margin-block-start: .1rem; }
  .alarm { border: 2px solid var(--alarm); border-radius: var(--radius); background: var(--alarm-tint); padding: 1rem; }
  .alarm h2, .alarm .pic { color: var(--alarm); }
  .row { display: flex; flex-wrap: wrap; gap: .625rem; align-items: center; }
  .stack { display: grid; gap: 1rem; align-content: start; }

  .tiles { display: grid; gap: .625rem; grid-template-columns: repeat(auto-fill, minmax(min(9.25rem, 46%), 1fr)); }
  .tile {
    position: relative; display: flex; flex-direction: column; align-items: center; gap: .5rem; min-block-size: 3.25rem; padding: .875rem .625rem;
    border: 2px solid var(--line); border-radius: var(--radius); background: var(--card); text-align: center; line-height: 1.25; font-weight: 550;
    hyphens: auto; overflow-wrap: break-word; cursor: pointer;
  }
  .tile:hover { border-color: var(--ink); }
  .tile input { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; margin: 0; opacity: 0; cursor: pointer; }
  .tile .pic { inline-size: 3rem; block-size: 3rem; color: var(--tone, var(--accent)); }
  .tile:has(:checked) { border-color: var(--accent); background: var(--tint); box-shadow: inset 0 0 0 1px var(--accent); }
  .tile .tick { display: none; }
  .tile:has(:checked) .tick {
    display: block; position: absolute; inset-block-start: .375rem; inset-inline-end: .375rem; inline-size: 1.5rem; block-size: 1.5rem; padding: .2rem;
    border-radius: 50%; background: var(--accent); color: var(--on-accent); stroke-width: 4;
  }
  .tile:has(:focus-visible) { outline: 3px solid var(--focus); outline-offset: 2px; }
  .wide { grid-template-columns: repeat(auto-fill, minmax(min(15rem, 100%), 1fr)); }
  .wide .tile, .plain .tile { flex-direction: row; text-align: start; padding-inline-end: 2.25rem; }
  .wide .tile .pic:first-of-type { inline-size: 2.25rem; block-size: 2.25rem; }
  .plain .tile { justify-content: flex-start; padding: .625rem 2.25rem .625rem .875rem; }
  @media (forced-colors: active) { .tile:has(:checked) { outline: 3px solid Highlight; } }
  @media (prefers-reduced-motion: no-preference) { .tile, button { transition: border-color .12s, background-color .12s; } }
`

/** The page under the view, on our own origin: no style="" is allowed there, a constructed sheet is. */
export const dressPage = () => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(
    'html{background:#fbf8f3;-webkit-text-size-adjust:100%}body{margin:0}html{scroll-padding-block:5rem 6rem}',
  )
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
}

/** A portal may choose the accent, as a hex colour on which white can be read (4.5:1) and which is no alarm red on its own ground. */
export const acceptAccent = (element: HTMLElement, accent: string | undefined) => {
  const parts = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(accent ?? '')
  if (!parts) return false
  const [r = 0, g = 0, b = 0] = parts
    .slice(1)
    .map(part => Number.parseInt(part, 16) / 255)
    .map(value => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
  if (1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05) < 4.5) return false
  element.style.setProperty('--accent', parts[0])
  return true
}
