import assert from "node:assert/strict";
import { buy, short } from "../contracts/decision.ts";
import { Strategy, type Tick } from "../contracts/strategy.ts";
import { seededRandom } from "../engine/worker.ts";
import { exchangeUs } from "../model/calendar.ts";
import { minuteBars, run } from "../backtest/fixture.ts";
import { calmarRatio } from "../fincalcs/performance.ts";
import { figuresOf, joinedFigures } from "./figures.ts";
import { seedOf } from "./session.ts";

class ShortTooMuch extends Strategy {
  static override type = "swing" as const;

  run({ position }: Tick<this>) {
    if (!position) return short({ qty: 900 });
  }
}

/** From 100 to 400, and half of the way back. */
const SQUEEZE = {
  AAPL: [
    ...minuteBars("2022-01-03 09:30", [100, 100, 100]),
    ...minuteBars("2022-01-04 09:30", [400, 400]),
    ...minuteBars("2022-01-05 09:30", [300, 300]),
    ...minuteBars("2022-01-06 09:30", [150, 150]),
  ],
};

Deno.test("an account that was ruined has no ratio, though it gains afterwards", async () => {
  const { result } = await run(ShortTooMuch, SQUEEZE, { to: "2022-01-06" });
  // 100,000 + 900 × (100 − 400) = −170,000; at the end 55,000.
  assert.equal(Number(result.finalEquity), 55_000);
  assert.equal(Math.round(100 * result.maxDrawdown), 270);
  assert.equal(new Date(result.ruinedUs! / 1000).toISOString().slice(0, 10), "2022-01-04");
  assert.equal(result.sharpe, null);
  const { figures: { sharpe, sortino, calmar, totalReturn }, returns } = figuresOf(result);
  assert.deepEqual([sharpe, sortino, calmar], [null, null, null]);
  assert.deepEqual(returns, [0, -1, 0, 0]);
  assert.ok(Math.abs(totalReturn + 0.45) < 1e-12);
  const joined = joinedFigures([result], result);
  assert.equal(joined.ruinedUs, result.ruinedUs);
  assert.deepEqual([joined.figures.sharpe, joined.figures.calmar], [null, null]);
});

Deno.test("Calmar of a loss of everything, or more, is none", () => {
  const yearUs = 365.25 * 24 * 3600e6;
  assert.equal(calmarRatio(-1, 1, yearUs), null);
  assert.equal(calmarRatio(-6, 6, yearUs), null);
  assert.ok(Math.abs(calmarRatio(-0.5, 0.5, yearUs)! + 1) < 1e-12);
});

class BuyOnce extends Strategy {
  static override type = "swing" as const;

  run({ position }: Tick<this>) {
    if (!position) return buy({ qty: 100 });
  }
}

Deno.test("joined windows last as long as all of them, flat where nothing was chosen", async () => {
  const rows = { AAPL: minuteBars("2022-01-12 09:30", [100, 100, 102, 101]) };
  const { result } = await run(BuyOnce, rows, { from: "2022-01-12" });
  const fromUs = exchangeUs("2022-01-10", "00:00");
  const endUs = exchangeUs("2022-01-15", "00:00") - 1;
  const { returns, equity, figures } = joinedFigures([result], { fromUs, endUs });
  assert.deepEqual(returns.map((one) => Math.round(10_000 * one)), [0, 0, 10, 0, 0]);
  assert.deepEqual([equity.timeUs[0], equity.equity[0]], [fromUs, 100_000]);
  assert.deepEqual([equity.timeUs.at(-1), equity.equity.at(-1)], [endUs, 100_100]);
  assert.equal(figures.calmar, calmarRatio(0.001, figures.maxDrawdown, endUs - fromUs));
});

Deno.test("windows' seeds have no numbers in common, shifted", () => {
  const draws = [0, 1, 2, 3].map((fold) => {
    const random = seededRandom(seedOf(1, fold));
    return Array.from({ length: 200 }, random);
  });
  assert.equal(new Set(draws.flat()).size, 800);
  assert.equal(seedOf(7, 0), 7);
  assert.notEqual(seedOf(1, 2), seedOf(2, 1));
});

Deno.test("days are what was traded: all of them where only crypto was, in a plan of both", async () => {
  const first = minuteBars("2022-01-12 09:30", [100, 100, 102, 101]);
  // Days count up to the data's last.
  const bars = [...first, ...minuteBars("2022-01-18 09:30", [101])];
  const rows = { "BTC/USD": bars, AAPL: bars };
  class OfCrypto extends BuyOnce {
    override run(tick: Tick<this>) {
      if (tick.symbol.includes("/")) return super.run(tick);
    }
  }
  // Over a weekend.
  const options = { from: "2022-01-12", to: "2022-01-18" };
  const crypto = (await run(OfCrypto, rows, options)).result;
  const both = (await run(BuyOnce, rows, options)).result;
  assert.deepEqual([crypto.isRoundTheClock, both.isRoundTheClock], [true, false]);
  assert.equal(figuresOf(crypto).returns.length, 7);
  // Trials are compared over the same days, whatever they traded.
  assert.equal(figuresOf(crypto).commonReturns.length, 4);
  assert.equal(figuresOf(both).commonReturns.length, 4);
});

Deno.test("days behind the data's last one do not count", async () => {
  const rows = { AAPL: minuteBars("2022-01-12 09:30", [100, 100, 102, 101]) };
  const { result } = await run(BuyOnce, rows, { from: "2022-01-12", to: "2022-01-18" });
  assert.equal(figuresOf(result).returns.length, 1);
  const range = { fromUs: result.fromUs, endUs: result.endUs };
  assert.equal(joinedFigures([result], range).returns.length, 1);
});
