import assert from "node:assert/strict";
import type { RunStart, Store } from "../contracts/store.ts";
import { startBatch, TestDatabases, trade } from "./test_databases.ts";

const databases = new TestDatabases();
const START_US = 1_641_220_200_000_001;

databases.each("batches are found by environment, time and strategy, each told whole", async (
  { open },
) => {
  const store = await open();
  const algoName = `z-${crypto.randomUUID()}`;
  const first = await started(store, { algoName, environment: "BACKTEST" });
  const second = await started(store, { algoName, startUs: START_US + 10 });
  await store.startRun({ ...second.run, algoName: "another", buildNumber: "test" });
  store.write([
    { table: "new_trades", row: trade(second.id, 0) },
    {
      table: "algo_run_end",
      row: { algoRunId: first.id, endUs: START_US + 5, endReason: "completed" },
    },
  ]);
  await store.flush();
  const found = async (filter: Parameters<Store["batches"]>[1]) =>
    (await store.batches(100, filter)).map(({ batchId }) => batchId);
  assert.deepEqual(await found({ strategy: algoName }), [second.batchId, first.batchId]);
  assert.deepEqual(await found({ strategy: algoName, environment: "PAPER" }), [second.batchId]);
  assert.deepEqual(await found({ strategy: algoName, fromUs: START_US + 10 }), [second.batchId]);
  assert.deepEqual(await found({ strategy: algoName, toUs: START_US + 10 }), [first.batchId]);
  assert.deepEqual(await store.batches(1, { strategy: algoName }), [{
    batchId: second.batchId,
    environment: "PAPER",
    startUs: START_US + 10,
    endUs: null,
    runs: 2,
    trades: 1,
    strategies: ["another", algoName],
    endReasons: [],
    buildNumber: "test",
  }]);
  const [ended] = await store.batches(1, { strategy: algoName, toUs: START_US + 10 });
  assert.deepEqual([ended.endUs, ended.endReasons], [START_US + 5, ["completed"]]);
  const runs = await store.runSummaries(10, { batchId: second.batchId });
  assert.deepEqual(runs.map(({ algoName, trades }) => [algoName, trades]), [
    ["another", 0],
    [algoName, 1],
  ]);
  assert.deepEqual((await store.runSummaries(1, { strategy: algoName })).length, 1);
  await store.close();
});

databases.each("a batch is deleted with all that is its own, and nothing else", async (
  { open, connect },
) => {
  const store = await open();
  const kept = await startBatch(store);
  const gone = await startBatch(store);
  const later = await started(store, { refAlgoRun: gone.algoRunId });
  const gain = { symbol: "A", gainPercentage: "1", gainValue: "1", timeUs: 1 };
  for (const { batchId, algoRunId } of [kept, gone]) {
    store.write([
      { table: "new_trades", row: trade(algoRunId, 0) },
      { table: "gain_loss", row: { ...gain, algoRunId } },
      {
        table: "trade_analysis",
        row: { ...gain, algoRunId, startUs: 1, endUs: 2, rUnits: null },
      },
      {
        table: "order_denial",
        row: {
          algoRunId,
          symbol: "A",
          side: "buy",
          qty: null,
          by: "risk",
          code: "c",
          message: "m",
          timeUs: 1,
        },
      },
      {
        table: "trending_tickers",
        row: { batchId, symbol: "A", scannerName: "s", createUs: 1 },
      },
    ]);
  }
  await store.flush();
  const bare = connect();
  await bare.run((sql) => sql`insert into portfolio (portfolio_id, size) values ('p', 1)`);
  await bare.run((sql) =>
    sql`insert into portfolio_batch_ids (portfolio_id, batch_id) values ('p', ${gone.batchId})`
  );
  assert.deepEqual(await store.batchReferences(gone.batchId), {
    portfolios: ["p"],
    carriedOnBy: [later.batchId],
    optimizerSessions: [],
  });
  const removed = await store.deleteBatch(gone.batchId);
  assert.deepEqual(removed, {
    new_trades: 1,
    order_denial: 1,
    gain_loss: 1,
    trade_analysis: 1,
    trending_tickers: 1,
    portfolio_batch_ids: 1,
    trade_plan_execution_audit: 0,
    batch_figures: 0,
    algo_run: 1,
  });
  assert.deepEqual(await store.runs(gone.batchId), []);
  assert.equal((await store.runs(later.batchId))[0].refAlgoRun, null);
  assert.equal((await store.trades(kept.batchId)).length, 1);
  assert.equal((await store.denials(kept.batchId)).length, 1);
  assert.equal((await store.trending(kept.batchId)).length, 1);
  assert.equal((await store.tradeAnalysis(kept.batchId)).length, 1);
  const nothing = await store.deleteBatch(gone.batchId);
  assert.ok(Object.values(nothing).every((rows) => rows === 0));

  // A table that comes later must be thought of, too.
  const [{ tables }] = await bare.run((sql) =>
    sql<{ tables: string[] }[]>`
      select json_agg(distinct table_name::text) as tables from information_schema.columns
       where table_schema = 'public' and column_name in ('batch_id', 'algo_run_id')`
  );
  assert.deepEqual(
    tables.filter((name) => name !== "optimizer_run").toSorted(),
    Object.keys(removed).toSorted(),
  );
  await bare.close();
  await store.close();
});

async function started(
  store: Store,
  given: Partial<RunStart>,
): Promise<{ id: number; batchId: string; run: RunStart }> {
  const run: RunStart = {
    algoName: "swing",
    environment: "PAPER",
    buildNumber: "test",
    batchId: crypto.randomUUID(),
    parameters: {},
    startUs: START_US,
    refAlgoRun: null,
    ...given,
  };
  return { id: await store.startRun(run), batchId: run.batchId, run };
}
