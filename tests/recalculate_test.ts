/** What a batch earned, worked out again: by the session's end, the miner, and after late executions. */
import assert from "node:assert/strict";
import { recalculateBatch } from "../src/analysis/batch_analysis.ts";
import { startBatch, TestDatabases, trade } from "../src/store/test_databases.ts";

const databases = new TestDatabases();
const SECOND_US = 1_000_000;
const OPEN_US = 1_641_220_200_000_000;

databases.each("a recalculation changes only what executions changed, twice nothing", async (
  { open, connect },
) => {
  const store = await open();
  const bare = connect();
  const { batchId, algoRunId } = await startBatch(store);
  let index = 0;
  const execution = (second: number, operation: "buy" | "sell", qty: string, price: string) => ({
    table: "new_trades" as const,
    row: trade(algoRunId, index++, {
      operation,
      qty,
      price,
      tradeUs: OPEN_US + second * SECOND_US,
    }),
  });
  const rows = async () => ({
    gains: await store.gainLoss(batchId),
    trades: await store.tradeAnalysis(batchId),
    versions: [
      ...await bare.run((sql) =>
        sql`
        select xmin::text from trade_analysis where algo_run_id = ${algoRunId} order by 1`
      ),
    ],
  });
  store.write([execution(10, "sell", "5", "110"), execution(20, "buy", "5", "100")]);
  const asked = { nowUs: OPEN_US, isDryRun: false };
  const first = await recalculateBatch(store, batchId, asked);
  assert.deepEqual([first.gains, first.trades, first.removed], [1, 1, 0]);
  assert.equal((await store.gainLoss(batchId))[0].gainValue, "50");

  const before = await rows();
  const again = await recalculateBatch(store, batchId, { ...asked, nowUs: OPEN_US + 1 });
  assert.deepEqual([again.gains, again.trades, again.removed], [0, 0, 0]);
  assert.deepEqual(await rows(), before);

  // What opened the position was in the spool of another machine: no short was ever sold.
  store.write([execution(0, "buy", "5", "90")]);
  const dry = await recalculateBatch(store, batchId, { nowUs: OPEN_US + 2, isDryRun: true });
  assert.deepEqual([dry.gains, dry.trades, dry.removed], [1, 1, 1]);
  assert.deepEqual(await rows(), before);
  await recalculateBatch(store, batchId, { nowUs: OPEN_US + 2, isDryRun: false });
  assert.deepEqual(
    (await store.tradeAnalysis(batchId)).map(({ startUs, gainValue }) => [startUs, gainValue]),
    [[OPEN_US, "100"]],
  );
  assert.equal((await store.gainLoss(batchId))[0].gainValue, "100");
  const last = await recalculateBatch(store, batchId, { nowUs: OPEN_US + 3, isDryRun: false });
  assert.deepEqual([last.gains, last.trades, last.removed], [0, 0, 0]);
  await bare.close();
  await store.close();
});

databases.each("a position over batches is one trade, and each batch keeps its own gain", async (
  { open },
) => {
  const store = await open();
  const monday = await startBatch(store, "swing-over-night");
  store.write([
    {
      table: "new_trades",
      row: trade(monday.algoRunId, 0, {
        qty: "10",
        price: "100",
        fee: "1",
        stopPrice: "95",
        tradeUs: OPEN_US,
      }),
    },
    {
      table: "new_trades",
      row: trade(monday.algoRunId, 1, {
        operation: "sell",
        qty: "4",
        price: "110",
        fee: "0.4",
        tradeUs: OPEN_US + SECOND_US,
      }),
    },
  ]);
  const batchId = crypto.randomUUID();
  const tuesday = await store.startRun({
    algoName: "swing-over-night",
    environment: "PAPER",
    buildNumber: "test",
    batchId,
    parameters: {},
    startUs: OPEN_US + 86_400 * SECOND_US,
    refAlgoRun: monday.algoRunId,
  });
  store.write([{
    table: "new_trades",
    row: trade(tuesday, 2, {
      operation: "sell",
      qty: "6",
      price: "105",
      fee: "0.6",
      tradeUs: OPEN_US + 86_401 * SECOND_US,
    }),
  }]);
  for (const id of [monday.batchId, batchId]) {
    await recalculateBatch(store, id, { nowUs: OPEN_US, isDryRun: false });
  }
  // 4 × 10 − 0.4 − 4/10 of 1; 6 × 5 − 0.6 − 6/10 of 1.
  assert.equal((await store.gainLoss(monday.batchId))[0].gainValue, "39.2");
  assert.equal((await store.gainLoss(batchId))[0].gainValue, "28.8");
  assert.deepEqual(await store.tradeAnalysis(monday.batchId), []);
  const [trip] = await store.tradeAnalysis(batchId);
  assert.equal(trip.gainValue, "68");
  assert.equal(trip.gainPercentage, "6.8");
  // (4 × 110 + 6 × 105) ÷ 10 = 107, of a risk of 5.
  assert.equal(trip.rUnits, "1.4");
  assert.equal(trip.startUs, OPEN_US);
  await store.close();
});
