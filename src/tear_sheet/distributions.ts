/** How returns, r and excursions are spread, and returns by month. */
import { html } from "hono/html";
import type { Report } from "../analysis/report_types.ts";
import type { Trip } from "../analysis/trips.ts";
import { boxes, chart, dots, type Html, roundTicks, scaleOf, strokes } from "./chart.ts";
import { shareText } from "./curves.ts";

const BINS = 31;
const DOTS_MAX = 1500;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Columns of counts, those below 0 in the colour of losses; "" for fewer than two values. */
export function histogram(
  title: string,
  values: readonly number[],
  textOf: (value: number, step: number) => string,
  unit: string,
): Html | "" {
  if (values.length < 2) return "";
  const sorted = values.toSorted((a, b) => a - b);
  // What lies far outside is counted in the last column: it would leave no room for the rest.
  const [low, high] = [quantile(sorted, 0.005), quantile(sorted, 0.995)];
  const reach = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const [min, max] = [low < 0 ? -reach : 0, high > 0 ? reach : 0];
  const width = (max - min) / BINS;
  const counts = new Array<number>(BINS).fill(0);
  for (const value of values) {
    const bin = Math.floor((value - min) / width);
    counts[Math.max(0, Math.min(BINS - 1, bin))]++;
  }
  const x = { min, max };
  const y = { min: 0, max: Math.max(...counts) * 1.05 };
  const frame = {
    x,
    y,
    xTicks: roundTicks({ min: min + 0.06 * (max - min), max: max - 0.06 * (max - min) }, 4, textOf),
    yTicks: roundTicks(y, 3, (value, step) => step < 1 && value % 1 !== 0 ? "" : String(value)),
    label: title,
  };
  const bars = counts.map((count, i) => ({
    x0: min + width * (i + 0.06),
    x1: min + width * (i + 0.94),
    y0: 0,
    y1: count,
  })).filter(({ y1 }) => y1 > 0);
  const isLoss = ({ x0, x1 }: { x0: number; x1: number }) => (x0 + x1) / 2 < 0;
  return html`<figure><figcaption><b>${title}</b><span>${values.length} ${unit}</span></figcaption>
${
    chart(frame, [
      boxes(frame, bars.filter(isLoss), "fill bad"),
      boxes(frame, bars.filter((bar) => !isLoss(bar)), "fill good"),
    ])
  }</figure>`;
}

/** Worst price and best price on the way, against what was earned; "" without prices. */
export function excursionCharts(trips: readonly Trip[]): Html | "" {
  const known = trips.filter(({ maePercent, mfePercent }) =>
    maePercent !== null && mfePercent !== null
  );
  if (known.length < 2) return "";
  const every = Math.ceil(known.length / DOTS_MAX);
  const some = known.filter((_, i) => i % every === 0);
  const one = (title: string, does: string, of: (trip: Trip) => number) => {
    const x = scaleOf(some.map(of), [0]);
    const y = scaleOf(some.map(({ gainPercent }) => gainPercent), [0]);
    const frame = {
      x,
      y,
      xTicks: roundTicks({ min: x.min, max: x.max - 0.05 * (x.max - x.min) }, 4, percentText),
      yTicks: roundTicks(y, 4, percentText),
      label: title,
    };
    const points = (isWin: boolean) =>
      some.filter(({ gain }) => gain > 0 === isWin)
        .map((trip) => ({ x: of(trip), y: trip.gainPercent }));
    return html`<figure><figcaption><b>${title}</b><span>${does}</span></figcaption>
${
      chart(frame, [
        strokes(frame, [{ x0: x.min, y0: 0, x1: x.max, y1: 0 }], "zero"),
        dots(frame, points(false), "bad"),
        dots(frame, points(true), "good"),
      ])
    }</figure>`;
  };
  const told = some.length < known.length
    ? html`<p class="quiet">${some.length} of ${known.length} trades are drawn.</p>`
    : "";
  return html`<div class="pair">${
    one("MAE", "how far against it, across; result, up", ({ maePercent }) => maePercent!)
  }${
    one("MFE", "how far for it, across; result, up", ({ mfePercent }) => mfePercent!)
  }</div>${told}`;
}

/** A row a year; "" where there is less than a month. */
export function monthTable({ months, daily }: Report): Html | "" {
  if (daily.date.length < 2) return "";
  const years = [...new Set(months.map(({ year }) => year))];
  const most = Math.max(...months.map((one) => Math.abs(one.return)), 1e-9);
  const cell = (value: number | undefined) => {
    if (value === undefined) return html`<td></td>`;
    const strength = Math.round(10 + 55 * Math.abs(value) / most);
    return html`<td class="${
      value < 0 ? "loss" : value > 0 ? "win" : ""
    }" style="--strength:${strength}%">${tenths(value)}</td>`;
  };
  return html`
    <figure class="months">
      <figcaption><b>Months</b><span>return, %</span></figcaption>
      <div class="wide">
        <table>
          <thead>
            <tr><th></th>${MONTHS.map((name) => html`<th>${name}</th>`)}<th>Year</th></tr>
          </thead>
          <tbody>${years.map((year) => {
            const own = months.filter((one) => one.year === year);
            const whole = own.reduce((growth, one) => growth * (1 + one.return), 1) - 1;
            return html`<tr><th>${year}</th>${
              MONTHS.map((_, i) => cell(own.find(({ month }) => month === i + 1)?.return))
            }<td class="year">${tenths(whole)}</td></tr>`;
          })}</tbody>
        </table>
      </div>
    </figure>
  `;
}

export function dailyHistogram({ daily }: Report): Html | "" {
  const moved = daily.return.filter((one) => one !== 0);
  return histogram("Daily returns", moved, shareText, "days on which it moved");
}

export function rHistogram({ trips }: Report): Html | "" {
  const rs = trips.flatMap(({ r }) => r === null ? [] : [r]);
  return histogram("Results in r", rs, (value) => `${value}`, "trades with a stop");
}

export function gainHistogram({ trips }: Report): Html | "" {
  const gains = trips.map(({ gainPercent }) => gainPercent);
  return histogram("Results of trades", gains, percentText, "trades");
}

function percentText(value: number, step: number): string {
  return shareText(value / 100, step / 100);
}

/** In per cent; never "-0.0". */
function tenths(share: number): string {
  return (100 * share).toFixed(1).replace(/^-(0\.0)$/, "$1");
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.round(share * (sorted.length - 1))];
}
