"""The page's style: dark and light, by what the reader's system asks for."""

STYLE = """
:root { color-scheme: light dark;
  --page: #f7f7f5; --card: #ffffff; --ink: #17191c; --soft: #5b6169; --line: #e1e2e0;
  --s1: #2563c9; --s2: #b4540a; --s3: #0f7f6b; --s4: #8a3fa8; --s5: #667085;
  --bad: #c4281c; --good: #1a7f37; --doubt: #9a6700; --band: rgba(196, 40, 28, .10); }
@media (prefers-color-scheme: dark) { :root {
  --page: #131517; --card: #1b1e21; --ink: #e8e9ea; --soft: #9aa1a9; --line: #2e3338;
  --s1: #6ea8fe; --s2: #f0a35e; --s3: #4cc9b0; --s4: #cf96ea; --s5: #98a2b3;
  --bad: #ff7b6e; --good: #5bd07a; --doubt: #e3b341; --band: rgba(255, 123, 110, .13); } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 26px; margin: 0; display: flex; gap: 14px; align-items: center; flex-wrap: wrap; }
h2 { font-size: 17px; margin: 34px 0 10px; }
p { margin: 6px 0; } .soft { color: var(--soft); }
code, pre, .mono { font-family: ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", monospace;
  font-size: 12.5px; }
.verdict { font-size: 14px; font-weight: 600; padding: 3px 12px; border-radius: 99px;
  border: 1.5px solid currentColor; }
.held { color: var(--good); } .broken { color: var(--bad); } .says { color: var(--doubt); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 14px 16px; margin: 10px 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(240px, 1fr)); gap: 10px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 10px 14px; }
.tile b { display: block; font-size: 22px; font-variant-numeric: tabular-nums; }
.plot h3 { font-size: 14px; margin: 0 0 6px; display: flex; gap: 16px; flex-wrap: wrap;
  align-items: baseline; }
.plot h3 span { font-weight: 400; font-size: 12.5px; }
.plot h3 .unit { color: var(--soft); }
.key::before { content: ""; display: inline-block; width: 16px; height: 0; margin-right: 6px;
  border-top: 2.5px solid currentColor; vertical-align: middle; }
.key.dashed::before { border-top-style: dashed; }
.key i { font-style: normal; color: var(--soft); }
svg { display: block; width: 100%; height: auto; }
.grid { stroke: var(--line); stroke-width: 1; } .axis { fill: var(--soft); font-size: 11.5px; }
.line { fill: none; stroke-width: 1.7; stroke-linejoin: round; stroke: currentColor; }
.line.dashed { stroke-dasharray: 4 3; stroke-width: 1.3; } .dot, .bar { fill: currentColor; }
.band { fill: var(--band); }
.phase { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 3; }
.hover { fill: transparent; }
.hover:hover { fill: var(--line); fill-opacity: .55; }
.word { fill: var(--card); font-size: 11px; font-weight: 600; pointer-events: none; }
.s1 { color: var(--s1); } .s2 { color: var(--s2); } .s3 { color: var(--s3); }
.s4 { color: var(--s4); } .s5 { color: var(--s5); } .bad { color: var(--bad); }
.doubtful { color: var(--doubt); } .pale { opacity: .45; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th { text-align: left; color: var(--soft); font-weight: 500; }
th, td { padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.short { white-space: nowrap; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.wide { overflow-x: auto; }
pre { margin: 8px 0 0; padding: 10px 12px; overflow-x: auto; background: var(--page);
  border-radius: 6px; border: 1px solid var(--line); }
summary { cursor: pointer; color: var(--soft); margin-top: 6px; }
.violation { border-left: 4px solid var(--bad); }
"""
