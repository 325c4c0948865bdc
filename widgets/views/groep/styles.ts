import { css } from 'lit'

export const panelStyles = css`
  :host { display: block; font-size: 1rem; }
  main { max-inline-size: 68rem; margin-inline: auto; padding: 1.25rem clamp(.75rem, 3vw, 1.75rem) 2rem; }
  .head { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: flex-start; justify-content: space-between; }
  .head h1 { flex: 1 1 18rem; }
  .head button { min-block-size: 2.75rem; padding-inline: .75rem; }
  .chooser { max-inline-size: 20rem; }
  .summary { display: grid; gap: .75rem; align-content: start; padding: 1.125rem; border-radius: var(--radius); background: var(--tint); }
  .summary .big { font-size: 1.375rem; font-weight: 700; line-height: 1.25; }
  .summary ul { display: grid; gap: .375rem; }
  .summary div { display: grid; gap: .5rem; margin-block-start: .25rem; }
  .summary li::before { content: '– '; color: var(--soft); }
  @media (min-width: 60rem) {
    .summary { grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: .5rem 2.5rem; padding-inline: 1.5rem; }
    .summary .big { grid-column: 1; } .summary ul { grid-column: 1; } .summary div { grid-column: 2; grid-row: 1 / 3; align-self: center; }
  }
  .filters { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(min(10.5rem, 46%), 1fr)); align-items: end; }
  .filters select { padding-inline: .5rem; text-overflow: ellipsis; }
  .scroll { overflow-x: auto; border-radius: .5rem; position: relative; }
  .bars { display: block; inline-size: 100%; min-inline-size: 30rem; max-block-size: 15rem; font-size: 13px; }
  .bars text { text-anchor: middle; fill: var(--ink); font-weight: 600; }
  .bars .date { font-size: 11.5px; font-weight: 500; fill: var(--soft); }
  .bars .none { fill: var(--soft); font-weight: 500; }
  .bars .bar { fill: var(--accent); }
  .bars .base { stroke: var(--line); }
  table { border-collapse: separate; border-spacing: 3px; inline-size: 100%; }
  th { text-align: start; font-weight: 600; line-height: 1.2; }
  .count { text-align: end; font-variant-numeric: tabular-nums; }
  .heat thead th { font-size: .8125rem; vertical-align: bottom; text-align: center; padding: .25rem; min-inline-size: 4.5rem; max-inline-size: 7rem; font-weight: 550; }
  .heat tbody th { position: sticky; inset-inline-start: 0; background: var(--card); padding: .25rem .5rem .25rem 0; min-inline-size: 7.5rem; max-inline-size: 10rem; font-size: .9375rem; z-index: 1; }
  .heat .place { display: flex; gap: .375rem; align-items: center; justify-content: space-between; }
  .heat .short { display: none; }
  .heat td { text-align: center; block-size: 2.75rem; border-radius: .5rem; font-weight: 700; font-variant-numeric: tabular-nums; }
  .heat .shade0 { color: var(--soft); background: #f6f2ea; font-weight: 400; }
  .shade1 { background: #d5e6e4; } .shade2 { background: #a5cbc8; } .shade3 { background: #3f8286; color: #fff; } .shade4 { background: #17585c; color: #fff; }
  .eye { display: inline-flex; color: #7a4b00; }
  .eye .pic { inline-size: 1.125rem; block-size: 1.125rem; stroke-width: 2.5; }
  .legend { display: flex; gap: .5rem; align-items: center; }
  .reports { display: grid; gap: .625rem; }
  .report { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: .25rem 1rem; align-items: start; padding: .875rem 1rem; break-inside: avoid; }
  .report .sign { display: grid; place-items: center; inline-size: 3rem; block-size: 3rem; border-radius: .875rem; background: #efe9f5; color: #5a3d78; }
  .report .sign .pic { inline-size: 2rem; block-size: 2rem; }
  .report h3 { margin: 0; font-size: 1.0625rem; line-height: 1.3; }
  .report p { color: var(--soft); }
  .who { display: flex; flex-wrap: wrap; gap: .375rem; margin-block-start: .375rem; }
  .who li { padding: .125rem .625rem; border: 1px solid var(--faint); border-radius: 1rem; background: var(--ground); }
  .role { color: var(--soft); }
  .feeling { display: inline-flex; align-items: center; gap: .5rem; font-size: .9375rem; font-weight: 600; text-align: start; max-inline-size: 9.5rem; line-height: 1.2; }
  .feeling .pic { inline-size: 2.125rem; block-size: 2.125rem; }
  .face1 { color: #4f5b1d; } .face2 { color: #7a4b00; } .face3 { color: #94340f; } .face4 { color: #8d1537; }
  .empty { display: grid; gap: .5rem; justify-items: center; text-align: center; padding: 2.5rem 1rem; }
  .empty .pic { inline-size: 3.5rem; block-size: 3.5rem; color: var(--accent); }
  .bone { block-size: 5rem; border-radius: var(--radius); background: #ebe4d8; }
  .bone.tall { block-size: 15rem; }
  @media (prefers-reduced-motion: no-preference) { .bone { animation: breathe 1.6s infinite; } @keyframes breathe { 50% { opacity: .55; } } }
  @media (max-width: 40rem) {
    main { padding-inline: .625rem; }
    .card { padding-inline: .75rem; }
    .heat { table-layout: fixed; border-spacing: 2px; min-inline-size: 15.5rem; }
    .heat thead td { inline-size: 6.75rem; }
    .heat thead th { min-inline-size: 0; max-inline-size: none; padding: 0 0 .25rem; }
    .heat thead .short { display: inline-block; writing-mode: vertical-rl; transform: rotate(180deg); text-align: start; white-space: nowrap; }
    .heat .whole { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
    .heat tbody th { min-inline-size: 0; padding: 0 .25rem 0 0; font-size: .875rem; }
    .heat tbody .short { display: inline; }
    .heat .place { gap: .125rem; }
    .heat .place .pic { inline-size: .9375rem; block-size: .9375rem; }
    .heat td { block-size: 1.875rem; padding: 0; border-radius: .375rem; font-size: .875rem; }
  }
  /* A phone's width inside a portal's own margins. */
  @media (max-width: 21rem) {
    .head .row { gap: 0; } .head button { padding-inline: .375rem; font-size: .9375rem; }
    .heat thead td { inline-size: 5.875rem; }
    .heat tbody th { padding: 0 .125rem 0 0; font-size: .8125rem; font-weight: 500; }
    .heat td { border-radius: .25rem; font-size: .75rem; letter-spacing: -.03em; }
  }
  @media (max-width: 40rem) {
    .report { grid-template-columns: auto minmax(0, 1fr); }
    .report .feeling { grid-column: 2; max-inline-size: none; margin-block-start: .25rem; }
  }
  @media print {
    :host { background: #fff; font-size: 10pt; }
    .filters, .chooser, button, details { display: none !important; }
    main { padding: 0; max-inline-size: none; }
    .card, .summary { border: 1px solid #999; background: none; box-shadow: none; }
    .scroll { overflow: visible; }
    .bars { min-inline-size: 0; }
    td, .bar { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  }
`
