/** The demo's day through real sockets, workers and the embedded database, as `liu demo` runs it. */
import assert from "node:assert/strict";
import { runProgram } from "../src/commands/run_program.ts";
import type { DayCounts } from "../src/analysis/day_counts.ts";
import type { DenialRow, RunRow, TradeRow } from "../src/contracts/store.ts";
import type { RunInfo } from "../src/protocol.ts";
import { decimal, plain } from "../src/util/decimal.ts";

interface DemoResult {
  endReason: string;
  batchId: string;
  counts: DayCounts & { collectionStrategies: number };
  account: { cashChange: string };
  totals: { cashChange: string; gainValue: string; fees: string; openPositions: number };
  rows: { gainValue: string }[];
  trades: TradeRow[];
  denials: DenialRow[];
  sessionRuns: RunInfo[];
  runs: RunRow[];
  dropped: number;
}

async function demo(dataFolder: string, consumers: number): Promise<DemoResult> {
  let out = "", err = "";
  const exitCode = await runProgram(["demo", "--json"], {
    env: { LIU_DATA: dataFolder, NUM_CONSUMERS: String(consumers), LIU_LOG: "warning" },
    cwd: dataFolder,
    signal: new AbortController().signal,
    out: (text) => out += text,
    err: (text) => err += text,
    isOutTerminal: false,
    isErrTerminal: false,
    columns: () => 80,
  });
  assert.equal(exitCode, 0, err);
  return JSON.parse(out);
}

/** What must not depend on the number of consumers: everything but ids. */
function orders({ trades, denials, runs }: DemoResult) {
  const nameOf = new Map(runs.map(({ algoRunId, algoName }) => [algoRunId, algoName]));
  return {
    trades: trades.map(({ algoRunId, brokerOrderId: _, clientOrderId: __, ...row }) => ({
      strategy: nameOf.get(algoRunId),
      ...row,
    })),
    denials: denials.map(({ algoRunId, ...row }) => ({ strategy: nameOf.get(algoRunId), ...row })),
  };
}

Deno.test("the demo's day is traded in full, adds up, and is the same with 1, 2 and 4 consumers", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "liu-demo-" });
  try {
    const results = new Map<number, DemoResult>();
    for (const consumers of [2, 1, 4]) results.set(consumers, await demo(folder, consumers));
    const two = results.get(2)!;

    await t.step("nothing that the day is to show is missing", () => {
      const { counts } = two;
      assert.ok(counts.fills >= 300, `${counts.fills} fills`);
      assert.ok(counts.symbols >= 20, `${counts.symbols} symbols`);
      for (const [name, count] of Object.entries(counts)) assert.ok(count > 0, `${name} is 0`);
      assert.equal(two.endReason, "market close");
      assert.equal(two.dropped, 0);
    });

    await t.step("the long and the short strategy of a symbol ran on different consumers", () => {
      const consumerOf = new Map(two.sessionRuns.map((run) => [run.runId, run.consumer]));
      const bySymbol = Map.groupBy(two.trades, ({ symbol }) => symbol);
      const isSplit = [...bySymbol.values()].some((rows) =>
        new Set(rows.map(({ algoRunId }) => consumerOf.get(algoRunId))).size > 1
      );
      assert.ok(isSplit);
    });

    await t.step("executions add up to the exchange's account, to the cent", () => {
      for (const [consumers, { account, totals, rows }] of results) {
        assert.equal(account.cashChange, totals.cashChange, `${consumers} consumers`);
        const gains = rows.reduce((sum, row) => sum.plus(row.gainValue), decimal(0));
        assert.equal(plain(gains), totals.gainValue);
        // Flat at the end: what was gained is what the cash changed by.
        assert.equal(totals.openPositions, 0);
        assert.equal(totals.gainValue, totals.cashChange);
      }
    });

    await t.step("the same orders, fills and denials with any number of consumers", () => {
      for (const consumers of [1, 4]) {
        assert.deepEqual(orders(results.get(consumers)!), orders(two), `${consumers} consumers`);
      }
    });

    await t.step("the same again on a second run", async () => {
      assert.deepEqual(orders(await demo(folder, 2)), orders(two));
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
