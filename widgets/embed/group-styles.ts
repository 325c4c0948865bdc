const css = String.raw

export const groupStyles = css`
  :host { display: block; }
  :host([hidden]) { display: none; }
  .outline {
    position: relative; overflow: hidden; border: 1px solid #cfc6b8; border-radius: var(--m5-radius, 1rem); background: #fbf8f3;
    min-block-size: var(--m5-height, 36rem); color: #23201c;
  }
  iframe { display: block; inline-size: 100%; block-size: var(--m5-height, 36rem); border: 0; }
  .wait { position: absolute; inset: 0; padding: 1.5rem; margin: 0; background: #fbf8f3; }
  .bone { display: block; block-size: 1.1rem; margin-block: 1rem; border-radius: .5rem; background: #e9e2d6; }
  .bone:nth-of-type(2) { inline-size: 60%; }
  .bone:nth-of-type(3) { block-size: 12rem; }
  @media print { .outline { border: 0; } }
`
