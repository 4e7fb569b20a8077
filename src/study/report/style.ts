/** The report's style sheet. */

export const STYLE = `
:root { color-scheme: light; --ink: #101828; --soft: #475467; --line: #e4e7ec; --accent: #0b4aa8; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 60rem; color: var(--ink); background: #fff;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.01em; }
h2 { font-size: 1.4rem; margin: 3rem 0 .25rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
.lead, .question { color: var(--soft); margin-top: 0; }
.warning { background: #fef3f2; border-left: 4px solid #d92d20; padding: .6rem .9rem; border-radius: 0 6px 6px 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1.5rem 0; }
.card { border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; }
.card b { display: block; font-size: 1.7rem; line-height: 1.2; color: var(--accent); font-variant-numeric: tabular-nums; }
.card span { font-size: .85rem; color: var(--soft); line-height: 1.35; display: block; margin-top: .2rem; }
nav { display: flex; flex-wrap: wrap; gap: .4rem 1.1rem; font-size: .95rem; }
a { color: var(--accent); }
figure { margin: 1.5rem 0; }
figcaption { font-weight: 600; margin-bottom: .4rem; }
.plot { overflow-x: auto; }
.plot svg { max-width: 100%; height: auto; display: block; }
.table { overflow-x: auto; margin: .75rem 0; }
.wide thead th { white-space: normal; vertical-align: bottom; }
.wide { width: min(96vw, 84rem); position: relative; left: 50%; transform: translateX(-50%); }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: .28rem .65rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; white-space: nowrap; }
thead th { color: var(--soft); font-weight: 600; border-bottom: 2px solid var(--line); }
tbody th { font-weight: 600; }
tbody th.left { white-space: normal; min-width: 11rem; }
.left { text-align: left; }
td.left { white-space: normal; }
.facts th { color: var(--soft); padding-left: 0; }
details { margin: .9rem 0; border: 1px solid var(--line); border-radius: 8px; padding: .6rem .9rem; }
summary { cursor: pointer; font-weight: 600; }
code { background: #f2f4f7; padding: .1em .35em; border-radius: 4px; font-size: .92em; }
@media print { details { border: 0; padding: 0; } nav { display: none; } section { break-inside: avoid-page; } }
`;
