/** The gateway's worker, with the permissions that a session gives it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { GatewayStart, GatewayToMain } from "../src/protocol.ts";
import type { Store } from "../src/contracts/store.ts";
import { serveStore } from "../src/store/store_port.ts";
import { startSimulator } from "../src/simulator/server.ts";
import { errorOf, Inbox, spawn } from "../src/engine/worker_link.ts";
import { ConfigError, OperationError } from "../src/util/errors.ts";

const WORKER = new URL("../workers/gateway.ts", import.meta.url);
const OPEN_US = Date.parse("2022-01-03T14:30:00Z") * 1000;

interface Started {
  inbox: Inbox<GatewayToMain>;
  worker: Worker;
  folder: string;
  message: GatewayStart;
}

async function withWorker(
  start: Partial<GatewayStart>,
  run: (started: Started) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const simulator = await startSimulator({
    sources: [{ kind: "generate", symbols: 2, seed: 1 }],
    startUs: OPEN_US,
    endUs: OPEN_US + 60e6,
    speed: "max",
    port: 0,
  });
  const { host } = new URL(simulator.baseUrl);
  const worker = spawn(WORKER, { net: [host], read: [folder], write: [folder], env: false });
  const inbox = new Inbox<GatewayToMain>();
  // A failure nobody waits for yet is seen by who waits next.
  worker.onmessage = ({ data }: MessageEvent<GatewayToMain>) =>
    data.type === "failed" ? inbox.fail(errorOf(data, "gateway")) : inbox.deliver(data);
  const store = new MessageChannel();
  serve(store.port2);
  const consumer = new MessageChannel();
  try {
    const message: GatewayStart = {
      type: "start",
      broker: "alpaca",
      brokerOptions: {
        keyId: "key",
        secretKey: "secret",
        baseUrl: simulator.baseUrl,
        acksSteps: "true",
      },
      risk: {
        portfolioValue: null,
        maxNotionalPerOrder: { percent: 10 },
        maxNotionalPerSymbol: null,
        maxDailyLoss: null,
        maxOpenOrders: 10,
        priceCollarPercent: null,
      },
      batchId: "batch",
      reconcile: { inFlightMs: 0, openOrdersMs: 0, positionsMs: 0 },
      journalDir: join(folder, "journal"),
      killFolder: folder,
      plan: {
        digest: "plan",
        assetClasses: ["us_equity"],
        cryptoEndMinutes: null,
        isNewBatch: false,
        unknownPositions: "external",
      },
      realMoney: false,
      clockSkewMsMax: 5000,
      store: store.port1,
      consumers: [consumer.port1],
      ...start,
    };
    worker.postMessage(message, [store.port1, consumer.port1]);
    await run({ inbox, worker, folder, message });
  } finally {
    worker.terminate();
    for (const { port2 } of [store, consumer]) port2.close();
    await simulator.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** A store that forgets, and to which nobody else comes. */
function serve(port: MessagePort): void {
  const done = () => Promise.resolve(null);
  serveStore({ write: () => {}, flush: done, lockAccount: done } as unknown as Store, port);
}

Deno.test("the worker connects, names assets, keeps its journal and stops", async () => {
  await withWorker({}, async ({ inbox, worker, folder }) => {
    const { account, clock, positions, openOrders } = await inbox.next("ready");
    assert.deepEqual([positions, openOrders], [[], []]);
    assert.equal(account.currency, "USD");
    assert.deepEqual(clock, { timeUs: OPEN_US, rate: 0, isOpen: true, isReal: false });
    const assets = inbox.next("assets");
    worker.postMessage({ type: "assets", id: 1, assetClass: "us_equity" });
    assert.equal((await assets).assets.length, 2);
    const stopped = inbox.next("stopped");
    worker.postMessage({ type: "stop", orders: "cancel", withinMs: 10_000 });
    assert.deepEqual((await stopped).open, []);
    assert.ok((await Deno.stat(join(folder, "journal", "batch.journal"))).isFile);
  });
});

Deno.test("a paper account is no place for environment PROD", async () => {
  await withWorker({ realMoney: true }, async ({ inbox }) => {
    await assert.rejects(inbox.next("ready"), ConfigError);
  });
});

Deno.test("an unknown broker is named with those that there are", async () => {
  await withWorker({ broker: "alpacca" }, async ({ inbox }) => {
    await assert.rejects(inbox.next("ready"), /"alpacca": there is alpaca/);
  });
});

Deno.test("a second trader on the account is refused until the first has stopped", async () => {
  await withWorker({}, async ({ inbox, worker, folder, message }) => {
    const { host } = new URL(message.brokerOptions.baseUrl);
    await inbox.next("ready");
    const start = async () => {
      const second = spawn(WORKER, { net: [host], read: [folder], write: [folder], env: false });
      const told = new Inbox<GatewayToMain>();
      second.onmessage = ({ data }: MessageEvent<GatewayToMain>) =>
        data.type === "failed" ? told.fail(errorOf(data, "gateway")) : told.deliver(data);
      const store = new MessageChannel();
      serve(store.port2);
      const ready = told.next("ready");
      const batch = { batchId: "other", store: store.port1, consumers: [] };
      second.postMessage({ ...message, ...batch }, [store.port1]);
      try {
        await ready;
        const stopped = told.next("stopped");
        second.postMessage({ type: "stop", orders: "cancel", withinMs: 10_000 });
        await stopped;
      } finally {
        second.terminate();
        store.port2.close();
      }
    };
    await assert.rejects(start(), (error) => {
      assert.ok(error instanceof OperationError);
      assert.match(error.message, /another trader \(this data folder\) trades account .*; stop it/);
      return true;
    });
    const stopped = inbox.next("stopped");
    worker.postMessage({ type: "stop", orders: "cancel", withinMs: 10_000 });
    await stopped;
    await start();
  });
});
