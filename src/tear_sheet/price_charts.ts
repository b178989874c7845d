/** Trades where they happened: prices, entries and exits, stops and targets. */
import { html } from "hono/html";
import type { PriceChart, Report } from "../analysis/report_types.ts";
import type { Trip } from "../analysis/trips.ts";
import { boxes, chart, dots, type Html, line, roundTicks, scaleOf, strokes } from "./chart.ts";
import { amountText } from "./curves.ts";
import { TimeAxis } from "./time_axis.ts";

/** So many bars can be told apart as candles; more are a line. */
const CANDLES_MAX = 130;
const SCALES = {
  minute: "minutes",
  day: "days",
  executions: "executions only: there are no bars",
};

export function priceFigures({ charts }: Report): Html[] {
  return charts.filter(({ timeUs }) => timeUs.length > 0).map(priceFigure);
}

function priceFigure(one: PriceChart): Html {
  const { symbol, scale, timeUs, low, high, trips, moreTrips } = one;
  const axis = new TimeAxis(timeUs);
  const y = scaleOf(function* () {
    yield* low;
    yield* high;
    for (const { entryPrice, exitPrice } of trips) yield* [entryPrice, exitPrice];
  }());
  const frame = {
    x: axis.scale,
    y,
    xTicks: axis.ticks(6),
    yTicks: roundTicks(y, 5, amountText),
    size: "large" as const,
    label: `Prices of ${symbol} with trades`,
  };
  const isCandles = scale !== "executions" && timeUs.length <= CANDLES_MAX;
  const prices = isCandles
    ? candles(frame, axis, one)
    : [line(frame, axis.places, one.close, "other")];
  const more = moreTrips > 0 ? `, the newest ${trips.length} of ${trips.length + moreTrips}` : "";
  return html`<figure><figcaption><b>${symbol}</b><span>${
    SCALES[scale]
  }${more}</span><span class="key accent dot">entry</span><span class="key good dot">exit with gain</span><span class="key bad dot">with loss</span></figcaption>
${chart(frame, [...prices, ...tripShapes(frame, axis, trips)])}</figure>`;
}

type Drawn = Parameters<typeof chart>[0];

function candles(frame: Drawn, axis: TimeAxis, { open, high, low, close }: PriceChart): Html[] {
  const { places } = axis;
  const half = 0.32 * (axis.scale.max - axis.scale.min) / Math.max(1, places.length - 1);
  const bodies = (isUp: boolean) =>
    places.flatMap((x, i) =>
      close[i] >= open[i] === isUp
        ? [{ x0: x - half, x1: x + half, y0: open[i], y1: close[i] }]
        : []
    );
  const wicks = places.map((x, i) => ({ x0: x, x1: x, y0: low[i], y1: high[i] }));
  return [
    strokes(frame, wicks, "wick"),
    boxes(frame, bodies(true), "candle up"),
    boxes(frame, bodies(false), "candle down"),
  ];
}

function tripShapes(frame: Drawn, axis: TimeAxis, trips: readonly Trip[]): Html[] {
  const { y } = frame;
  // A stop far outside would flatten all prices: it is left out.
  const level = (of: (trip: Trip) => number | null) =>
    trips.flatMap((trip) => {
      const at = of(trip);
      if (at === null || at < y.min || at > y.max) return [];
      return [{ x0: axis.at(trip.startUs), x1: axis.at(trip.endUs), y0: at, y1: at }];
    });
  const ways = trips.map(({ startUs, endUs, entryPrice, exitPrice }) => ({
    x0: axis.at(startUs),
    x1: axis.at(endUs),
    y0: entryPrice,
    y1: exitPrice,
  }));
  const exits = (isWin: boolean) =>
    trips.filter(({ gain }) => gain > 0 === isWin)
      .map(({ endUs, exitPrice }) => ({ x: axis.at(endUs), y: exitPrice }));
  const entries = trips.map(({ startUs, entryPrice }) => ({ x: axis.at(startUs), y: entryPrice }));
  return [
    strokes(frame, level(({ stopPrice }) => stopPrice), "stop"),
    strokes(frame, level(({ targetPrice }) => targetPrice), "target"),
    strokes(frame, ways, "way"),
    dots(frame, entries, "accent"),
    dots(frame, exits(true), "good"),
    dots(frame, exits(false), "bad"),
  ];
}
