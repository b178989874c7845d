import assert from "node:assert/strict";
import type { StoreRecord } from "../contracts/store.ts";
import { OperationError } from "../util/errors.ts";
import { startBatch, TestDatabases, trade, tradeRecords } from "./test_databases.ts";

const databases = new TestDatabases();

databases.each("what is written is read back to the last digit", async ({ open }) => {
  const store = await open();
  const { batchId, algoRunId } = await startBatch(store);
  const rows = [
    trade(algoRunId, 0, {
      operation: "sell_short",
      qty: "0.123456789012345678901234567890",
      price: "98765432109876543210.000000000000000001",
      fee: "0.000000000000000001",
      indicators: { why: 'gap "up" \\ Ünïcödé 😀\n', nested: [1, 0.1, null, { deep: true }] },
      tradeUs: 1_641_220_260_123_457,
      decidedUs: 8_999_999_999_999_999,
      stopPrice: "0.10",
      targetPrice: "1E-8",
    }),
    trade(algoRunId, 1, { indicators: null, decidedUs: null, tradeUs: 1_641_220_260_123_458 }),
  ];
  store.write(rows.map((row): StoreRecord => ({ table: "new_trades", row })));
  await store.flush();
  assert.deepEqual(await store.trades(batchId), [
    { ...rows[0], targetPrice: "0.00000001" },
    rows[1],
  ]);
  await store.close();
});

databases.each("every table gives back what it was given", async ({ open }) => {
  const store = await open();
  const { batchId, algoRunId } = await startBatch(store, `algo ${crypto.randomUUID()}`);
  const [run] = await store.runs(batchId);
  const denial = {
    algoRunId,
    symbol: "AAPL",
    side: "buy" as const,
    qty: "1.50",
    by: "risk" as const,
    code: "max_notional",
    message: "too much",
    timeUs: 1_641_220_260_000_007,
  };
  const trending = { batchId, symbol: "AAPL", scannerName: "momentum", createUs: 1_641_220_200e6 };
  const value = { algoName: run.algoName, context: "c", key: "k", value: "v", timeUs: 1e15 + 1 };
  const gain = {
    symbol: "AAPL",
    algoRunId,
    gainPercentage: "-0.50",
    gainValue: "-12.3456789",
    timeUs: 1e15 + 3,
  };
  const analysis = {
    ...gain,
    startUs: 1_641_220_260_123_457,
    endUs: 1_641_220_320_123_457,
    rUnits: "1.25",
  };
  store.write([
    { table: "order_denial", row: denial },
    { table: "order_denial", row: { ...denial, qty: null, by: "broker", timeUs: 1.7e15 } },
    { table: "trending_tickers", row: trending },
    { table: "keystore", row: value },
    { table: "gain_loss", row: gain },
    { table: "trade_analysis", row: analysis },
    { table: "trade_analysis", row: { ...analysis, startUs: 1.7e15, rUnits: null } },
    { table: "algo_run_end", row: { algoRunId, endUs: 1_641_240_000e6 + 9, endReason: "close" } },
    { table: "algo_run_end", row: { algoRunId, endUs: 1.8e15, endReason: "too late" } },
  ]);
  await store.flush();

  assert.deepEqual(await store.denials(batchId), [
    denial,
    { ...denial, qty: null, by: "broker", timeUs: 1.7e15 },
  ]);
  assert.deepEqual(await store.trending(batchId), [trending]);
  assert.deepEqual(await store.keystore(run.algoName), [value]);
  assert.deepEqual(await store.gainLoss(batchId), [gain]);
  assert.deepEqual(await store.tradeAnalysis(batchId), [
    analysis,
    { ...analysis, startUs: 1.7e15, rUnits: null },
  ]);
  assert.deepEqual([run.endUs, run.endReason, run.parameters], [null, null, { fast: 10 }]);
  const [ended] = await store.runs(batchId);
  assert.deepEqual(ended, { ...run, endUs: 1_641_240_000e6 + 9, endReason: "close" });
  const summary = (await store.batches(1000)).find((batch) => batch.batchId === batchId);
  assert.deepEqual(summary, {
    batchId,
    environment: "PAPER",
    startUs: run.startUs,
    endUs: ended.endUs,
    runs: 1,
    trades: 0,
    strategies: [run.algoName],
    endReasons: ["close"],
    buildNumber: "test",
  });
  await store.close();
});

databases.each("live runs of a time are found, the newest first", async ({ open }) => {
  const store = await open();
  const start = { buildNumber: "1", parameters: {}, refAlgoRun: null };
  const ids: number[] = [];
  for (
    const [algoName, environment, startUs] of [
      ["one", "PAPER", 1e15],
      ["two", "PAPER", 1e15],
      ["one", "BACKTEST", 1e15 + 1],
      ["one", "PROD", 1e15 + 2],
      ["one", "PAPER", 1e15 + 3],
    ] as const
  ) {
    const batchId = crypto.randomUUID();
    ids.push(await store.startRun({ ...start, algoName, environment, startUs, batchId }));
  }
  const found = await store.liveRuns(1e15, 1e15 + 2);
  assert.deepEqual(found.map(({ algoRunId }) => algoRunId), [ids[3], ids[1], ids[0]]);
  await store.close();
});

databases.each("writing the same records again changes nothing", async ({ open }) => {
  const store = await open();
  const { batchId, algoRunId } = await startBatch(store);
  const denial = {
    algoRunId,
    symbol: "AAPL",
    side: "sell" as const,
    qty: null,
    by: "broker" as const,
    code: "403",
    message: "not shortable",
    timeUs: 1.6e15,
  };
  const records: StoreRecord[] = [
    ...tradeRecords(algoRunId, 0, 100),
    { table: "order_denial", row: denial },
    {
      table: "trending_tickers",
      row: { batchId, symbol: "A", scannerName: "momentum", createUs: 1.6e15 },
    },
  ];
  store.write(records);
  await store.flush();
  const before = await store.trades(batchId);
  store.write([...records, ...records]);
  await store.flush();
  assert.equal(before.length, 100);
  assert.deepEqual(await store.trades(batchId), before);
  assert.equal((await store.denials(batchId)).length, 1);
  assert.equal((await store.trending(batchId)).length, 1);
  await store.close();
});

databases.each("of values and reckonings the newest stands, in any order", async ({ open }) => {
  const store = await open();
  const { batchId, algoRunId } = await startBatch(store);
  const algoName = crypto.randomUUID();
  const put = (value: string, timeUs: number): StoreRecord[] => [
    { table: "keystore", row: { algoName, context: "", key: "k", value, timeUs } },
    {
      table: "gain_loss",
      row: { symbol: "A", algoRunId, gainPercentage: "0", gainValue: value, timeUs },
    },
  ];
  store.write([...put("1", 1e15), ...put("3", 3e15), ...put("2", 2e15)]);
  await store.flush();
  store.write(put("0", 0));
  await store.flush();
  assert.deepEqual((await store.keystore(algoName)).map((row) => row.value), ["3"]);
  assert.deepEqual((await store.gainLoss(batchId)).map((row) => row.gainValue), ["3"]);
  await store.close();
});

databases.each("a gain that no execution gives any more is removed, and only that", async (
  { open },
) => {
  const store = await open();
  const { batchId, algoRunId } = await startBatch(store);
  const gain = { algoRunId, gainPercentage: "1", gainValue: "2", timeUs: 5 };
  const trip = { ...gain, symbol: "A'é", endUs: 9, rUnits: null };
  store.write([
    { table: "gain_loss", row: { ...gain, symbol: "A'é" } },
    { table: "gain_loss", row: { ...gain, symbol: "B" } },
    { table: "trade_analysis", row: { ...trip, startUs: 1_641_220_260_123_457 } },
    { table: "trade_analysis", row: { ...trip, startUs: 1_641_220_260_123_458 } },
  ]);
  await store.flush();
  store.write([
    { table: "stale_gain", row: { algoRunId, symbol: "A'é", startUs: null } },
    { table: "stale_gain", row: { algoRunId, symbol: "A'é", startUs: 1_641_220_260_123_457 } },
    { table: "stale_gain", row: { algoRunId: algoRunId + 1, symbol: "B", startUs: null } },
  ]);
  await store.flush();
  assert.deepEqual((await store.gainLoss(batchId)).map(({ symbol }) => symbol), ["B"]);
  assert.deepEqual((await store.tradeAnalysis(batchId)).map(({ startUs }) => startUs), [
    1_641_220_260_123_458,
  ]);
  await store.close();
});

databases.each("a record that the database refuses is kept aside, the others are stored", async (
  { open, log },
) => {
  const store = await open();
  const { batchId, algoRunId } = await startBatch(store);
  const record = (row: object) => ({ table: "new_trades", row }) as StoreRecord;
  store.write([
    record(trade(algoRunId, 0)),
    record(trade(algoRunId, 1, { qty: "-1" })),
    record(trade(algoRunId, 2, { price: "NaN" })),
    record(trade(algoRunId + 1_000_000, 3)),
    { table: "from_a_newer_program", row: {} } as unknown as StoreRecord,
    record(trade(algoRunId, 4, { indicators: { odd: "a\0b\ud800" } })),
  ]);
  await assert.rejects(store.flush(), /not take.*rejected\.jsonl/);
  assert.deepEqual(
    (await store.trades(batchId)).map((row) => [row.qty, row.indicators]),
    [["1", { index: 0 }], ["5", { odd: "a\ufffdb\ufffd" }]],
  );
  const path = /kept in (\S+)/.exec(log.lines.join("\n"))![1];
  assert.equal(Deno.readTextFileSync(path).trim().split("\n").length, 4);
  await store.flush();
  await store.close();
});

databases.each("a read-only store reads, and can't write", async ({ open, connect }) => {
  const store = await open();
  const { batchId, algoRunId } = await startBatch(store);
  store.write(tradeRecords(algoRunId, 0, 2));
  await store.flush();

  const reader = await open({ readOnly: true });
  assert.equal((await reader.trades(batchId)).length, 2);
  assert.throws(() => reader.write(tradeRecords(algoRunId, 2, 3)), OperationError);
  await assert.rejects(startBatch(reader), OperationError);
  await reader.flush();
  await reader.close();

  const bare = connect({ readOnly: true });
  for (const statement of ["delete from new_trades", "create table other (a integer)"]) {
    await assert.rejects(bare.run((sql) => sql.unsafe(statement)), /read-only transaction/);
  }
  await bare.close();

  store.write(tradeRecords(algoRunId, 2, 3));
  await store.flush();
  assert.equal((await store.trades(batchId)).length, 3);
  await store.close();
});

databases.each("a transaction moves its account's balance, down to the credit line", async (
  { open, connect },
) => {
  await (await open()).close();
  const bare = connect();
  const query = (statement: string) => bare.run((sql) => sql.unsafe(statement));
  const [{ id }] = await query(
    `insert into accounts (balance, allow_negative, credit_line)
     values (100.005, true, 50) returning account_id as id`,
  );
  const move = (amount: string) =>
    query(`insert into account_transactions (account_id, amount) values (${id}, ${amount})`);
  const balance = async () =>
    (await query(`select balance from accounts where account_id = ${id}`))[0].balance;
  await move("0.0000000001");
  assert.equal(await balance(), "100.0050000001");
  await move("-150.0050000001");
  assert.equal(await balance(), "-50.0000000000");
  await assert.rejects(move("-0.0000000001"), /balance_within_credit_line/);
  assert.equal(await balance(), "-50.0000000000");
  const [{ count }] = await query(
    `select count(*)::integer as count from account_transactions where account_id = ${id}`,
  );
  assert.equal(count, 2);
  await bare.close();
});
