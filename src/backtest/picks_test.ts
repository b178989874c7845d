import assert from "node:assert/strict";
import { Strategy, type Tick } from "../contracts/strategy.ts";
import { exchangeTime, exchangeUs } from "../model/calendar.ts";
import { minuteBars, testOptions } from "./fixture.ts";
import { runBacktest } from "./run_backtest.ts";
import type { RunStart, StoreRecord } from "../contracts/store.ts";

const RAMP = minuteBars("2022-01-03 09:30", [100, 101, 102, 103, 104, 105]);

Deno.test("picks are followed at their times by their targets, and stored", async () => {
  const seen: string[] = [];
  class Watching extends Strategy {
    run({ symbol, bars, time }: Tick<this>) {
      seen.push(`${exchangeTime(time.us)} ${this.name} ${symbol} ${bars.length} bars`);
    }
  }
  const openUs = exchangeUs("2022-01-03", "09:30");
  const pick = (seconds: number, symbols: string[], targets: string[]) => ({
    timeUs: openUs + seconds * 1e6,
    scanner: "live",
    symbols,
    targets,
  });
  const records: StoreRecord[] = [];
  const started: RunStart[] = [];
  const { rows } = await runBacktest({
    ...testOptions({ one: Watching, two: Watching }, { AAPL: RAMP, MSFT: RAMP }),
    scanners: [],
    picks: [
      // Before the backtest begins: it is over.
      pick(-24 * 3600, ["MSFT"], ["one"]),
      pick(0, ["AAPL"], ["one"]),
      // Between two minutes: the next bar to end is the first to be seen.
      pick(200, ["AAPL", "MSFT"], ["two"]),
    ],
    refRuns: { one: 7 },
    store: {
      startRun: (run) => Promise.resolve(started.push(run)),
      write: (some) => void records.push(...some),
    },
  });
  assert.deepEqual(seen, [
    "09:31:00 one AAPL 1 bars",
    "09:32:00 one AAPL 2 bars",
    "09:33:00 one AAPL 3 bars",
    "09:34:00 one AAPL 4 bars",
    "09:34:00 two AAPL 4 bars",
    "09:34:00 two MSFT 4 bars",
    "09:35:00 one AAPL 5 bars",
    "09:35:00 two AAPL 5 bars",
    "09:35:00 two MSFT 5 bars",
    "09:36:00 one AAPL 6 bars",
    "09:36:00 two AAPL 6 bars",
    "09:36:00 two MSFT 6 bars",
  ]);
  assert.equal(rows, 9);
  const stored = records.flatMap((record) =>
    record.table === "trending_tickers"
      ? [`${exchangeTime(record.row.createUs)} ${record.row.scannerName} ${record.row.symbol}`]
      : []
  );
  assert.deepEqual(stored, ["09:30:00 live AAPL", "09:33:20 live AAPL", "09:33:20 live MSFT"]);
  assert.deepEqual(started.map(({ refAlgoRun }) => refAlgoRun), [7, null]);
});
