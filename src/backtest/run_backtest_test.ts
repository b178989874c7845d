import assert from "node:assert/strict";
import type { SymbolSetup, Tick } from "../contracts/strategy.ts";
import { type ScanContext, Scanner } from "../contracts/scanner.ts";
import { Strategy } from "../contracts/strategy.ts";
import { buy, sell } from "../contracts/decision.ts";
import { exchangeTime } from "../model/calendar.ts";
import { dailyBars, minuteBars, run } from "./fixture.ts";

/** Buys 10 when flat, once; sells after two further bars. */
class InAndOut extends Strategy {
  override setup() {
    return { bars: 0 };
  }
  run({ position, state }: Tick<this>) {
    state.bars++;
    if (state.bars === 2 && !position) return buy({ qty: 10 });
    if (state.bars === 5 && position) return sell({ qty: position.qty });
  }
}

class BuyOnce extends Strategy {
  static override type = "swing" as const;
  override setup() {
    return { isDone: false };
  }
  run({ state }: Tick<this>) {
    if (state.isDone) return;
    state.isDone = true;
    return buy({ qty: 10 });
  }
}

const RAMP = minuteBars("2022-01-03 09:30", [100, 101, 102, 103, 104, 105, 106, 107]);

Deno.test("a decision at a bar's end fills at the next open, and money adds up", async () => {
  const { result, fills } = await run(InAndOut, { AAPL: RAMP }, {
    fees: { buyBps: 10, sellBps: 20 },
  });
  assert.deepEqual(fills, [
    "2022-01-03 09:33 buy 10 AAPL @ 102",
    "2022-01-03 09:36 sell 10 AAPL @ 105",
  ]);
  // 30 gained, 1.02 and 2.10 of fees.
  assert.equal(result.finalEquity, "100026.88");
  assert.equal(result.fees, "3.12");
  assert.deepEqual(result.openPositions, []);
  assert.ok(Math.abs(result.totalReturn - 0.0002688) < 1e-12);
});

Deno.test("by closes a decision fills at the close that it was made on", async () => {
  const { fills } = await run(InAndOut, { AAPL: RAMP }, { fillModel: "close" });
  assert.deepEqual(fills, [
    "2022-01-03 09:32 buy 10 AAPL @ 101",
    "2022-01-03 09:35 sell 10 AAPL @ 104",
  ]);
});

Deno.test("orders take a share of the volume, bar by bar", async () => {
  const bars = minuteBars("2022-01-03 09:30", [
    [1, 1, 1, 1],
    [1, 1, 1, 1],
    [1, 1, 1, 1, 60],
    [1, 1, 1, 1, 30],
    [1, 1, 1, 1, 90],
  ]);
  class Buy extends BuyOnce {
    override run({ state }: Tick<this>) {
      if (state.isDone) return;
      state.isDone = true;
      return buy({ qty: 10 });
    }
  }
  const { fills } = await run(Buy, { AAPL: bars }, { volumeShare: 0.1 });
  assert.deepEqual(fills, ["2022-01-03 09:32 buy 10 AAPL @ 1"]);
  const thin = bars.map((row) => row.with(5, 60));
  const partial = await run(Buy, { AAPL: thin }, { volumeShare: 0.1 });
  assert.deepEqual(partial.fills, [
    "2022-01-03 09:32 buy 6 AAPL @ 1",
    "2022-01-03 09:33 buy 4 AAPL @ 1",
  ]);
});

Deno.test("what is read of the account stands as at the step's begin", async () => {
  const seen: number[] = [];
  class Look extends Strategy {
    run({ portfolio, position, bars }: Tick<this>) {
      seen.push(portfolio.value);
      if (!position && bars.length === 1) return buy({ qty: 100 });
    }
  }
  await run(Look, { AAPL: RAMP.slice(0, 4) });
  // Bought at 101: the first bar's account, and, at the same close, nothing gained; then a dollar a share and minute.
  assert.deepEqual(seen, [100_000, 100_000, 100_100, 100_200]);
});

/** Two sessions of `count` minutes around each of these times. */
function sessions(times: readonly string[], price = 100, count = 3): number[][] {
  return times.flatMap((time, i) => minuteBars(time, new Array(count).fill(price + i)));
}

Deno.test("day trades are closed before each close, and bought again the next day", async () => {
  const bars = sessions(
    ["2022-01-03 09:30", "2022-01-03 15:44", "2022-01-04 09:30", "2022-01-04 15:44"],
  );
  class EachDay extends Strategy {
    run({ position, time }: Tick<this>) {
      if (!position && time.minutesSinceOpen === 1) return buy({ qty: 1 });
    }
  }
  const { fills, result } = await run(EachDay, { AAPL: bars }, { to: "2022-01-04" });
  assert.deepEqual(fills, [
    "2022-01-03 09:32 buy 1 AAPL @ 100",
    "2022-01-03 15:46 sell 1 AAPL @ 101",
    "2022-01-04 09:32 buy 1 AAPL @ 102",
    "2022-01-04 15:46 sell 1 AAPL @ 103",
  ]);
  assert.deepEqual(result.windows.map(({ date }) => date), ["2022-01-03", "2022-01-04"]);
  assert.equal(result.endReason, "market close");
});

Deno.test("an early close has its liquidation early", async () => {
  const bars = sessions(["2021-11-26 09:30", "2021-11-26 12:44"]);
  const { fills } = await run(InAndOut, { AAPL: bars.slice(0, 6) }, { from: "2021-11-26" });
  assert.deepEqual(fills.map((fill) => fill.slice(0, 21)), [
    "2021-11-26 09:33 buy ",
    "2021-11-26 12:46 sell",
  ]);
});

Deno.test("a swing position and its strategy's state are kept over the night", async () => {
  const days: string[] = [];
  class Keeper extends BuyOnce {
    override run(tick: Tick<this>) {
      days.push(`${tick.time.date} ${tick.today.open} ${tick.today.previousClose}`);
      return super.run(tick);
    }
  }
  const bars = sessions(["2022-01-03 09:30", "2022-01-04 09:30"], 100, 2);
  const { fills, result } = await run(Keeper, { AAPL: bars }, { to: "2022-01-04" });
  assert.deepEqual(fills, ["2022-01-03 09:32 buy 10 AAPL @ 100"]);
  assert.deepEqual(days, [
    "2022-01-03 100 NaN",
    "2022-01-03 100 NaN",
    "2022-01-04 101 100",
    "2022-01-04 101 100",
  ]);
  assert.equal(result.openPositions[0].qty, "10");
});

Deno.test("scanners run in each session, and see the past of their time alone", async () => {
  const scans: string[] = [];
  class Look extends Scanner {
    async run({ market, time }: ScanContext) {
      const [row] = await market.snapshots();
      const bars = (await market.bars(["AAPL"], "minute", 10)).get("AAPL")!;
      scans.push(
        `${time.date} ${exchangeTime(time.us).slice(0, 5)} ${row.last} ${row.previousClose}`,
      );
      assert.ok(bars.timeUs.every((us) => us + 60e6 <= time.us));
      return time.date === "2022-01-04" ? ["AAPL"] : [];
    }
  }
  const bars = sessions(["2022-01-03 09:30", "2022-01-04 09:30"], 100, 8);
  const { fills, records } = await run(InAndOut, { AAPL: bars }, {
    to: "2022-01-04",
    scanner: Look,
    recurrenceMinutes: 4,
  });
  assert.deepEqual(scans.slice(0, 3), [
    "2022-01-03 09:30 NaN NaN",
    "2022-01-03 09:34 100 NaN",
    "2022-01-03 09:38 100 NaN",
  ]);
  assert.ok(scans.includes("2022-01-04 09:30 100 100"), scans.join("\n"));
  assert.deepEqual(fills, [
    "2022-01-04 09:33 buy 10 AAPL @ 101",
    "2022-01-04 09:36 sell 10 AAPL @ 101",
  ]);
  assert.ok(records.some(({ table }) => table === "trending_tickers"));
});

Deno.test("a symbol that is not picked again is forgotten, one that is picked goes on", async () => {
  const setups: string[] = [];
  const ran: string[] = [];
  class Note extends Strategy {
    override setup({ symbol }: SymbolSetup) {
      setups.push(symbol);
      return {};
    }
    run({ symbol, time }: Tick<this>) {
      ran.push(`${time.date.slice(8)} ${symbol}`);
    }
  }
  class Picks extends Scanner {
    run({ time }: ScanContext) {
      return time.date === "2022-01-03"
        ? ["A", "B"]
        : time.date === "2022-01-04"
        ? ["B"]
        : ["A", "B"];
    }
  }
  const bars = sessions(["2022-01-03 09:30", "2022-01-04 09:30", "2022-01-05 09:30"], 100, 1);
  await run(Note, { A: bars, B: bars }, { to: "2022-01-05", scanner: Picks });
  assert.deepEqual(setups, ["A", "B", "A"]);
  assert.deepEqual(ran, ["03 A", "03 B", "04 B", "05 A", "05 B"]);
});

Deno.test("by days the bar comes at the close, and its order fills at the next open", async () => {
  const bars = dailyBars({
    "2022-01-03": [10, 12, 9, 11],
    "2022-01-04": [12, 13, 11, 12.5],
    "2022-01-05": [13, 14, 12, 13.5],
    "2022-01-06": [15, 16, 14, 15.5],
    "2022-01-07": [16, 17, 15, 16.5],
  });
  const times: string[] = [];
  class Days extends InAndOut {
    override run(tick: Tick<this>) {
      times.push(`${tick.time.date} ${exchangeTime(tick.time.us)} ${tick.bars.length}`);
      return super.run(tick);
    }
  }
  const options = { scale: "day", to: "2022-01-10" } as const;
  const { fills } = await run(Days, { SPY: bars }, options);
  assert.deepEqual(times.slice(0, 2), ["2022-01-03 15:59:59 1", "2022-01-04 15:59:59 2"]);
  assert.deepEqual(fills, ["2022-01-05 16:00 buy 10 SPY @ 13"]);
  const atClose = await run(InAndOut, { SPY: bars }, { ...options, fillModel: "close" });
  assert.deepEqual(atClose.fills.map((fill) => fill.slice(11 + 6)), [
    "buy 10 SPY @ 12.5",
    "sell 10 SPY @ 16.5",
  ]);
});

Deno.test("crypto trades round the clock, in fractions", async () => {
  class Coin extends Strategy {
    run({ position, size }: Tick<this>) {
      if (!position) return buy({ qty: size.byNotional(1000) });
    }
  }
  const bars = minuteBars("2022-01-02 23:58", [30_000, 30_000, 30_000, 31_000]);
  const { fills, result } = await run(Coin, { "BTC/USD": bars }, {
    from: "2022-01-02",
    to: "2022-01-03",
  });
  assert.equal(fills.length, 1);
  assert.match(fills[0], /^2022-01-03 00:00 buy 0\.0333\d+ BTC\/USD @ 30000$/);
  assert.equal(result.windows.length, 1);
});

Deno.test("a strategy that throws is stopped, the others go on", async () => {
  class Broken extends Strategy {
    run(): never {
      throw new TypeError("nothing there");
    }
  }
  const { fills, records } = await run({ Broken, InAndOut }, { AAPL: RAMP });
  assert.equal(fills.length, 2);
  const ends = records.filter(({ table }) => table === "algo_run_end");
  assert.match(JSON.stringify(ends[0]), /stopped: nothing there/);
});

Deno.test("what is decided does not depend on what comes later", async () => {
  class Cross extends Strategy {
    override setup(symbol: SymbolSetup) {
      return { fast: symbol.sma(2), slow: symbol.sma(5) };
    }
    run({ position, state }: Tick<this>) {
      const isUp = state.fast.value > state.slow.value;
      if (!position && isUp) return buy({ qty: 1 });
      if (position && !isUp) return sell({ qty: position.qty });
    }
  }
  const prices = Array.from({ length: 200 }, (_, i) => Math.round(100 + 9 * Math.sin(i * i / 50)));
  const bars = minuteBars("2022-01-03 09:30", prices);
  const whole = await run(Cross, { AAPL: bars });
  assert.ok(whole.fills.length > 20);
  for (const length of [20, 77, 150]) {
    const cut = await run(Cross, { AAPL: bars.slice(0, length) });
    assert.deepEqual(cut.fills, whole.fills.slice(0, cut.fills.length));
    assert.ok(cut.fills.length > 0);
  }
});
