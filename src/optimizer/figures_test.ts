import assert from "node:assert/strict";
import { short } from "../contracts/decision.ts";
import { Strategy, type Tick } from "../contracts/strategy.ts";
import { minuteBars, run } from "../backtest/fixture.ts";
import { calmarRatio, figuresOf, joinedFigures } from "./figures.ts";

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
  const joined = joinedFigures([result]);
  assert.equal(joined.ruinedUs, result.ruinedUs);
  assert.deepEqual([joined.figures.sharpe, joined.figures.calmar], [null, null]);
});

Deno.test("Calmar of a loss of everything, or more, is none", () => {
  const yearUs = 365.25 * 24 * 3600e6;
  assert.equal(calmarRatio(-1, 1, yearUs), null);
  assert.equal(calmarRatio(-6, 6, yearUs), null);
  assert.ok(Math.abs(calmarRatio(-0.5, 0.5, yearUs)! + 1) < 1e-12);
});
