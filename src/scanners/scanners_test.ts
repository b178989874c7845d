import assert from "node:assert/strict";
import type { ScanContext } from "../mod.ts";
import { resolveParams } from "../contracts/params.ts";
import type { Snapshot } from "../contracts/provider.ts";
import { marketOf } from "../engine/scanners/market.ts";
import Momentum from "./momentum.ts";
import MostActive from "./most_active.ts";
import Symbols from "./symbols.ts";

/** A stock that gapped from 10 to 11 on volume, but for what is said. */
function snapshot(symbol: string, change: Partial<Snapshot> = {}): Snapshot {
  return {
    symbol,
    last: 11,
    bidPrice: 10.99,
    askPrice: 11.01,
    todayOpen: 10.8,
    todayHigh: 11,
    todayLow: 10.7,
    todayVolume: 200_000,
    todayVwap: 10.9,
    previousClose: 10,
    previousVolume: 500_000,
    ...change,
  };
}

function context(snapshots: Snapshot[]): ScanContext {
  const log = { debug() {}, info() {}, warning() {}, error() {} };
  const market = marketOf({
    snapshots: () => Promise.resolve({ snapshots, shortable: [] }),
    bars: () => Promise.resolve(new Map()),
    symbols: () => Promise.resolve([]),
  });
  const time = { us: 0, date: "2022-01-03", minutesSinceOpen: 15, minutesUntilClose: 375 };
  return { market, time, log };
}

function paramsOf(type: { params: Parameters<typeof resolveParams>[0] }, given = {}) {
  const { values, problems } = resolveParams(type.params, given);
  assert.deepEqual(problems, []);
  return { name: "scanner", params: values };
}

Deno.test("momentum picks what gaps up on volume, the most traded first", async () => {
  const scanner = new Momentum(paramsOf(Momentum, { maxSymbols: 2 }));
  const picked = await scanner.run(context([
    snapshot("THIRD"),
    snapshot("SECOND", { todayVolume: 300_000 }),
    snapshot("FIRST", { todayVolume: 400_000 }),
    snapshot("CHEAP", { last: 1.1, previousClose: 1 }),
    snapshot("DEAR", { last: 110, previousClose: 100 }),
    snapshot("FLAT", { last: 10.3 }),
    snapshot("QUIET", { todayVolume: 30_000 }),
    snapshot("UNTRADED", { previousVolume: 100 }),
    snapshot("NEW", { previousClose: NaN }),
  ]));
  assert.deepEqual(picked, ["FIRST", "SECOND"]);
  assert.equal(scanner.fromMarketOpen, 15);
});

Deno.test("most_active picks where the most money is traded, whatever its direction", async () => {
  const scanner = new MostActive(paramsOf(MostActive, { maxSymbols: 2, minSharePrice: 5 }));
  const picked = await scanner.run(context([
    snapshot("LESS"),
    snapshot("FALLEN", { last: 8, todayVolume: 300_000 }),
    snapshot("MORE", { todayVolume: 400_000 }),
    snapshot("CHEAP", { last: 1, todayVolume: 9e9 }),
    snapshot("NOTHING", { todayVolume: 0, todayVwap: NaN }),
  ]));
  assert.deepEqual(picked, ["MORE", "FALLEN"]);
});

Deno.test("symbols always picks the same, from the start of the session", () => {
  const scanner = new Symbols(paramsOf(Symbols, { symbols: ["BTC/USD", "AAPL"] }));
  assert.deepEqual(scanner.run(), ["BTC/USD", "AAPL"]);
  assert.equal(scanner.fromMarketOpen, 0);
});
