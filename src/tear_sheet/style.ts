/** The page's style. Colours are variables: light, dark and paper each give them. */
export const STYLE = `
:root{--paper:#fff;--ink:#16191d;--quiet:#69707a;--rule:#e3e6ea;--faint:#f5f6f8;--accent:#2456c9;
--other:#9aa1ab;--good:#19794a;--bad:#b8352a;--stop:#c9812b;color-scheme:light dark}
@media(prefers-color-scheme:dark){:root{--paper:#101317;--ink:#e4e7eb;--quiet:#929aa5;--rule:#262b32;
--faint:#171b20;--accent:#7ea5ff;--other:#697280;--good:#4cbb82;--bad:#ec7a6d;--stop:#dba24f}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",
Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
main{max-width:1040px;margin:0 auto;padding:40px 24px 64px}
h1{font-size:26px;line-height:1.2;font-weight:650;letter-spacing:-.01em;margin:0;overflow-wrap:anywhere}
h2{font-size:17px;font-weight:650;margin:52px 0 16px;padding-top:14px;border-top:1px solid var(--rule)}
p{margin:6px 0}
.quiet,header p{color:var(--quiet)}
.lead{display:grid;grid-template-columns:repeat(6,1fr);gap:1px;background:var(--rule);
border:1px solid var(--rule);border-radius:8px;overflow:hidden;margin:28px 0 10px}
.lead div{background:var(--paper);padding:12px 14px 11px}
.lead dt,.figures dt{color:var(--quiet);font-size:13px}
.lead dd{margin:2px 0 0;font-size:22px;font-weight:600;letter-spacing:-.01em;white-space:nowrap}
dl{margin:0}
.figures{display:grid;grid-template-columns:repeat(4,1fr);column-gap:32px}
.figures div{display:flex;justify-content:space-between;gap:8px;padding:5px 0;
border-bottom:1px solid var(--rule)}
.figures dd{margin:0;white-space:nowrap;text-align:right}
.good{color:var(--good)}.bad{color:var(--bad)}
figure{margin:26px 0 0;break-inside:avoid}
figcaption{font-size:14px;margin-bottom:8px;display:flex;flex-wrap:wrap;gap:2px 14px;align-items:baseline}
figcaption span{color:var(--quiet);font-size:13px;overflow-wrap:anywhere}
.key::before{content:"";display:inline-block;width:14px;border-top:2px solid currentColor;
margin-right:6px;vertical-align:.28em}
.key.dot::before{width:8px;height:8px;border:0;border-radius:50%;background:currentColor;vertical-align:0}
.key.accent::before{color:var(--accent)}.key.other::before{color:var(--other)}
.key.good::before{color:var(--good)}.key.bad::before{color:var(--bad)}
figcaption .key{color:var(--quiet)}
.chart{position:relative;height:220px;margin:0 58px 32px 0}
.chart.large{height:320px}.chart.small{height:130px}
.chart svg{position:absolute;inset:0;width:100%;height:100%;overflow:hidden}
.chart span{position:absolute;color:var(--quiet);font-size:12px;line-height:1;white-space:nowrap}
.chart .y{left:calc(100% + 8px);transform:translateY(-50%)}
.chart .x{top:calc(100% + 8px);transform:translateX(-50%)}
path{vector-effect:non-scaling-stroke;fill:none}
.grid{stroke:var(--rule);stroke-width:1}
.line{stroke:var(--accent);stroke-width:1.6;stroke-linejoin:round}
.line.other{stroke:var(--other);stroke-width:1.3}.line.bad{stroke:var(--bad)}.line.thin{stroke-width:1}
.line.zero{stroke:var(--other);stroke-width:1}
.line.wick{stroke:var(--other);stroke-width:1}
.line.stop{stroke:var(--stop);stroke-width:1.4}.line.target{stroke:var(--good);stroke-width:1.4;opacity:.8}
.line.way{stroke:var(--ink);stroke-width:1;opacity:.5;stroke-dasharray:3 3}
.area.accent{fill:var(--accent);opacity:.09}.area.bad{fill:var(--bad);opacity:.14}
.fill.good{fill:var(--good);opacity:.85}.fill.bad{fill:var(--bad);opacity:.85}
.candle{stroke:var(--other);stroke-width:1}.candle.up{fill:var(--paper)}.candle.down{fill:var(--other)}
.dots{stroke-width:7;stroke-linecap:round}
.dots.accent{stroke:var(--accent)}.dots.good{stroke:var(--good)}.dots.bad{stroke:var(--bad)}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:0 36px}
.triple{display:grid;grid-template-columns:1fr 1fr 1fr;gap:0 28px}
.wide{overflow-x:auto}
.groups table{table-layout:fixed;min-width:520px}.groups th:first-child{width:26%}
.trips table{table-layout:fixed;min-width:900px}.trips th:first-child{width:17%}
.trips th:nth-child(3){width:13%}.trips td{overflow:hidden;text-overflow:ellipsis}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{padding:5px 10px 5px 0;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}
thead th{color:var(--quiet);font-weight:500;font-size:13px}
tbody th{font-weight:500}
th:first-child,td:first-child,.text{text-align:left}
td.text,tbody th:first-child{overflow-wrap:anywhere;white-space:normal;min-width:70px}
th:last-child,td:last-child{padding-right:0}
.months td,.months th{text-align:center;padding:7px 4px;border:1px solid var(--paper);font-size:13px}
.months th:first-child{text-align:left}
.months .win{background:color-mix(in srgb,var(--good) var(--strength),var(--paper))}
.months .loss{background:color-mix(in srgb,var(--bad) var(--strength),var(--paper))}
.months .year{font-weight:600}
ul{margin:0;padding-left:18px}li{margin:3px 0}
.notes{margin:18px 0 0;padding:12px 16px 12px 32px;background:var(--faint);border-radius:8px;font-size:14px}
pre{margin:6px 0 0;padding:12px 14px;background:var(--faint);border-radius:8px;overflow-x:auto;
font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
code{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
footer{margin-top:52px;padding-top:14px;border-top:1px solid var(--rule);color:var(--quiet);font-size:13px}
@media(max-width:860px){.lead{grid-template-columns:repeat(3,1fr)}.figures{grid-template-columns:1fr 1fr}}
@media(max-width:620px){main{padding:24px 16px 48px}h1{font-size:22px}.lead{grid-template-columns:1fr 1fr}
.lead dd{font-size:19px}.figures,.pair,.triple{grid-template-columns:1fr}.chart.large{height:240px}
.chart .x:nth-of-type(even){display:none}}
@media print{:root{--paper:#fff;--ink:#000;--quiet:#555;--rule:#ddd;--faint:#f6f6f6;--accent:#1f4bb0;
--other:#8a8f98;--good:#146b40;--bad:#a62b21;--stop:#a9691f}body{font-size:11px}main{max-width:none;padding:0}
h2{break-after:avoid;margin-top:28px}tr,.lead,.notes{break-inside:avoid}.wide{overflow:visible}
table{font-size:10px}.months td,.months th{font-size:9px;padding:4px 2px}
.lead dd{font-size:17px}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}@page{margin:14mm}}
`;
