/** Trades in tables, few enough to be read; what is left out is said. */
import { html } from "hono/html";
import { duration, percent, ratio } from "../analysis/figure_texts.ts";
import type { GroupName, GroupRow, Report } from "../analysis/report_types.ts";
import type { Trip } from "../analysis/trips.ts";
import { exchangeDate, exchangeTime } from "../model/calendar.ts";
import type { Html } from "./chart.ts";

const GROUPS_MAX = 30;
const TRIPS_MAX = 200;
const FEW = 10;
const TITLES: Record<Exclude<GroupName, "total">, string> = {
  strategy: "By strategy",
  symbol: "By symbol",
  side: "By side",
  weekday: "By weekday of entry",
  hour: "By hour of entry",
};

export function groupTables({ groups, orders }: Report): Html[] {
  const names = ["strategy", "symbol", "side", "weekday", "hour"] as const;
  return names.filter((name) => groups[name].length > (name === "side" ? 1 : 0))
    .map((name) => groupTable(TITLES[name], groups[name], orders.hasFees));
}

function groupTable(title: string, rows: readonly GroupRow[], hasFees: boolean): Html {
  const shown = rows.length > GROUPS_MAX
    ? rows.toSorted((a, b) => Math.abs(b.gain) - Math.abs(a.gain)).slice(0, GROUPS_MAX)
    : rows;
  return html`
    <figure class="groups">
      <figcaption><b>${title}</b>${shown.length < rows.length
        ? html`<span>those ${shown.length} of ${rows.length} that gained or lost most</span>`
        : ""}</figcaption>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th></th>
              <th>Trades</th>
              <th>Won</th>
              <th>Profit factor</th>
              <th>Gain</th>
              <th>r</th>
              <th>Fees</th>
            </tr>
          </thead>
          <tbody>${shown.map((row) =>
            html`<tr><th>${row.name}</th><td>${row.trades}</td><td>${
              percent(row.winRate)
            }</td><td>${ratio(row.profitFactor)}</td>${gainCell(row.gain)}<td>${
              ratio(row.r, "+")
            }</td><td>${hasFees ? row.fees.toFixed(2) : "–"}</td></tr>`
          )}</tbody>
        </table>
      </div>
    </figure>
  `;
}

/** The best and the worst, where there are more than are read at a glance. */
export function extremeTables({ trips, best, worst }: Report): Html | "" {
  if (trips.length <= FEW) return "";
  return html`${tripTable("Best", "", best)}${tripTable("Worst", "", worst)}`;
}

export function allTrips({ trips }: Report): Html | "" {
  const newest = trips.slice(-TRIPS_MAX).reverse();
  const told = newest.length < trips.length
    ? `the newest ${newest.length} exits of ${
      trips.length.toLocaleString("en-US")
    }; all of them: liu analyze --csv`
    : "the newest exits first";
  return tripTable("All trades", told, newest);
}

function tripTable(title: string, told: string, trips: readonly Trip[]): Html | "" {
  if (trips.length === 0) return "";
  return html`
    <figure class="trips">
      <figcaption><b>${title}</b><span>${told}</span></figcaption>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th>Entry</th>
              <th class="text">Symbol</th>
              <th class="text">Strategy</th>
              <th class="text">Side</th>
              <th>Quantity</th>
              <th>In</th>
              <th>Out</th>
              <th>Gain</th>
              <th>%</th>
              <th>r</th>
              <th>Held</th>
            </tr>
          </thead>
          <tbody>${trips.map((trip) =>
            html`<tr><td>${exchangeDate(trip.startUs)} ${
              exchangeTime(trip.startUs)
            }</td><td class="text">${trip.symbol}</td><td class="text">${trip.strategy}</td><td class="text">${trip.side}</td><td>${
              price(trip.qty)
            }</td><td>${price(trip.entryPrice)}</td><td>${price(trip.exitPrice)}</td>${
              gainCell(trip.gain)
            }<td>${trip.gainPercent.toFixed(2).replace(/^-(0\.00)$/, "$1")}</td><td>${
              ratio(trip.r, "+")
            }</td><td>${duration((trip.endUs - trip.startUs) / 86_400e6)}</td></tr>`
          )}</tbody>
        </table>
      </div>
    </figure>
  `;
}

function gainCell(gain: number): Html {
  const text = gain.toFixed(2);
  return html`<td class="${
    Number(text) > 0 ? "good" : Number(text) < 0 ? "bad" : ""
  }">${text}</td>`;
}

/** As many decimals as it has, 6 at most. */
function price(value: number): string {
  return String(Number(value.toFixed(value < 1 ? 6 : 4)));
}
