/** A process with a store, for tests: does what its stdin's lines say, answers a line each. */
import { createInterface } from "node:readline";
import process from "node:process";
import { openStore } from "../src/store/store.ts";
import { MemoryLog, startBatch, tradeRecords } from "../src/store/test_databases.ts";

const [dataDir, dsn] = Deno.args;
const store = await openStore({ dsn: dsn ?? null, dataDir, log: new MemoryLog() });
console.log("open");

for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...args] = line.split(" ");
  switch (command) {
    case "start": {
      const { batchId, algoRunId } = await startBatch(store);
      console.log(`${batchId} ${algoRunId}`);
      break;
    }
    case "write": {
      const [algoRunId, from, to] = args.map(Number);
      store.write(tradeRecords(algoRunId, from, to));
      console.log("written");
      break;
    }
    // Dies in the same turn in which the records were taken in.
    case "write-and-die": {
      const [algoRunId, from, to] = args.map(Number);
      store.write(tradeRecords(algoRunId, from, to));
      process.kill(process.pid, "SIGKILL");
      break;
    }
    case "flush":
      await store.flush();
      console.log("flushed");
      break;
    case "count":
      console.log((await store.trades(args[0])).length);
      break;
    case "close":
      await store.close();
      console.log("closed");
      Deno.exit(0);
  }
}
