/** The gateway outside of steps, against a simulated exchange whose time runs. */
import { NO_LIMITS } from "../src/model/limit.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import { createBroker } from "../src/brokers/alpaca.ts";
import type { Broker } from "../src/contracts/broker.ts";
import type { StoreRecord } from "../src/contracts/store.ts";
import { FileJournal } from "../src/engine/gateway/file_journal.ts";
import { Gateway } from "../src/engine/gateway/gateway.ts";
import { MarketClock, workerWallMs } from "../src/engine/market_clock.ts";
import type { GatewayToMain, OrderReport } from "../src/protocol.ts";
import { startSimulator } from "../src/simulator/server.ts";
import { systemMonotonic, wait } from "../src/wire/monotonic.ts";
import { BLANK, cashOf, OPEN_US } from "./gateway_session.ts";

const SYMBOL = "LIQ";
const SPEED = 600;

/** Resolves with the first message, also of the past, that is wanted. */
class Ear<Message> {
  readonly heard: Message[] = [];
  #waiting: { wants(message: Message): boolean; resolve(): void }[] = [];

  hear(message: Message): void {
    this.heard.push(message);
    for (const { wants, resolve } of this.#waiting) if (wants(message)) resolve();
  }

  async until(wants: (message: Message) => boolean): Promise<void> {
    if (this.heard.some(wants)) return;
    await new Promise<void>((resolve) => this.#waiting.push({ wants, resolve }));
  }
}

async function barsFile(folder: string): Promise<string> {
  const lines = ["symbol,timestamp,open,high,low,close,volume"];
  for (let minute = 0; minute < 300; minute++) {
    const start = new Date((OPEN_US + minute * 60e6) / 1000).toISOString();
    lines.push(`${SYMBOL},${start},100,100.05,99.95,100,100000`);
  }
  const file = join(folder, "bars.csv");
  await Deno.writeTextFile(file, lines.join("\n") + "\n");
  return file;
}

interface Live extends AsyncDisposable {
  gateway: Gateway;
  broker: Broker;
  main: Ear<GatewayToMain>;
  reports: Ear<OrderReport>;
  records: StoreRecord[];
}

async function startLive(): Promise<Live> {
  const folder = await Deno.makeTempDir();
  const simulator = await startSimulator({
    sources: [{ kind: "bars", file: await barsFile(folder) }],
    startUs: OPEN_US,
    endUs: OPEN_US + 300 * 60e6,
    speed: SPEED,
    port: 0,
  });
  const broker = createBroker(
    { keyId: "key", secretKey: "secret", baseUrl: simulator.baseUrl },
    {
      clock: { nowUs: () => OPEN_US },
      monotonic: systemMonotonic,
      random: () => 0.5,
      log: { debug() {}, info() {}, warn() {} },
    },
  );
  const { timeUs, rate } = await broker.clock(new AbortController().signal);
  assert.equal(rate, SPEED);
  const main = new Ear<GatewayToMain>();
  const reports = new Ear<OrderReport>();
  const records: StoreRecord[] = [];
  const gateway = new Gateway({
    broker,
    journal: await FileJournal.open(folder, "batch"),
    store: { write: (more) => void records.push(...more) },
    clock: new MarketClock({ baseUs: timeUs, wallBaseMs: workerWallMs(), rate }, workerWallMs),
    wait: (ms, aborted) => wait(systemMonotonic, ms, aborted).catch(() => {}),
    risk: { ...NO_LIMITS, maxOpenOrders: 10, priceCollarPercent: 10 },
    batchId: "batch",
    stepping: false,
    consumers: 1,
    toConsumer: (_, message) => message.type === "report" && reports.hear(message),
    toMain: (message) => main.hear(message),
    log: () => {},
  });
  await gateway.start();
  const hours = { openUs: OPEN_US, closeUs: OPEN_US + 390 * 60e6 };
  const runs = ["alpha", "beta"].map((strategy, i) => (
    { runId: i + 1, strategy, consumer: 0, dayTrade: i === 0 }
  ));
  gateway.fromMain({ type: "session", assetClass: "us_equity", ...hours });
  gateway.fromMain({ type: "runs", runs });
  gateway.fromMain({ type: "assets", id: 1, assetClass: "us_equity" });
  await main.until(({ type }) => type === "assets");
  const close = async () => {
    await simulator.close();
    await Deno.remove(folder, { recursive: true });
  };
  return { gateway, broker, main, reports, records, [Symbol.asyncDispose]: close };
}

Deno.test("in running time too, what is booked is what the exchange has", async () => {
  await using live = await startLive();
  const { gateway, broker, main, reports, records } = live;
  const { signal } = new AbortController();
  const send = (seq: number, action: "buy" | "sell", qty: number, legs = {}) =>
    gateway.fromConsumer(0, {
      type: "intent",
      intent: { ...BLANK, runId: 1, seq, symbol: SYMBOL, action, qty, ...legs },
    });
  send(1, "buy", 10, { stopPrice: 90, targetPrice: 120 });
  await reports.until(({ position, openOrder }) => position?.qty === 10 && !openOrder);
  // Its legs rest; they are cancelled, and the sale goes after that.
  send(2, "sell", 4);
  await reports.until(({ position, openOrder }) => position?.qty === 6 && !openOrder);
  await main.until((message) => message.type === "watch" && message.symbols[0] === SYMBOL);
  gateway.fromMain({
    type: "liquidate",
    id: 1,
    scope: "all",
    assetClasses: ["us_equity"],
    reason: "end",
    deadlineUs: Infinity,
  });
  await main.until(({ type }) => type === "liquidated");
  assert.deepEqual(await broker.positions(signal), []);
  const { cash } = await broker.account(signal);
  gateway.fromMain({ type: "stop", orders: "cancel", withinMs: 10_000 });
  await main.until(({ type }) => type === "stopped");
  const trades = records.flatMap((record) => record.table === "new_trades" ? [record.row] : []);
  assert.equal(trades.length, 3);
  assert.equal(cashOf(trades).toFixed(2), Number(cash).toFixed(2));
  assert.deepEqual(main.heard.filter(({ type }) => type === "failed" || type === "denial"), []);
});

Deno.test("after an orderly end every run's protection rests at the exchange", async () => {
  await using live = await startLive();
  const { gateway, broker, main, reports } = live;
  const { signal } = new AbortController();
  const send = (runId: number, seq: number, action: "buy" | "sell", qty: number, legs = {}) =>
    gateway.fromConsumer(0, {
      type: "intent",
      intent: { ...BLANK, runId, seq, symbol: SYMBOL, action, qty, ...legs },
    });
  const reached = (runId: number, qty: number) =>
    reports.until((report) =>
      report.runId === runId && report.position?.qty === qty && !report.openOrder
    );
  send(1, 1, "buy", 10, { stopPrice: 90, targetPrice: 120 });
  await reached(1, 10);
  send(2, 2, "buy", 5, { stopPrice: 91 });
  await reached(2, 5);
  send(2, 3, "buy", 2);
  await reached(2, 7);
  send(1, 4, "sell", 4);
  await reached(1, 6);
  gateway.fromMain({ type: "stop", orders: "cancel", withinMs: 10_000 });
  await main.until(({ type }) => type === "stopped");
  const [stopped] = main.heard.filter((message) => message.type === "stopped");
  const told = stopped.open.map(({ strategy, qty, protection }) => [strategy, qty, protection]);
  assert.deepEqual(told, [["alpha", "6", "rests"], ["beta", "7", "rests"]]);
  const open = await broker.openOrders(signal);
  const stops = new Map(
    open.flatMap((order) => [order, ...order.legs]).filter(({ type }) => type === "stop")
      .map((order) => [order.brokerOrderId, order]),
  );
  const rest = [...stops.values()].map(({ qty, triggerPrice, timeInForce }) =>
    `${qty} at ${triggerPrice} ${timeInForce}`
  );
  assert.deepEqual(rest.sort(), ["2 at 91 gtc", "5 at 91 gtc", "6 at 90 gtc"]);
  assert.deepEqual(main.heard.filter(({ type }) => type === "failed" || type === "denial"), []);
});
