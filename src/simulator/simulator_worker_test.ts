import assert from "node:assert/strict";
import { ConfigError } from "../util/errors.ts";
import { startSimulatorWorker } from "./simulator_worker.ts";
import { KEYS, OPEN_US } from "./test_client.ts";

Deno.test("in its worker, the exchange reaches its port and its data files only", async () => {
  const file = new URL("../../data/btcusd-1min-2022-01-03.csv.gz", import.meta.url).pathname;
  const simulator = await startSimulatorWorker({
    sources: [
      { kind: "bars", file, symbol: "BTC/USD", volumeIn: "quote" },
      { kind: "generate", symbols: 2, seed: 1 },
    ],
    startUs: OPEN_US,
    endUs: OPEN_US + 60e6,
    speed: "max",
    port: 0,
  });
  const response = await fetch(`${simulator.baseUrl}/v2/clock`, { headers: KEYS });
  assert.equal((await response.json()).is_open, true);
  assert.match(simulator.summary.join(), /generated from seed 1: no real market/);
  await simulator.close();
});

Deno.test("what the worker cannot start is told as the error that it is", async () => {
  await assert.rejects(
    startSimulatorWorker({
      sources: [{ kind: "bars", file: "/does/not/exist.csv" }],
      speed: "max",
      port: 0,
    }),
    (error) => error instanceof ConfigError && /exist\.csv/.test(error.message),
  );
});
