/** Costs of whole backtests, worked by hand. */
import assert from "node:assert/strict";
import { buy, cover, short } from "../contracts/decision.ts";
import { Strategy, type Tick } from "../contracts/strategy.ts";
import { dailyBars, minuteBars, run } from "./fixture.ts";

class ShortOverNight extends Strategy {
  static override type = "swing" as const;

  run({ position, time }: Tick<this>) {
    if (!position && time.date === "2022-01-03") return short({ qty: 100 });
    if (position && time.date === "2022-01-06") return cover({ qty: 100 });
  }
}

const NIGHTS = {
  AAPL: [
    ...minuteBars("2022-01-03 09:30", [50, 50]),
    ...minuteBars("2022-01-03 15:58", [60, 60]),
    ...minuteBars("2022-01-04 15:59", [72]),
    ...minuteBars("2022-01-06 09:30", [72, 72]),
  ],
};

Deno.test("three nights: 100 × (60 + 72 + 72) × 3 % / 360 = 0.50 + 0.60 + 0.60", async () => {
  const { result } = await run(ShortOverNight, NIGHTS, {
    to: "2022-01-06",
    nightRates: { borrow: 3 },
  });
  assert.equal(result.costs.borrow, "1.7");
  // Sold at 50, bought back at 72.
  assert.equal(result.cash, "97798.3");
  assert.equal(result.finalEquity, "97798.3");
  assert.equal(result.fees, "0");
});

Deno.test("the night after the last day is not charged", async () => {
  const { result } = await run(ShortOverNight, NIGHTS, { nightRates: { borrow: 3 } });
  assert.equal(result.costs.borrow, "0");
  assert.equal(result.openPositions.length, 1);
});

class BuyOnce extends Strategy {
  static override type = "swing" as const;

  override setup() {
    return { isDone: false };
  }
  run({ state, time }: Tick<this>) {
    if (state.isDone || time.date !== "2022-01-05") return;
    state.isDone = true;
    return buy({ qty: 100 });
  }
}

Deno.test("an order's impact is by the days before: V 10,000, σ = ln 1.02 / √(4 ln 2)", async () => {
  const day = [100, 102, 100, 101, 10_000] as [number, number, number, number, number];
  const bars = dailyBars({
    "2022-01-03": day,
    "2022-01-04": day,
    "2022-01-05": day,
    "2022-01-06": [100, 150, 50, 100, 1_000_000],
  });
  const { fills } = await run(BuyOnce, { AAPL: bars }, {
    scale: "day",
    to: "2022-01-06",
    slippage: { impact: 1 },
  });
  // ln 1.02 = 0.0198026; / 1.6651092 = 0.0118927; × √(100 / 10,000) = 0.00118927 of 100: 0.119.
  assert.deepEqual(fills, ["2022-01-06 16:00 buy 100 AAPL @ 100.12"]);
});

for (const fillModel of ["next_open", "close", "intrabar"] as const) {
  Deno.test(`an impact that no day before tells ends the backtest with an error: ${fillModel}`, async () => {
    const bars = minuteBars("2022-01-05 09:30", [100, 100, 100]);
    const options = { from: "2022-01-05", slippage: { impact: 1 }, fillModel };
    await assert.rejects(() => run(BuyOnce, { AAPL: bars }, options), {
      name: "ConfigError",
      message: /impact of an order in AAPL: no whole day before/,
    });
  });
}
