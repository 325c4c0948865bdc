/** The rules marked important are the guard: inside a shadow root they win over whatever the page says by `::part`. */
const css = String.raw

export const stopknopStyles = css`
  :host { display: inline-block; font-family: var(--m5-font, inherit); line-height: 1.3; }
  :host([hidden]) { display: none; }
  * { box-sizing: border-box; }
  button { font: inherit; cursor: pointer; }
  .stop {
    display: inline-flex !important; visibility: visible !important; opacity: 1 !important;
    clip-path: none !important; filter: none !important; transform: none !important; pointer-events: auto !important;
    min-block-size: 5.5rem !important; min-inline-size: min(17rem, 100%) !important;
    align-items: center; gap: 1rem; text-align: start; max-inline-size: 100%;
    padding: .75rem 1.5rem .75rem 1rem; border: 3px solid #fff; border-radius: var(--m5-radius, 1.25rem);
    color: var(--m5-color, #fff); background: var(--m5-background, #b3261e);
    /* white edge and dark ring together stand out on any ground */
    box-shadow: 0 0 0 2px #3b0a06, 0 4px 14px #3b0a0640 !important;
  }
  .stop.guarded { color: #fff !important; background: #b3261e !important; }
  .stop:hover { box-shadow: 0 0 0 4px #3b0a06, 0 6px 18px #3b0a0659 !important; }
  .stop:focus-visible { outline: 4px solid #1a56c4; outline-offset: 5px; }
  .stop svg { inline-size: 3.5rem; block-size: 3.5rem; flex: none; }
  .sign { fill: #fff; stroke: #3b0a06; stroke-width: 2; }
  .hand { fill: #b3261e; }
  .stop b { display: block; font-size: 1.6rem; font-weight: 800; line-height: 1.15; }
  .stop small { display: block; font-size: 1rem; margin-block-start: .15rem; }
  dialog {
    position: fixed; inset: 0; inline-size: 100vw; block-size: 100dvh; max-inline-size: none; max-block-size: none;
    margin: 0; padding: 0; border: 0; background: #fbf8f3; color: #23201c; overflow: hidden;
  }
  dialog[open] { display: block; }
  dialog::backdrop { background: #1e1b2a99; }
  /* As high as the form's own bar, which leaves 3.5rem free at its end. */
  .bar {
    position: absolute; inset-block-start: 0; inset-inline-end: 0; z-index: 2; display: flex; flex-wrap: wrap; align-items: center; justify-content: flex-end; gap: .5rem;
    min-block-size: 3.75rem; padding: .25rem .375rem;
  }
  .ask, .alone { inset-inline-start: 0; padding-inline-start: 1rem; background: #fff; border-block-end: 1px solid #ddd5c8; }
  .bar p { flex: 1 1 16rem; margin: .25rem 0; font-weight: 600; }
  .name { flex: 1; font-weight: 700; }
  .bar button {
    min-inline-size: 2.75rem; min-block-size: 2.75rem; padding: 0 .9rem; border: 2px solid #6b6257; border-radius: .75rem;
    background: #fff; color: #23201c; font-weight: 600;
  }
  .bar button:has(svg) { padding: 0; border-color: transparent; }
  .bar button:hover { background: #f3eee5; }
  .bar button.main { background: #17494d; border-color: #17494d; color: #fff; }
  .bar button:focus-visible { outline: 3px solid #1a56c4; outline-offset: 2px; }
  .bar svg { inline-size: 1.5rem; vertical-align: middle; fill: none; stroke: currentColor; stroke-width: 2.5; stroke-linecap: round; }
  .place { position: absolute; inset: 0; }
  iframe { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; border: 0; }
  .wait { position: absolute; inset-inline: 1rem; inset-block-start: 30%; text-align: center; z-index: 1; }
  @media (min-width: 720px) {
    dialog {
      inset: 0; margin: auto; inline-size: min(46rem, 92vw); block-size: min(54rem, 92dvh);
      border-radius: 1.25rem; box-shadow: 0 24px 60px #1e1b2a66;
    }
  }
  @media (forced-colors: active) { .stop { border-color: ButtonText; } }
  @media print { .stop, dialog { display: none !important; } }
`
