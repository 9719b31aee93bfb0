"""The style sheet of a report: light or dark as the reader's machine is; charts fit on an A4 page."""

from __future__ import annotations

CSS = """
:root { color-scheme: light dark; --paper: #fbfbfa; --panel: #ffffff; --ink: #1f2933; --soft: #5b6875;
  --line: #d9dee3; --accent: #0b6aa2; --warn: #8a4b00; --warn-paper: #fff6e8; --cell: 0, 84, 147; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181c; --panel: #1b2126; --ink: #e4e8eb;
  --soft: #9aa7b2; --line: #303941; --accent: #6bb8e6; --warn: #f2c078; --warn-paper: #2b2419;
  --cell: 107, 184, 230; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
nav { position: fixed; inset: 0 auto 0 0; width: 13.5rem; padding: 1.4rem 1rem; overflow: auto;
  border-right: 1px solid var(--line); background: var(--panel); font-size: 13px; }
nav b { display: block; margin-bottom: .8rem; font-size: 14px; overflow-wrap: anywhere; }
nav a { display: block; padding: .22rem 0; color: var(--soft); text-decoration: none; }
nav a:hover, nav a:focus-visible { color: var(--accent); }
main { max-width: 76rem; margin-left: 13.5rem; padding: 1.6rem 2.2rem 4rem; }
h1 { margin: 0 0 .2rem; font-size: 1.6rem; line-height: 1.25; font-weight: 600; }
h2 { margin: 2.6rem 0 .7rem; padding-top: .9rem; border-top: 1px solid var(--line); font-size: 1.18rem;
  font-weight: 600; }
h3 { margin: 1.4rem 0 .4rem; font-size: 1rem; font-weight: 600; }
p { max-width: 48rem; margin: .4rem 0 .8rem; }
.soft, figcaption, caption, small { color: var(--soft); }
small { font-size: 11.5px; white-space: nowrap; }
.warnings { max-width: 52rem; margin: 1rem 0; padding: .5rem 1rem .6rem; background: var(--warn-paper);
  border-left: 4px solid var(--warn); }
.warnings b { color: var(--warn); }
.warnings ul { margin: .3rem 0 0; padding-left: 1.1rem; }
.key { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.1rem 0; }
.key div { min-width: 9.5rem; padding: .6rem .9rem; background: var(--panel); border: 1px solid var(--line);
  border-radius: 6px; }
.key strong { display: block; font-size: 1.45rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .5rem 0 1rem; font-size: 13px;
  font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .4rem; }
th, td { padding: .32rem .7rem; border-bottom: 1px solid var(--line); text-align: right;
  vertical-align: top; }
th { font-weight: 600; white-space: nowrap; }
td:first-child, th:first-child, .text td, .text th { text-align: left; }
.text td { font-variant-numeric: normal; overflow-wrap: anywhere; }
td small { display: block; }
.dense th, .dense td { padding: .32rem .28rem; }
.dense th { white-space: normal; }
.dense td:nth-child(2), .dense th:nth-child(2) { white-space: nowrap; }
.dense { font-size: 12px; }
.dense small { font-size: 10px; }
tr.mean td { background: rgba(var(--cell), .07); font-weight: 600; }
tr.first td { border-top: 2px solid var(--line); }
pre { overflow-x: auto; padding: .8rem 1rem; background: var(--panel); border: 1px solid var(--line);
  border-radius: 6px; font-size: 12.5px; line-height: 1.4; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(25rem, 1fr)); gap: .8rem 1.4rem; }
.charts.wide { grid-template-columns: 1fr; }
.matrices { display: flex; flex-wrap: wrap; gap: 1rem 2rem; }
figure { margin: .4rem 0 1rem; min-width: 0; }
.chart { max-width: 43rem; }
figcaption { max-width: 52rem; font-size: 13px; }
figure img { display: block; max-width: 100%; height: auto; border-radius: 4px; background: #000; }
.films { display: grid; grid-template-columns: repeat(auto-fill, minmax(24rem, 1fr)); gap: .6rem 1.4rem; }
.matrix td, .matrix th { text-align: center; min-width: 4.2rem; border: 1px solid var(--line); }
.matrix th[scope=row] { text-align: right; }
.matrix td { vertical-align: middle; }
details { margin: .5rem 0 1rem; }
summary { cursor: pointer; color: var(--accent); }
@media (max-width: 60rem) { nav { position: static; width: auto; border-right: 0; border-bottom: 1px solid
  var(--line); columns: 2; } main { margin-left: 0; padding: 1.2rem 1rem 3rem; }
  .charts, .films { grid-template-columns: 1fr; } }
@media print { :root { --paper: #fff; --panel: #fff; --ink: #000; --soft: #444; --line: #bbb; }
  nav { display: none; }
  main { margin: 0; max-width: none; padding: 0; } h2 { break-after: avoid; }
  .scroll { overflow: visible; } table { font-size: 9.5px; } th, td { padding: .2rem .35rem; }
  figure, tr, .warnings, .key div { break-inside: avoid; } .modebar { display: none; } }
"""
