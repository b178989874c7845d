/** Money adds up, to the last place, whatever the plan says of fills and costs. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { buy, cover, sell, short } from "../contracts/decision.ts";
import { Strategy, type Tick } from "../contracts/strategy.ts";
import { exchangeUs } from "../model/calendar.ts";
import type { FillModelName } from "../model/trading_costs.ts";
import { barsOf, emptySymbol, mergeMarketData, MINUTE_US } from "../recorded/market_data.ts";
import { decimal, plain } from "../util/decimal.ts";
import { run } from "./fixture.ts";

const DATES = ["2022-01-03", "2022-01-04", "2022-01-05"];
const SYMBOLS = { AAPL: 100, PENNY: 1.05, DEAR: 4000, "BTC/USD": 43_000 };
const MINUTES = 40;

/** A number of 0 to 1 that a few integers give. */
function chance(seed: number, ...at: number[]): number {
  let state = seed >>> 0;
  for (const one of at) state = Math.imul(state ^ (one + 0x9e3779b9), 0x85ebca6b) >>> 0;
  state ^= state >>> 13;
  return (Math.imul(state, 0xc2b2ae35) >>> 0) / 2 ** 32;
}

/** A random walk, minutes from the open on of each day; trades and quotes about each close. */
function data(seed: number) {
  return mergeMarketData(
    Object.entries(SYMBOLS).map(([symbol, start], n) => {
      let price = start;
      const rows: number[][] = [];
      const step = (at: number) => {
        price = Math.max(0.5, Number((price * (0.99 + 0.02 * chance(seed, n, at))).toFixed(2)));
        return price;
      };
      for (const [day, date] of DATES.entries()) {
        const openUs = exchangeUs(date, "09:30");
        for (let i = 0; i < MINUTES; i++) {
          const at = (day * MINUTES + i) * 4;
          const [open, a, b, close] = [step(at), step(at + 1), step(at + 2), step(at + 3)];
          const [high, low] = [Math.max(open, a, b, close), Math.min(open, a, b, close)];
          const volume = Math.floor(1 + 500 * chance(seed, n, at, 7));
          rows.push([openUs + i * MINUTE_US, open, high, low, close, volume, close, 1]);
        }
      }
      const timeUs = Float64Array.from(rows, ([us]) => us + 30e6);
      const of = (value: (row: number[]) => number) => Float64Array.from(rows, value);
      return {
        ...emptySymbol(symbol),
        minuteBars: barsOf(rows),
        trades: { timeUs, price: of((row) => row[4]), size: of((row) => row[5]) },
        quotes: {
          timeUs,
          bidPrice: of((row) => row[3]),
          bidSize: of((row) => row[5]),
          askPrice: of((row) => row[2]),
          askSize: of((row) => row[5]),
        },
      };
    }),
  );
}

/** Trades by chance: market and limit orders, longs and shorts, with stops and targets, in parts. */
function gambler(seed: number) {
  return class extends Strategy {
    static override type = "swing" as const;

    run({ symbol, position, bars, time, shortable }: Tick<this>) {
      const at = time.us / MINUTE_US;
      const roll = chance(seed, symbol.length, at);
      const price = bars.close.at(-1);
      const round = (value: number) => Number(value.toFixed(2));
      const isCrypto = symbol.includes("/");
      const qty = isCrypto
        ? Number((1000 / price).toFixed(4))
        : Math.max(1, Math.floor(8000 / price));
      if (position) {
        const part = Math.abs(position.qty);
        if (roll < 0.25) {
          return position.qty > 0 ? sell({ qty: part }) : cover({ qty: part });
        }
        if (roll < 0.35 && position.qty > 1 && !isCrypto) return sell({ qty: 1 });
        return;
      }
      if (roll < 0.2) return buy({ qty });
      if (roll < 0.4 && shortable && !isCrypto) return short({ qty });
      if (roll < 0.5) return buy({ qty, limitPrice: round(price * 0.995) });
      if (roll < 0.6 && !isCrypto) {
        return buy({ qty, stopPrice: round(price * 0.98), targetPrice: round(price * 1.02) });
      }
    }
  };
}

const rate = (max: number) => fc.oneof(fc.constant(0), fc.integer({ min: 0, max }));
const plans = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  fillModel: fc.constantFrom<FillModelName[]>(
    "close",
    "next_open",
    "intrabar",
    "quote",
    "trade",
    "finest",
  ),
  volumeShare: fc.constantFrom(null, 0.05, 0.5),
  latencyUs: fc.constantFrom(0, 250_000, 31e6),
  fees: fc.record({
    buyBps: rate(50),
    sellBps: rate(50),
    perShare: fc.constantFrom(0, 0.0035, 0.01),
    perShareMin: fc.constantFrom(0, 1),
    secPerMillion: fc.constantFrom(0, 27.8),
    tafPerShare: fc.constantFrom(0, 0.000166),
    tafMax: fc.constantFrom(8.3, null),
  }),
  slippage: fc.record({
    perShare: fc.constantFrom(0, 0.003, 0.02),
    ticks: rate(3),
    spreadShare: fc.constantFrom(0, 0.5),
    spreadBps: fc.constant(3),
    impact: fc.constantFrom(0, 1),
    dailyVolume: fc.constant(1e5),
    dailyVolatility: fc.constant(0.02),
  }),
  nightRates: fc.record({
    borrow: fc.constantFrom(0, 3, 55),
    borrowLot: fc.constantFrom(1, 100),
    margin: fc.constantFrom(0, 7),
  }),
});

Deno.test("initial cash, trades, fees and nights add up to the cash, to the last place", async () => {
  const seen = { trades: 0, shorts: 0, borrow: 0, slippage: 0 };
  await fc.assert(
    fc.asyncProperty(plans, async ({ seed, ...options }) => {
      const { result } = await run(
        gambler(seed),
        Object.fromEntries(
          Object.keys(SYMBOLS).map((symbol) => [symbol, []]),
        ),
        { ...options, data: data(seed), to: DATES.at(-1), cryptoEndMinutes: 1430 },
      );
      const { trades, costs } = result;
      let cash = decimal(result.initialCash);
      let fees = decimal(0);
      const held = new Map<string, ReturnType<typeof decimal>>();
      for (const { operation, symbol, qty, price, fee } of trades) {
        const isBuy = operation === "buy" || operation === "buy_short";
        const signed = decimal(qty).times(isBuy ? 1 : -1);
        cash = cash.minus(signed.times(price));
        fees = fees.plus(fee);
        held.set(symbol, signed.plus(held.get(symbol) ?? 0));
      }
      cash = cash.minus(fees).minus(costs.borrow).minus(costs.interest);
      assert.equal(plain(cash), result.cash);
      assert.equal(plain(fees), result.fees);
      assert.equal(plain(decimal(costs.commission).plus(costs.regulatoryFees)), result.fees);
      let equity = cash;
      for (const { symbol, qty, marketPrice } of result.openPositions) {
        assert.equal(plain(held.get(symbol)!), qty);
        equity = equity.plus(decimal(qty).times(marketPrice));
        held.delete(symbol);
      }
      for (const [symbol, qty] of held) assert.equal(plain(qty), "0", symbol);
      assert.equal(plain(equity), result.finalEquity);
      const last = result.equity.equity.at(-1)!;
      assert.ok(Math.abs(last - Number(result.finalEquity)) < 1e-6 * Number(result.finalEquity));
      seen.trades += trades.length;
      seen.shorts += trades.filter(({ operation }) => operation === "sell_short").length;
      seen.borrow += Number(costs.borrow) > 0 ? 1 : 0;
      seen.slippage += Number(costs.slippage) > 0 ? 1 : 0;
    }),
    { numRuns: 40 },
  );
  // That nothing was traded would show nothing.
  assert.ok(seen.trades > 1000 && seen.shorts > 50, JSON.stringify(seen));
  assert.ok(seen.borrow > 2 && seen.slippage > 10, JSON.stringify(seen));
});
