/**
 * A report as one page: no script, nothing loaded, all that it shows in it.
 * Invariant: every text goes through hono's `html`, which escapes it; the page's own policy lets no script
 * run, whatever a name holds.
 */
import { html, raw } from "hono/html";
import { figuresOf, money, percent, ratio } from "../analysis/figure_texts.ts";
import type { Report } from "../analysis/report_types.ts";
import { exchangeDate } from "../model/calendar.ts";
import type { Html } from "./chart.ts";
import { drawdownChart, equityChart, rollingCharts } from "./curves.ts";
import {
  dailyHistogram,
  excursionCharts,
  gainHistogram,
  monthTable,
  rHistogram,
} from "./distributions.ts";
import { priceFigures } from "./price_charts.ts";
import { STYLE } from "./style.ts";
import { allTrips, extremeTables, groupTables } from "./tables.ts";

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** The page's text. */
export async function tearSheet(report: Report): Promise<string> {
  const title = titleOf(report);
  const page = html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width,initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="${POLICY}">
        <meta name="generator" content="Liu">
        <title>${title}</title>
        <style>${raw(STYLE)}</style>
      </head>
      <body>
        <main>
    <header><h1>${title}</h1>${subtitle(report)}</header>
    ${lead(report)}${notes(report)}
    ${curves(report)}
    ${months(report)}
    <h2>Figures</h2>${figures(report)}
    ${trades(report)}
    ${prices(report)}
    ${ran(report)}${allTrips(report)}
    <footer>Made by Liu from what it had stored. What each figure is: docs/analysis.md.</footer>
        </main>
      </body>
    </html>
  `;
  return String(await page);
}

function titleOf({ batches, filters }: Report): string {
  const names = [
    ...new Set(batches.flatMap(({ strategies }) => strategies.map(({ name }) => name))),
  ];
  const shown = names.slice(0, 3).join(", ") + (names.length > 3 ? " and others" : "");
  const symbols = filters.symbols.length > 0 ? ` in ${filters.symbols.join(", ")}` : "";
  return (shown === "" ? "No strategy" : shown) + symbols;
}

function subtitle({ batches, period, trades, orders }: Report): Html {
  const [from, to] = [
    exchangeDate(period.fromUs),
    exchangeDate(Math.max(period.fromUs, period.toUs - 1)),
  ];
  const environments = [...new Set(batches.map(({ environment }) => environment))].join(", ");
  const what = batches.length === 1 ? `batch ${batches[0].batchId}` : `${batches.length} batches`;
  return html`<p>${from === to ? from : `${from} to ${to}`} · ${environments} · ${what} · ${
    count(trades.count, "trade")
  }, ${count(orders.executions, "execution")}</p>`;
}

function lead({ account, returns, trades }: Report): Html {
  const tone = (value: number | null) =>
    value === null ? "" : value > 0 ? "good" : value < 0 ? "bad" : "";
  const cells: [string, string, string][] = [
    ["Return", percent(returns.total, "+"), tone(returns.total)],
    ["Gain", money(account.gain, "+"), tone(account.gain)],
    ["Sharpe", ratio(returns.sharpe), ""],
    [
      "Max drawdown",
      returns.maxDrawdown === null ? "–" : percent(-returns.maxDrawdown.share),
      "",
    ],
    ["Win rate", percent(trades.winRate), ""],
    ["Profit factor", ratio(trades.profitFactor), ""],
  ];
  return html`<dl class="lead">${
    cells.map(([name, value, className]) =>
      html`
        <div>
          <dt>${name}</dt>
          <dd class="${className}">${value}</dd>
        </div>
      `
    )
  }</dl>`;
}

function notes({ notes }: Report): Html | "" {
  if (notes.length === 0) return "";
  return html`<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`;
}

function curves(report: Report): Html {
  if (report.account.startEquity === null || report.curve.timeUs.length < 2) {
    return html`<p class="quiet">There is no curve of the account's value to show.</p>`;
  }
  return html`${equityChart(report)}${drawdownChart(report)}`;
}

function months(report: Report): Html | "" {
  const [table, rolling] = [monthTable(report), rollingCharts(report)];
  if (table === "" && rolling === "") return "";
  return html`<h2>Over time</h2>${table}${rolling}`;
}

function figures(report: Report): Html {
  return html`<dl class="figures">${
    figuresOf(report).map(([name, value]) => {
      const text = typeof value === "string" ? value : value.text;
      const tone = typeof value === "string" ? "" : value.tone;
      return html`
        <div>
          <dt>${name[0].toUpperCase() + name.slice(1)}</dt>
          <dd class="${tone}">${text}</dd>
        </div>
      `;
    })
  }</dl>`;
}

function trades(report: Report): Html | "" {
  if (report.trades.count === 0) return "";
  const spread = [dailyHistogram(report), gainHistogram(report), rHistogram(report)]
    .filter((one) => one !== "");
  return html`<h2>Trades</h2><div class="${
    spread.length === 3 ? "triple" : "pair"
  }">${spread}</div>${excursionCharts(report.trips)}
${groupTables(report)}${extremeTables(report)}`;
}

function prices(report: Report): Html | "" {
  const figures = priceFigures(report);
  if (figures.length === 0) return "";
  return html`
    <h2>Prices</h2><p
      class="quiet">Stops are drawn in amber, targets in green, as they were at the entry.</p>${figures}
  `;
}

/** With what it ran, so that it can be run again. */
function ran({ batches, gaps, market, orders }: Report): Html {
  const shown = batches.slice(0, 20);
  return html`
    <h2>How it ran</h2>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th>Batch</th>
            <th>Environment</th>
            <th>Version</th>
            <th>From</th>
            <th>To</th>
            <th>Runs</th>
            <th>Executions</th>
            <th class="text">Ended</th>
          </tr>
        </thead>
        <tbody>${shown.map((one) =>
          html`
            <tr>
              <td class="text"><code>${one.batchId}</code></td>
              <td>${one.environment}</td>
              <td>${one.version}</td>
              <td>${exchangeDate(one.startUs)}</td>
              <td>${one.endUs === null ? "–" : exchangeDate(one.endUs - 1)}</td>
              <td>${one.runs}</td>
              <td>${one.executions}</td>
              <td class="text">${one.endReasons.join(", ") || "no end"}</td>
            </tr>
          `
        )}</tbody>
      </table>
    </div>${batches.length > shown.length
      ? html`<p class="quiet">and ${batches.length - shown.length} batches more</p>`
      : ""}${parameters(shown)}${market === null
      ? ""
      : html`<p>Market data: ${market.rows} rows, ${market.dropped} dropped because a queue was full, ${market.rowsLost} given up in ${
        count(market.outOfSync, "time")
      } out of sync; greatest lag ${
        market.lagSecondsMax.toFixed(2)
      } s.</p>`}${orders.denials.length === 0
      ? ""
      : html`<p>Denied or refused: ${
        orders.denials.slice(0, 12).map(({ by, code, count }) => `${code} (${by}) ${count} ×`).join(
          ", ",
        )
      }.</p>`}${gaps.length === 0
      ? ""
      : html`<p>Gaps in the bars: ${
        gaps.slice(0, 10).map(({ symbol, dates, sessions }) =>
          `${symbol} ${count(sessions, "session")} (${dates.slice(0, 3).join(", ")}${
            sessions > 3 ? ", …" : ""
          })`
        ).join("; ")
      }${gaps.length > 10 ? `; and ${gaps.length - 10} symbols more` : ""}.</p>`}
  `;
}

/** Once where all batches had the same. */
function parameters(batches: Report["batches"]): Html[] {
  const seen = new Set<string>();
  return batches.flatMap(({ strategies }) =>
    strategies.flatMap(({ name, parameters }) => {
      const text = JSON.stringify(parameters, null, 1);
      if (seen.has(`${name} ${text}`)) return [];
      seen.add(`${name} ${text}`);
      return [html`
        <figure>
          <figcaption><b>${name}</b><span>parameters</span></figcaption>
          <pre>${text}</pre>
        </figure>
      `];
    })
  );
}

function count(number: number, thing: string): string {
  return `${number.toLocaleString("en-US")} ${thing}${number === 1 ? "" : "s"}`;
}
