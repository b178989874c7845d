import assert from "node:assert/strict";
import { type BarRow, check, type CheckedOrder, type CheckOptions } from "liu/testing";
import { exchangeUs } from "liu";
import { columnsOf } from "../testing/market.ts";
import MomentumLong from "./momentum_long.ts";

/** A minute that goes from one price to another. */
function minute(open: number, close: number, volume = 10_000): BarRow {
  return [open, Math.max(open, close), Math.min(open, close), close, volume];
}

/** `minutes` around a price, a cent or five up and down. */
function quiet(price: number, minutes: number, width = 0.05): BarRow[] {
  return Array.from(
    { length: minutes },
    (_, i) => i % 2 === 0 ? minute(price, price + width) : minute(price + width, price),
  );
}

/** Up (or down) from one price to another, evenly. */
function move(from: number, to: number, minutes: number, volume = 10_000): BarRow[] {
  const step = (to - from) / minutes;
  return Array.from(
    { length: minutes },
    (_, i) => minute(from + i * step, from + (i + 1) * step, volume),
  );
}

/**
 * A stock at 100 that opens at 105: an early high of 106, a rest with a low at 105.2, then on with
 * volume.
 */
const BEFORE = quiet(100, 60);
const EARLY = [
  ...move(105, 106, 5),
  ...move(106, 105.4, 5),
  ...quiet(105.4, 10),
  ...move(105.4, 105.2, 5),
  ...move(105.2, 105.4, 5),
  ...quiet(105.4, 10),
];
const BREAKOUT = move(105.4, 107.4, 10, 40_000);

function run(bars: BarRow[], options: Partial<CheckOptions> = {}) {
  return check(MomentumLong, {
    history: BEFORE,
    previousClose: 100,
    bars,
    params: { maxRsi: 100 },
    ...options,
  });
}

function whyOf(order: CheckedOrder): unknown {
  return order.indicators?.why;
}

Deno.test("it buys the breakout over the early high, with a stop at the supports", () => {
  const { orders, fills } = run([...EARLY, ...BREAKOUT]);
  assert.equal(orders.length, 1);
  const [{ action, qty, stopPrice, indicators, time }] = orders;
  assert.equal(action, "buy");
  assert.equal(time, "10:14:00", "the first minute whose price is above 106");
  assert.equal(indicators?.why, "breakout");
  assert.equal(indicators?.level, 106);
  const price = 106.2;
  assert.equal(stopPrice, 105.2);
  assert.ok(qty! * (price - stopPrice!) <= 150.01, "no more than the risk is lost");
  assert.ok(qty! * price <= 8000, "no more than its share of the portfolio");
  assert.equal(Number(indicators!.target), price + 2 * (price - stopPrice!));
  assert.equal(fills.length, 1);
});

Deno.test("it does not buy without volume, too far above, too early or with a wide spread", () => {
  const cases: [string, BarRow[], Partial<CheckOptions>][] = [
    ["no volume", [...EARLY, ...move(105.4, 107.4, 10, 10_000)], {}],
    ["a jump", [...EARLY, minute(105.4, 108.5, 40_000), ...quiet(108.5, 5)], {}],
    ["out of its window", [...EARLY, ...BREAKOUT], { schedule: [{ start: 60, duration: 60 }] }],
    ["the spread", [...EARLY, ...BREAKOUT], { quotes: [[2390, 105, 107]] }],
    ["exhausted", [...EARLY, ...BREAKOUT], { params: { maxRsi: 50 } }],
  ];
  for (const [name, bars, options] of cases) {
    assert.deepEqual(run(bars, options).orders, [], name);
  }
});

Deno.test("a resistance that is too near keeps it waiting, a farther one is the target", () => {
  // The session before was for 15 minutes at its peak.
  const withPeak = (peak: number) => {
    const rows = [...quiet(100, 60), ...quiet(peak, 15), ...quiet(100, 60)];
    return columnsOf(rows, exchangeUs("2021-12-31", "11:00"));
  };
  const [late] = run([...EARLY, ...BREAKOUT], { history: withPeak(106.6) }).orders;
  assert.equal(late.time, "10:16:00", "when it has been broken as well");
  const [order] = run([...EARLY, ...BREAKOUT], { history: withPeak(107.5) }).orders;
  assert.equal(order.indicators!.target, 107.55);
});

Deno.test("what cannot be traded by it is rejected, with the reason", () => {
  const cases: [Partial<CheckOptions>, RegExp][] = [
    [{ previousClose: 103 }, /^gapped by 1\.94 %, less than 4 %$/],
    [{ previousClose: undefined }, /^gapped by NaN %/],
    [{ params: { minPrice: 200 } }, /^costs less than 200$/],
    [{ params: { lastEntryMinute: 20 } }, /^no breakout by minute 20$/],
  ];
  for (const [options, reason] of cases) {
    const { rejects, orders } = run([...EARLY], options);
    assert.equal(rejects.length, 1);
    assert.match(rejects[0].reason, reason);
    assert.deepEqual(orders, []);
  }
});

Deno.test("it sells half at the target, and the rest at the trailed stop", () => {
  const rise = move(107.4, 110, 10, 20_000);
  const { orders, fills, positionQty, gain } = run([
    ...EARLY,
    ...BREAKOUT,
    ...rise,
    ...move(110, 108, 20),
  ]);
  assert.deepEqual(orders.map(whyOf), ["breakout", "target, half", "trailed stop"]);
  const [entry, half, rest] = fills;
  assert.equal(half.qty, Math.floor(entry.qty / 2));
  assert.equal(rest.qty, entry.qty - half.qty);
  assert.equal(orders[1].stopPrice, entry.price, "nothing can be lost on the rest");
  assert.ok(rest.price <= 110 * 0.99 && rest.price > 110 * 0.985, `sold at ${rest.price}`);
  assert.equal(positionQty(), 0);
  assert.ok(gain > 0);
});

Deno.test("its stop closes the position; it trades the symbol again, but not a third time", () => {
  const fall = move(107.4, 103.5, 10);
  const again = [...move(103.5, 105.4, 10), ...quiet(105.4, 20), ...BREAKOUT];
  const { orders, fills, rejects } = run([
    ...EARLY,
    ...BREAKOUT,
    ...fall,
    ...again,
    ...fall,
    ...again,
  ]);
  assert.deepEqual(orders.map(whyOf), ["breakout", "breakout"]);
  assert.deepEqual(fills.map(({ by }) => by), ["order", "stop", "order", "stop"]);
  assert.deepEqual(rejects.map(({ reason }) => reason), ["traded 2 times"]);
});

Deno.test("a position is closed after its time", () => {
  const { orders } = run([...EARLY, ...BREAKOUT, ...quiet(107.4, 40)], {
    params: { maxRsi: 100, holdMinutes: 30, reward: 5 },
  });
  assert.deepEqual(orders.map(whyOf), ["breakout", "time"]);
});

Deno.test("a denied entry is tried again ten minutes later", () => {
  let denials = 0;
  const { orders } = run([...EARLY, ...BREAKOUT, ...move(107.4, 107.5, 10, 150_000)], {
    params: { maxRsi: 100, maxChase: 3 },
    deny: () => denials++ === 0 ? { by: "risk", code: "max_open_orders", message: "" } : null,
  });
  assert.deepEqual(orders.map(({ time }) => time), ["10:14:00", "10:24:00"]);
});

Deno.test("a position from before a restart keeps its stop and gets a target", () => {
  const { orders } = run([...EARLY, ...BREAKOUT], {
    position: { qty: 10, averagePrice: 105, stopPrice: 104.5 },
  });
  assert.equal(whyOf(orders[0]), "target, half");
  assert.equal(orders[0].qty, 5);
  assert.equal(orders[0].indicators?.target, 106);
});
