/** Provider and broker against the simulated exchange, step by step. */
import { strict as assert } from "node:assert";
import { createBroker } from "../src/brokers/alpaca.ts";
import type { OrderUpdate } from "../src/contracts/broker.ts";
import { RowKind } from "../src/model/market_batch.ts";
import type { OrderRequest } from "../src/model/order.ts";
import { createProvider } from "../src/providers/alpaca.ts";
import { startSimulator } from "../src/simulator/server.ts";
import { decimal } from "../src/util/decimal.ts";
import { SymbolTable } from "../src/util/symbol_table.ts";
import { systemMonotonic } from "../src/wire/monotonic.ts";
import { Queue, RecordingLog } from "./alpaca_counterpart.ts";

const MINUTE_US = 60e6;
const ORDER: OrderRequest = {
  clientOrderId: "",
  symbol: "",
  side: "buy",
  qty: "10",
  notional: null,
  type: "market",
  timeInForce: "day",
  limitPrice: null,
  triggerPrice: null,
  trailPrice: null,
  trailPercent: null,
  extendedHours: false,
  takeProfit: null,
  stopLoss: null,
};

/** Both clients of one account, and an exchange that goes on when the test says so. */
class World {
  readonly log = new RecordingLog();
  readonly updates: OrderUpdate[] = [];
  readonly rows: number[][] = [];
  readonly symbols = new SymbolTable();
  readonly aborter = new AbortController();
  readonly signal = this.aborter.signal;
  readonly #dataSteps = new Queue<number>();
  readonly #orderSteps = new Queue<number>();
  nowUs = 0;

  private constructor(
    readonly exchange: Awaited<ReturnType<typeof startSimulator>>,
    readonly settings: Record<string, string>,
  ) {}

  static async start(): Promise<World> {
    const exchange = await startSimulator({
      sources: [{ kind: "generate", symbols: 3, seed: 7 }],
      speed: "max",
      port: 0,
    });
    const keys = { keyId: "key-of-test", secretKey: "secret-of-test" };
    return new World(exchange, { ...keys, baseUrl: exchange.baseUrl, acksSteps: "true" });
  }

  readonly context = {
    clock: { nowUs: () => this.nowUs },
    monotonic: systemMonotonic,
    random: () => 0.5,
    log: this.log,
  };

  get broker() {
    return this.#broker ??= createBroker(this.settings, this.context);
  }
  get provider() {
    return this.#provider ??= createProvider(this.settings, this.context);
  }
  #broker?: ReturnType<typeof createBroker>;
  #provider?: ReturnType<typeof createProvider>;

  async connect() {
    const orders = await this.broker.openUpdates({
      onUpdate: (update) => void this.updates.push(update),
      onStep: (n) => this.#orderSteps.put(n),
      onState: () => {},
      signal: this.signal,
    });
    const data = await this.provider.openStream({
      assetClass: "us_equity",
      sink: {
        find: (symbol) => this.symbols.find(symbol),
        row: (...row) => void this.rows.push(row),
        frameEnd: () => {},
        step: (n, timeUs) => {
          this.nowUs = timeUs;
          this.#dataSteps.put(n);
        },
      },
      onState: () => {},
      signal: this.signal,
    });
    /** Lets the exchange do one step, and resolves when all of it has been put. */
    const step = async () => {
      const n = await this.#dataSteps.take();
      assert.equal(await this.#orderSteps.take(), n);
      data.ackStep(n);
      await orders.ackStep(n, this.signal);
      return n;
    };
    return { orders, data, step };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.aborter.abort();
    await this.exchange.close();
  }
}

Deno.test("provider and broker trade at the simulated exchange, step by step", async () => {
  await using world = await World.start();
  const { broker, provider, signal } = world;
  assert.equal((await broker.clock(signal)).rate, 0);
  assert.equal(broker.isRealMoney, false);
  const assets = await broker.assets("us_equity", signal);
  assert.ok(assets.length >= 3);
  assert.deepEqual(await provider.assets("us_equity", signal), assets);
  const symbol = assets[0]!.symbol;
  world.symbols.idOf(symbol);

  const { data, step } = await world.connect();
  const channels = await data.subscribe({ bars: [symbol], trades: [symbol] }, signal);
  assert.deepEqual(channels.bars, [symbol]);
  while (!world.rows.some(([kind]) => kind === RowKind.minuteBar)) await step();

  const order = { ...ORDER, symbol, clientOrderId: "test-1" };
  const submitted = await broker.submit(order, signal);
  assert.ok(submitted.result === "accepted", JSON.stringify(submitted));
  assert.deepEqual(await broker.submit(order, signal), { result: "duplicate" });
  const filled = () => world.updates.filter(({ execution }) => execution !== null);
  while (filled().at(-1)?.order.status !== "filled") await step();
  const executions = filled().map(({ execution }) => execution!);
  const sum = executions.reduce((total, { qty }) => total.plus(qty), decimal(0));
  assert.equal(sum.toFixed(), "10");
  const read = await broker.executions(0, signal);
  assert.deepEqual(
    read.map((execution) => ({ ...execution, executionId: "" })),
    executions.map((execution) => ({ ...execution, executionId: "" })),
  );
  const [position] = await broker.positions(signal);
  assert.deepEqual([position!.symbol, position!.qty], [symbol, "10"]);
  const found = await broker.orderByClientId("test-1", signal);
  assert.equal(found?.status, "filled");
  assert.equal(await broker.orderByClientId("test-2", signal), null);
  assert.deepEqual(world.log.lines, []);
});

Deno.test("resting orders are listed, replaced and canceled at the exchange", async () => {
  await using world = await World.start();
  const { broker, signal } = world;
  const [asset] = await broker.assets("us_equity", signal);
  const symbol = asset!.symbol;
  const { step } = await world.connect();
  for (let i = 0; i < 3; i++) await step();
  const resting = await broker.submit(
    { ...ORDER, symbol, clientOrderId: "rest", type: "limit", limitPrice: "1.00" },
    signal,
  );
  assert.ok(resting.result === "accepted", JSON.stringify(resting));
  const bracket = await broker.submit({
    ...ORDER,
    symbol,
    clientOrderId: "bracket",
    type: "limit",
    limitPrice: "1.00",
    takeProfit: { limitPrice: "2.00" },
    stopLoss: { triggerPrice: "0.50", limitPrice: null },
  }, signal);
  assert.ok(bracket.result === "accepted", JSON.stringify(bracket));
  const open = await broker.openOrders(signal);
  assert.deepEqual(open.map(({ clientOrderId, legs }) => [clientOrderId, legs.length]).sort(), [
    ["bracket", 2],
    ["rest", 0],
  ]);
  assert.equal((await broker.orderByClientId("bracket", signal))?.legs.length, 2);
  const replaced = await broker.replace(
    resting.order.brokerOrderId,
    { clientOrderId: "rest-2", limitPrice: "1.01" },
    signal,
  );
  assert.ok(replaced.result === "accepted", JSON.stringify(replaced));
  const canceled = await broker.cancel(replaced.order.brokerOrderId, signal);
  assert.deepEqual(canceled, { result: "requested" });
  await step();
  const again = await broker.cancel(replaced.order.brokerOrderId, signal);
  assert.equal(again.result, "not_cancelable");
  const nobody = await broker.cancel("00000000-0000-0000-0000-000000000000", signal);
  assert.equal(nobody.result, "not_found");
  const events = world.updates.map(({ event, order }) => `${order.clientOrderId} ${event}`);
  for (const event of ["rest replaced", "rest-2 canceled", "bracket new"]) {
    assert.ok(events.includes(event), `${event} is not in ${events.join(", ")}`);
  }
  const refused = await broker.submit(
    { ...ORDER, symbol, clientOrderId: "big", qty: "1000000" },
    signal,
  );
  assert.ok(refused.result === "refused", JSON.stringify(refused));
  assert.equal(refused.code, 40310000);
});

Deno.test("history is what the stream put, and nothing later", async () => {
  await using world = await World.start();
  const { broker, provider, signal } = world;
  const symbols = (await broker.assets("us_equity", signal)).map((asset) => asset.symbol);
  for (const symbol of symbols) world.symbols.idOf(symbol);
  const { data, step } = await world.connect();
  await data.subscribe({ bars: symbols }, signal);
  const startUs = (await broker.clock(signal)).timeUs;
  while (world.rows.length < 5 * symbols.length) await step();
  const query = { scale: "minute", adjustment: "raw" } as const;
  const bars = await provider.bars({
    ...query,
    symbols: [...symbols, "NONE"],
    fromUs: startUs,
    toUs: startUs + 400 * MINUTE_US,
  }, signal);
  for (const [id, symbol] of symbols.entries()) {
    const rows = world.rows.filter((row) => row[1] === id);
    const columns = bars.get(symbol)!;
    assert.deepEqual([...columns.timeUs], rows.map((row) => row[2]));
    assert.deepEqual([...columns.close], rows.map((row) => row[6]));
    assert.deepEqual([...columns.vwap], rows.map((row) => row[9]));
  }
  assert.equal(bars.get("NONE")!.timeUs.length, 0);
  const snapshots = await provider.snapshots(symbols, signal);
  assert.deepEqual(snapshots.map(({ symbol }) => symbol), symbols);
  assert.ok(snapshots.every(({ last, todayVolume }) => last > 0 && todayVolume > 0));
});

Deno.test("a wrong key at the simulated exchange is told by REST and both sockets", async () => {
  const exchange = await startSimulator({
    sources: [{ kind: "generate", symbols: 1, seed: 1 }],
    speed: "max",
    port: 0,
    keys: [{ keyId: "right", secretKey: "right" }],
  });
  try {
    const settings = { keyId: "wrong", secretKey: "wrong", baseUrl: exchange.baseUrl };
    const context = {
      clock: { nowUs: () => 0 },
      monotonic: systemMonotonic,
      random: () => 0.5,
      log: new RecordingLog(),
    };
    const broker = createBroker(settings, context);
    const { signal } = new AbortController();
    const ignore = () => {};
    await assert.rejects(async () => await broker.account(signal), /APCA_API_KEY_ID/);
    const updates = { onUpdate: ignore, onStep: ignore, onState: ignore, signal };
    await assert.rejects(broker.openUpdates(updates), /APCA_API_KEY_ID/);
    const sink = { find: () => -1, row: ignore, frameEnd: ignore, step: ignore };
    const stream = { assetClass: "us_equity", sink, onState: ignore, signal } as const;
    const provider = createProvider(settings, context);
    await assert.rejects(provider.openStream(stream), /402.*APCA_API_KEY_ID/);
  } finally {
    await exchange.close();
  }
});
