import { css } from 'lit'

export const grantStyles = css`
  :host { display: grid; min-block-size: 100vh; min-block-size: 100dvh; align-content: start; }
  main { inline-size: 100%; max-inline-size: 38rem; margin-inline: auto; padding: clamp(1.25rem, 6vh, 4rem) 1.125rem 2rem; }
  .card { display: grid; gap: 1rem; padding: clamp(1.125rem, 4vw, 2rem); }
  .asks { font-size: clamp(1.25rem, 1.1rem + 1vw, 1.5rem); line-height: 1.35; font-weight: 650; text-wrap: pretty; }
  .row button { min-block-size: 3.25rem; }
  .row .main { flex: 1 1 12rem; } .row .no { flex: 1 1 6rem; }
  .me { display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: center; justify-content: space-between; }
  .seal { display: grid; place-items: center; inline-size: 4rem; block-size: 4rem; border-radius: 50%; background: var(--accent); color: var(--on-accent); }
  .seal .pic { inline-size: 2.5rem; block-size: 2.5rem; stroke-width: 3; }
`
