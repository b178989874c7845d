import assert from "node:assert/strict";
import { StoreClient } from "./store_port.ts";
import { startStoreWorker, storeWorkerPermissions } from "./store_worker.ts";
import { MemoryLog, startBatch, TestDatabases, tradeRecords } from "./test_databases.ts";

const databases = new TestDatabases();

function noFault(error: Error): never {
  throw error;
}

databases.each("two isolates share the store in its worker", async ({ dsn, dataDir, log }) => {
  const worker = await startStoreWorker({ dsn, dataDir, log, onFault: noFault });
  const first = worker.connect();
  const second = new StoreClient(worker.port(), noFault);
  const { batchId, algoRunId } = await startBatch(first);
  first.write(tradeRecords(algoRunId, 0, 50));
  second.write(tradeRecords(algoRunId, 50, 100));
  await Promise.all([first.flush(), second.flush()]);
  assert.equal((await second.trades(batchId)).length, 100);
  assert.deepEqual(await second.trades(batchId), await first.trades(batchId));
  assert.equal((await first.batches(1000)).find((b) => b.batchId === batchId)?.trades, 100);

  // What was written before the end is stored, flushed or not.
  first.write(tradeRecords(algoRunId, 100, 110));
  second.write(tradeRecords(algoRunId, 110, 120));
  await second.close();
  await assert.rejects(second.trades(batchId), /closed/);
  await worker.close();

  const reader = await startStoreWorker({ dsn, dataDir, log, onFault: noFault, readOnly: true });
  const client = reader.connect();
  assert.equal((await client.trades(batchId)).length, 120);
  await assert.rejects(startBatch(client), { name: "OperationError", message: /read-only/ });
  await reader.close();
});

databases.each("a write that can't be taken in is a fault, told to its client", async (
  { dsn, dataDir, log },
) => {
  const worker = await startStoreWorker({ dsn, dataDir, log, onFault: noFault, readOnly: true });
  const fault = Promise.withResolvers<Error>();
  const client = new StoreClient(worker.port(), fault.resolve);
  client.write(tradeRecords(1, 0, 1));
  const error = await fault.promise;
  assert.equal(error.name, "OperationError");
  assert.match(error.message, /read-only/);
  await client.close();
  await worker.close();
});

Deno.test("a store that can't be opened is told as by openStore, not the password", async () => {
  const dataDir = await Deno.makeTempDir();
  const log = new MemoryLog();
  const start = (dsn: string) => startStoreWorker({ dsn, dataDir, log, onFault: noFault });
  await assert.rejects(start("postgres://u:s3cret@127.0.0.1:1/db"), (error: Error) => {
    assert.equal(error.name, "OperationError");
    assert.match(error.message, /"db" at 127\.0\.0\.1:1/);
    assert.ok(!(Deno.inspect(error) + log.lines.join()).includes("s3cret"));
    return true;
  });
  await assert.rejects(start("mysql://u:s3cret@h/d"), { name: "ConfigError" });
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("the worker may reach the database and its folder, nothing else", () => {
  const server = storeWorkerPermissions({
    dsn: "postgres://u:p@db.example.com/liu",
    dataDir: "/data",
  });
  assert.deepEqual(server.net, ["db.example.com:5432"]);
  assert.deepEqual(server.write, ["/data"]);
  const six = storeWorkerPermissions({ dsn: "postgres://u:p@[::1]:5433/liu", dataDir: "/data" });
  assert.deepEqual(six.net, ["[::1]:5433"]);
  const embedded = storeWorkerPermissions({ dsn: null, dataDir: "/data" });
  assert.deepEqual(embedded.net, ["127.0.0.1"]);
  for (const { env, run, ffi, sys } of [server, six, embedded]) {
    assert.deepEqual([env, run, ffi, sys], [false, false, false, false]);
  }
});
