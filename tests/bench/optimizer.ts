/**
 * Trials of the optimizer a second, by one worker and by two, beside the backtest by itself. What
 * each trial earned is compared with the bare loop before a figure is printed.
 *
 *   deno run -A tests/bench/optimizer.ts [TRIALS [SYMBOLS [SESSIONS [WORKERS...]]]]
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { sharedData } from "../../src/optimizer/shared_data.ts";
import type { TrialSetup } from "../../src/optimizer/trial_messages.ts";
import { TrialPool } from "../../src/optimizer/trial_pool.ts";
import { bundle } from "../../src/sandbox/bundle.ts";
import { backtest, backtestOptions, bareLoop, Cross, generated, sessionsOf } from "./sma_cross.ts";

const [trials, symbols, days, ...counts] = Deno.args.map(Number);
const sessions = sessionsOf(days || 252);
const data = sharedData(generated(symbols || 20, sessions));
const expected = bareLoop(data);
const folder = fileURLToPath(new URL(".", import.meta.url));
const code = await bundle({
  id: "cross",
  entry: `${folder}cross_strategy.ts`,
  root: folder,
  read: (path) => Deno.readTextFile(path),
});

/** Seconds a trial. */
async function measure(workers: number, count: number): Promise<number> {
  const { registries: _, store: __, ...settings } = backtestOptions(data, sessions, Cross);
  const [strategy] = settings.strategies;
  const [scanner] = settings.scanners;
  const setup: TrialSetup = {
    objective: { kind: "named", name: "sharpe" },
    settings: {
      ...settings,
      strategies: [{ ...strategy, from: { kind: "user", bundle: code } }],
      scanners: [{
        ...scanner,
        source: { ...scanner.source, from: { kind: "builtin", builtin: "symbols" } },
      }],
    },
  };
  const { signal } = new AbortController();
  const pool = new TrialPool(setup, { workers, log: (...log) => console.error(log), signal });
  await pool.params();
  const run = async (n: number) => {
    const { ran } = await pool.run({
      batchId: `trial ${n}`,
      fromUs: settings.fromUs,
      toUs: settings.toUs,
      parameters: { cross: { fast: 10, slow: 30 } },
      portfolio: null,
    });
    assert.equal(ran!.figures.executions, expected.count);
    assert.ok(Math.abs(ran!.figures.finalEquity - expected.equity) < 0.01, "the same money");
  };
  const runAll = (count: number) => Promise.all(Array.from({ length: count }, (_, n) => run(n)));
  await runAll(3 * workers);
  const startMs = performance.now();
  await runAll(count);
  const seconds = (performance.now() - startMs) / 1000 / count;
  pool.close();
  return seconds;
}

await backtest(data, sessions, true);
const startMs = performance.now();
for (let n = 0; n < 3; n++) await backtest(data, sessions, true);
const alone = (performance.now() - startMs) / 3000;
console.log(`${data.size} symbols, ${sessions.length} sessions, ${expected.count} fills`);
console.log(`backtest   ${(1000 * alone).toFixed(0)} ms`);
let one = NaN;
for (const workers of counts.length > 0 ? counts : [1, 2]) {
  const seconds = await measure(workers, trials || 40);
  if (workers === 1) one = seconds;
  console.log(
    `${workers} worker${workers === 1 ? " " : "s"}  ${(1000 * seconds).toFixed(0)} ms a trial, ` +
      `${(seconds / alone).toFixed(2)} of a backtest` +
      (workers > 1 && one > 0 ? `, ${(one / seconds).toFixed(2)} times one worker` : ""),
  );
}
