import assert from "node:assert/strict";
import { Strategy, type SymbolSetup, type Tick } from "../../mod.ts";
import { history, OPEN_US, Rig, type Row } from "./test_rig.ts";

const ALL = ["second", "minute", "trade", "quote"] as const;

/** Notes, at each event, what it sees. */
function watching(note: (tick: Tick) => unknown) {
  const seen: unknown[] = [];
  class Watching extends Strategy {
    override setup(symbol: SymbolSetup) {
      return { sma: symbol.sma(2) };
    }
    run(tick: Tick<this>) {
      seen.push(note(tick));
    }
  }
  return { Watching, seen };
}

function barOf({ bars }: Tick) {
  const last = (series: { at(i: number): number }) => series.at(-1);
  return [last(bars.open), last(bars.high), last(bars.low), last(bars.close), last(bars.volume)];
}

function check(rows: Row[], note: (tick: Tick) => unknown, expected: unknown[]) {
  const { Watching, seen } = watching(note);
  const rig = new Rig({ strategies: [Watching], events: [...ALL] });
  for (const row of rows) rig.send([row]);
  assert.deepEqual(seen, expected);
}

Deno.test("trades make the minute, until the provider's bar takes its place", () => {
  check(
    [
      { trade: [1, 10, 100] },
      { trade: [1.5, 12, 100] },
      { trade: [1.7, 9, 200] },
      { bar: [0, 10, 13, 9, 11, 500] },
    ],
    (tick) => [tick.event, barOf(tick), tick.bars.vwap.at(-1), tick.today.volume],
    [
      ["trade", [10, 10, 10, 10, 100], 10, 100],
      ["trade", [10, 12, 10, 12, 200], 11, 200],
      ["trade", [10, 12, 9, 9, 400], 10, 400],
      ["minute", [10, 13, 9, 11, 500], 11, 500],
      ["second", [10, 13, 9, 11, 500], 11, 500],
    ],
  );
});

Deno.test("a trade of the next minute does not touch the bar that is to come", () => {
  check(
    [{ trade: [59, 10, 100] }, { trade: [60, 20, 1] }, { bar: [0, 10, 10, 10, 10, 100] }],
    (tick) =>
      tick.event === "minute" && [tick.bars.length, tick.bars.close.last(2), tick.today.last],
    [false, false, false, [2, Float64Array.of(10, 20), 20]],
  );
});

Deno.test("a trade that is late for a complete minute changes the last price alone", () => {
  check(
    [{ bar: [0, 10, 10, 10, 10, 100] }, { trade: [57, 11, 500] }],
    (tick) => [tick.event, barOf(tick), tick.today.volume, tick.today.last],
    [
      ["minute", [10, 10, 10, 10, 100], 100, 10],
      ["trade", [10, 10, 10, 10, 100], 100, 11],
      ["second", [10, 10, 10, 10, 100], 100, 11],
    ],
  );
});

Deno.test("a bar that comes twice counts once, and runs nothing", () => {
  const bar: Row = { bar: [0, 10, 11, 9, 10, 100] };
  check([bar, bar], (tick) => [tick.bars.length, tick.today.volume], [[1, 100]]);
});

Deno.test("an updated bar replaces its minute, and the day's sums follow", () => {
  check(
    [
      { bar: [0, 10, 11, 9, 10, 100] },
      { update: [0, 10, 12, 9, 11, 300] },
      { bar: [1, 11, 11, 11, 11, 100] },
    ],
    ({ bars, today }) => [bars.close.last(2), today.volume, today.high, today.vwap],
    [
      [Float64Array.of(10), 100, 11, 10],
      [Float64Array.of(11, 11), 400, 12, 11],
    ],
  );
});

Deno.test("seconds are made of trades, each complete when a later one begins", () => {
  const { Watching, seen } = watching(({ event, second }) =>
    event === "second" &&
    [
      (second.timeUs - OPEN_US) / 1e6,
      second.open,
      second.high,
      second.low,
      second.close,
      second.volume,
      second.vwap,
    ]
  );
  const rig = new Rig({ strategies: [Watching], events: ["second"] });
  rig.send([{ trade: [1.1, 10, 100] }, { trade: [1.2, 12, 300] }, { trade: [1.9, 8, 100] }]);
  assert.deepEqual(seen, []);
  rig.send([{ trade: [3, 9, 5] }]);
  assert.deepEqual(seen, [[1, 10, 12, 8, 8, 500, (10 * 100 + 12 * 300 + 8 * 100) / 500]]);
  rig.nowUs = OPEN_US + 4e6;
  rig.send([{ quote: [4, 9, 1, 10, 1] }]);
  assert.deepEqual(seen[1], [3, 9, 9, 9, 9, 5, 9]);
});

Deno.test("quotes carry the imbalance, and the price before the first trade", () => {
  check(
    [{ quote: [1, 10, 100, 12, 100] }, { quote: [2, 10, 300, 12, 100] }],
    ({ quote, voi, today }) => [quote.bidSize, quote.askPrice, voi.value, today.last],
    [[100, 12, NaN, 11], [300, 12, 200 * 2 / 101, 11]],
  );
});

Deno.test("indicators see complete bars only, history first", () => {
  const { Watching, seen } = watching(({ state, bars }) => [state.sma.value, bars.length]);
  const rig = new Rig({
    strategies: [Watching],
    events: ["minute", "trade"],
    history: history([-2, 4, 4, 4, 4, 1], [-1, 6, 6, 6, 6, 1]),
  });
  rig.send([{ trade: [1, 100, 1] }]);
  rig.send([{ bar: [0, 8, 8, 8, 8, 1] }]);
  assert.deepEqual(seen, [[5, 3], [7, 3]]);
});

Deno.test("the day begins at the open: what was before moves the last price alone", () => {
  const { Watching, seen } = watching(({ today }) => [today.open, today.volume, today.gapPercent]);
  const rig = new Rig({ strategies: [Watching], history: history([-1, 12, 12, 12, 12, 900]) });
  rig.send([{ bar: [0, 11, 11, 11, 11, 100] }]);
  assert.deepEqual(seen, [[11, 100, 10.000000000000009]]);
});

Deno.test("after a gap the bars are whole again, also the one that was being made", () => {
  const { Watching, seen } = watching(({ bars, state, today }) => [
    [...bars.close.last(9)],
    [...bars.volume.last(9)],
    state.sma.value,
    today.volume,
  ]);
  const rig = new Rig({ strategies: [Watching], events: ["minute", "trade"] });
  rig.send([{ bar: [0, 10, 10, 10, 10, 100] }, { trade: [61, 11, 7] }]);
  rig.send([{ gap: 3 }]);
  assert.deepEqual(rig.sent("outOfSync").map(({ symbols, rowsLost }) => [symbols, rowsLost]), [
    [["AAPL"], 3],
  ]);
  rig.send([{ bar: [3, 13, 13, 13, 13, 100] }]);
  assert.equal(seen.length, 2, "nothing runs without a position while bars are missing");
  rig.consumer.onMain({
    type: "refill",
    fillsGap: true,
    symbol: "AAPL",
    history: history([0, 10, 10, 10, 10, 100], [1, 11, 11, 11, 11, 100], [2, 12, 12, 12, 12, 100]),
  });
  rig.send([{ bar: [4, 14, 14, 14, 14, 100] }]);
  assert.deepEqual(seen.at(-1), [[10, 11, 12, 13, 14], [100, 100, 100, 100, 100], 13.5, 500]);
});
