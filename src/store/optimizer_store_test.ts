import assert from "node:assert/strict";
import type { OptimizerRunRow, StoreRecord } from "../contracts/store.ts";
import { startBatch, TestDatabases, trade } from "./test_databases.ts";

const databases = new TestDatabases();

databases.each("a session and its trials are given back, and stored once", async ({ open }) => {
  const store = await open();
  const sessionId = crypto.randomUUID();
  const session = {
    sessionId,
    fingerprint: "abc",
    settings: { seed: 1, objective: 'my "own"' },
    result: null,
  };
  const trial = (n: number, more: Partial<OptimizerRunRow> = {}): OptimizerRunRow => ({
    sessionId,
    fold: 0,
    trial: n,
    kind: "trial",
    batchId: `${sessionId} ${n}`,
    parameters: { "mine.fast": n, "mine.share": 0.1 },
    // All of its digits are needed.
    value: -1.7779427986255285 / (n + 1),
    problem: null,
    figures: { returns: [0.1 + 0.2, 1e-17, -3] },
    ...more,
  });
  const rows = [
    trial(0),
    trial(1, { value: null, problem: "it threw", figures: null }),
    trial(0, { fold: 1, batchId: `${sessionId} fold` }),
    trial(0, { fold: 1, kind: "test", batchId: `${sessionId} test`, value: null }),
  ];
  const records: StoreRecord[] = [
    { table: "optimizer_session", row: session },
    ...rows.map((row): StoreRecord => ({ table: "optimizer_run", row })),
  ];
  store.write(records);
  await store.flush();
  store.write([...records, { table: "optimizer_run", row: trial(0, { value: 9 }) }]);
  await store.flush();
  assert.deepEqual(await store.optimizerRuns(sessionId), rows);
  const find = async () =>
    (await store.optimizerSessions(100)).find((one) => one.sessionId === sessionId);
  assert.deepEqual(await find(), session);
  store.write([{ table: "optimizer_session", row: { ...session, result: { best: null } } }]);
  store.write(records.slice(0, 1));
  await store.flush();
  assert.deepEqual(await find(), { ...session, result: { best: null } }, "a result stays");
  await store.close();
});

databases.each("a trial's runs are whole, and listed where executions are", async ({ open }) => {
  const store = await open();
  const batches = ["quiet", "traded"].map((name) => `${name} ${crypto.randomUUID()}`);
  const run = (batchId: string, algoName: string): StoreRecord => ({
    table: "finished_run",
    row: {
      algoName,
      environment: "BACKTEST",
      buildNumber: "1",
      batchId,
      parameters: { fast: 3 },
      startUs: 1_641_220_260_123_457,
      endUs: 1_641_220_260_123_459,
      endReason: "market close",
      refAlgoRun: null,
    },
  });
  const records = batches.flatMap((batchId): StoreRecord[] => [
    run(batchId, "one"),
    run(batchId, "two"),
    {
      table: "optimizer_run",
      row: {
        sessionId: batchId,
        fold: 0,
        trial: 0,
        kind: "trial",
        batchId,
        parameters: {},
        value: 1,
        problem: null,
        figures: null,
      },
    },
  ]);
  store.write(records);
  await store.flush();
  store.write(records);
  await store.flush();
  const [quiet, traded] = await Promise.all(batches.map((batchId) => store.runs(batchId)));
  for (const runs of [quiet, traded]) {
    assert.deepEqual(
      runs.map(({ algoName, startUs, endUs, endReason }) => [algoName, startUs, endUs, endReason]),
      ["one", "two"].map((name) => [
        name,
        1_641_220_260_123_457,
        1_641_220_260_123_459,
        "market close",
      ]),
    );
  }
  const { batchId: live } = await startBatch(store);
  store.write([{ table: "new_trades", row: trade(traded[1].algoRunId, 0) }]);
  await store.flush();
  const listed = await store.batches(1000);
  const find = (batchId: string) => listed.find((batch) => batch.batchId === batchId);
  assert.equal(find(batches[0]), undefined);
  assert.deepEqual([find(batches[1])!.runs, find(batches[1])!.trades], [2, 1]);
  assert.equal(find(live)!.runs, 1);
  await store.close();
});
