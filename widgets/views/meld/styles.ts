import { css } from 'lit'

export const formStyles = css`
  :host { display: flex; flex-direction: column; min-block-size: 100vh; min-block-size: 100dvh; }
  .top {
    display: flex; align-items: center; gap: .25rem .5rem; padding: .5rem clamp(.75rem, 4vw, 1.5rem);
    background: var(--card); border-block-end: 1px solid var(--faint); position: sticky; inset-block-start: 0; z-index: 2;
  }
  :host([framed]) .top { padding-inline-end: 3.75rem; }
  .top .place { flex: 1 1 5.5rem; min-inline-size: 0; font-weight: 700; line-height: 1.2; max-block-size: 2.75rem; overflow: hidden; }
  .top .place small { display: block; font-weight: 500; font-size: .875rem; color: var(--soft); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
  .top button { min-block-size: 2.75rem; padding: .25rem .75rem; white-space: nowrap; }
  .top .exit { border-color: var(--ink); }
  main { flex: 1; inline-size: 100%; max-inline-size: 46rem; margin-inline: auto; padding: 1.25rem clamp(1rem, 4vw, 1.5rem) 2rem; }
  .stack { gap: 1.25rem; }
  .steps { display: flex; align-items: center; gap: .75rem; color: var(--soft); font-weight: 600; font-size: .9375rem; }
  .steps ol { display: flex; gap: .45rem; flex: 1; max-inline-size: 16rem; }
  .steps li { flex: 1; block-size: .5rem; border-radius: .25rem; background: #d9d0c1; }
  .steps li.past { background: var(--accent); }
  .steps li.now { background: var(--accent); outline: 2px solid var(--accent); outline-offset: 2px; }
  .heading { display: flex; align-items: flex-start; justify-content: space-between; gap: .75rem; }
  .heading button { flex: none; min-block-size: 2.75rem; padding-inline: .75rem; }
  .bottom {
    position: sticky; inset-block-end: 0; z-index: 2; background: var(--card); border-block-start: 1px solid var(--faint);
    padding: .625rem clamp(1rem, 4vw, 1.5rem) calc(.625rem + env(safe-area-inset-bottom));
  }
  .bottom > div { display: flex; flex-wrap: wrap; gap: .5rem; max-inline-size: 43rem; margin-inline: auto; }
  .bottom .fill { flex: 1; }
  .bottom button { min-block-size: 3.25rem; padding-inline: 1rem; }
  .bottom .next { flex: 0 1 auto; min-inline-size: 7.5rem; font-size: 1.125rem; }
  .me { display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: center; justify-content: space-between; padding: .375rem 1rem; border-radius: var(--radius); background: var(--tint); }
  .entry { display: grid; gap: .5rem; padding: 1.25rem; border: 2px solid var(--accent); }
  .entry m5-sign-in { margin-block-start: .5rem; }
  .or { display: flex; align-items: center; gap: .75rem; color: var(--soft); font-weight: 600; }
  .or::before, .or::after { content: ''; flex: 1; border-block-start: 1px solid var(--line); }
  .two { display: grid; gap: .75rem 1rem; grid-template-columns: repeat(auto-fit, minmax(min(14rem, 100%), 1fr)); }
  .two p { grid-column: 1 / -1; }
  .narrow { max-inline-size: 16rem; }
  .more { justify-self: center; }
  .missing { padding: .75rem 1rem; border: 2px solid var(--alarm); border-radius: .75rem; background: var(--alarm-tint); font-weight: 650; }
  .count { text-align: end; }
  details > summary { min-block-size: 1.75rem; font-weight: 650; cursor: pointer; border-radius: .5rem; }
  details[open] > summary { margin-block-end: .875rem; }
  details { padding-block: .875rem; }
  .alarm { display: grid; gap: .625rem; }
  .lines { display: grid; gap: .5rem; }
  .lines li { display: flex; flex-wrap: wrap; gap: .375rem 1rem; align-items: center; justify-content: space-between; padding-block: .5rem; border-block-start: 1px solid var(--faint); }
  .alarm .lines li { border-color: #e4b9b2; }
  .lines small { display: block; color: var(--soft); font-size: .9375rem; }
  .tone-face1 { --tone: #4f5b1d; } .tone-face2 { --tone: #7a4b00; } .tone-face3 { --tone: #94340f; } .tone-face4 { --tone: #8d1537; }
  .tone-what { --tone: #5a3d78; } .tone-where { --tone: #1d5a8a; } .tone-when { --tone: #7a4b00; } .tone-alarm { --tone: var(--alarm); }
  .tile.tone-face1 .pic:not(.tick), .tile.tone-face2 .pic:not(.tick), .tile.tone-face3 .pic:not(.tick), .tile.tone-face4 .pic:not(.tick) { inline-size: 3.75rem; block-size: 3.75rem; }
  .progress, .not-yet { display: flex; align-items: center; gap: 1rem; padding: 1.25rem; border-radius: var(--radius); background: var(--card); border: 1px solid var(--faint); font-size: 1.125rem; font-weight: 600; }
  .not-yet { border: 2px solid #b87500; background: #fff6e3; }
  .dots { display: inline-flex; gap: .3rem; }
  .dots i { inline-size: .7rem; block-size: .7rem; border-radius: 50%; background: var(--accent); }
  @media (prefers-reduced-motion: no-preference) {
    .dots i { animation: beat 1.2s infinite; }
    .dots i:nth-child(2) { animation-delay: .2s; } .dots i:nth-child(3) { animation-delay: .4s; }
    @keyframes beat { 50% { opacity: .25; } }
  }
  .seal { display: grid; place-items: center; inline-size: 5rem; block-size: 5rem; border-radius: 50%; background: var(--accent); color: var(--on-accent); }
  .seal .pic { inline-size: 3rem; block-size: 3rem; stroke-width: 3; }
  .words { display: grid; gap: .75rem; border: 2px solid var(--accent); }
  .words .three { display: flex; flex-wrap: wrap; gap: .125rem 1.25rem; font-size: clamp(1.75rem, 8vw, 2.5rem); font-weight: 750; line-height: 1.25; }
  .lead { font-size: 1.25rem; font-weight: 600; }
  dialog { inline-size: min(34rem, 94vw); max-block-size: 88dvh; padding: 1.25rem; border: 0; border-radius: 1.25rem; color: var(--ink); background: var(--card); box-shadow: 0 20px 50px #1e1b2a59; }
  dialog::backdrop { background: #1e1b2a80; }
  dialog .heading { margin-block-end: .75rem; }
  @media (max-width: 34rem) {
    .top { gap: .375rem; }
    .top button { padding-inline: .4rem; gap: .25rem; font-size: .9375rem; }
    .top button .pic { inline-size: 1.2rem; block-size: 1.2rem; }
    .top .place small { font-size: .8125rem; }
    .bottom .back span { display: none; }
    .bottom .back { min-inline-size: 3.25rem; padding-inline: 0; }
    .bottom .fill { display: none; }
    .bottom > div { flex-wrap: nowrap; }
    .bottom button { padding-inline: .5rem; white-space: nowrap; }
    .bottom .back { flex: none; }
    .bottom .next { flex: 1 1 auto; min-inline-size: 0; font-size: 1.0625rem; }
    .bottom .now { flex: 1 1 auto; font-size: 1rem; }
    .tile { padding-inline: .375rem; }
  }
  @media (max-width: 22rem) { .top button .pic { display: none; } .top .place { font-size: .9375rem; } }
  @media print { .top, .bottom, .row, .claim { display: none; } }
`
