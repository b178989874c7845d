/**
 * Nanoseconds that an order costs in the gateway of a backtest: decision, risk, desk, answer of the
 * broker, fill, book, reports, trade line and row. The broker here takes all orders at once and
 * fills them in the next step. What was traded, told and earned is compared with a sum in whole
 * cents before a figure is printed.
 *
 *   deno run -A tests/bench/gateway.ts [ORDERS [ORDERS_A_STEP]]
 */
import { NO_LIMITS } from "../../src/model/limit.ts";
import assert from "node:assert/strict";
import { GatewayLink } from "../../src/backtest/gateway_link.ts";
import type { Broker, BrokerCapabilities, OrderUpdate } from "../../src/contracts/broker.ts";
import type { StoreRecord } from "../../src/contracts/store.ts";
import { seededRandom } from "../../src/engine/worker.ts";
import type { Asset } from "../../src/model/asset.ts";
import type { BrokerOrder, OrderRequest } from "../../src/model/order.ts";
import type { ToldTrade } from "../../src/engine/gateway/told_trade.ts";
import type { GatewayToConsumer, Intent } from "../../src/protocol.ts";
import { type Decimal, decimal } from "../../src/util/decimal.ts";

const OPEN_US = 1_641_220_200e6;
const MINUTE_US = 60e6;
const SYMBOLS = Array.from({ length: 20 }, (_, n) => `S${n}`);
const QTY = 10;
const QTY_TEXT = String(QTY);
const CASH = 1_000_000;
/** Steps. */
const BLOCK = 500;
/** Divides the number of symbols. */
const ORDERS_A_STEP = Number(Deno.args[1] ?? 1);

const NOTHING_WATCHED = { watchBatch: () => assert.fail("nothing is watched") };

const CAPABILITIES: BrokerCapabilities = {
  brackets: ["us_equity"],
  fractional: ["us_equity"],
  short: ["us_equity"],
  notional: [],
  extendedHours: true,
  requestsPerMinute: Infinity,
  requestsReservedForCancels: 0,
  tellsOnce: true,
};

const assetOf = (symbol: string): Asset => ({
  symbol,
  assetClass: "us_equity",
  name: symbol,
  exchange: "NASDAQ",
  tradable: true,
  shortable: true,
  easyToBorrow: true,
  fractionable: true,
  minOrderQty: "0.000000001",
  qtyIncrement: "0.000000001",
  priceIncrement: null,
});

/** Takes what it is given, and fills it when it is told to. */
class ReadyBroker implements Partial<Broker> {
  readonly capabilities = CAPABILITIES;
  cash = CASH;
  taken = 0;
  onUpdate: (update: OrderUpdate) => void = () => {};
  #open: OrderRequest[] = [];
  #handlers!: Parameters<Broker["openUpdates"]>[0];

  account() {
    const text = String(this.cash);
    return {
      accountId: "bench",
      currency: "USD",
      cash: text,
      equity: text,
      buyingPower: text,
      tradingBlocked: false,
      shortingEnabled: true,
    };
  }
  clock = () => Promise.resolve({ timeUs: OPEN_US, rate: 0, isOpen: true });
  positions = () => Promise.resolve([]);
  openOrders = () => Promise.resolve([]);
  executions = () => Promise.resolve([]);
  assets = () => Promise.resolve(SYMBOLS.map(assetOf));
  openUpdates(handlers: Parameters<Broker["openUpdates"]>[0]) {
    this.#handlers = handlers;
    this.onUpdate = handlers.onUpdate;
    return Promise.resolve({ ackStep: () => {}, close: () => Promise.resolve() });
  }
  step(n: number, timeUs: number): void {
    this.#handlers.onStep(n, timeUs);
  }
  submit(request: OrderRequest) {
    this.taken++;
    this.#open.push(request);
    return { result: "accepted" as const, order: orderOf(request, "new", NOTHING) };
  }
  /** Fills all that is open. */
  fill(timeUs: number, price: Decimal): void {
    const open = this.#open;
    this.#open = [];
    for (const request of open) {
      const qty = decimal(request.qty!);
      const order = orderOf(request, "filled", qty);
      const { brokerOrderId, clientOrderId, symbol, side } = order;
      const execution = {
        brokerOrderId,
        clientOrderId,
        symbol,
        side,
        qty,
        price,
        cumulativeQty: qty,
        executionId: brokerOrderId,
        timeUs,
        fee: NOTHING,
      };
      const update: OrderUpdate = { event: "fill", order, execution, timeUs };
      this.onUpdate(update);
    }
  }
}

const NOTHING = decimal(0);

function orderOf(request: OrderRequest, status: "new" | "filled", filledQty: Decimal): BrokerOrder {
  const { clientOrderId, symbol, side, type, timeInForce } = request;
  return {
    brokerOrderId: clientOrderId,
    clientOrderId,
    symbol,
    side,
    type,
    timeInForce,
    qty: QTY_TEXT,
    notional: null,
    limitPrice: null,
    triggerPrice: null,
    status,
    filledQty,
    filledAveragePrice: null,
    legs: [],
    replacedBy: null,
    replaces: null,
    submittedUs: OPEN_US,
    updatedUs: OPEN_US,
  };
}

function intentOf(seq: number, symbol: string, action: "buy" | "sell", price: number): Intent {
  return {
    runId: 1,
    seq,
    symbol,
    action,
    qty: QTY,
    notional: null,
    limitPrice: null,
    triggerPrice: null,
    stopPrice: null,
    targetPrice: null,
    timeInForce: null,
    extendedHours: false,
    indicators: null,
    problem: null,
    referencePrice: price,
    decidedUs: OPEN_US,
  };
}

function requestOf(n: number, symbol: string, qty: string): OrderRequest {
  return {
    clientOrderId: `liu-bench-1-${n}`,
    symbol,
    side: "buy",
    qty,
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
}

/** What main, the consumer and the store hear. */
class Ears {
  readonly held = new Map<string, number>();
  fills = 0;
  accepted = 0;
  rows = 0;
  gain = 0;
  trades = 0;

  onConsumer(message: GatewayToConsumer): void {
    if (message.type !== "report") return;
    if (message.event === "accepted") this.accepted++;
    if (message.fill === null) return;
    this.fills++;
    this.held.set(message.symbol, message.position?.qty ?? 0);
  }

  onTrade(trade: ToldTrade): void {
    this.trades++;
    this.gain += trade.gain === null ? 0 : trade.gain.toNumber();
    this.write([{ table: "new_trades", row: trade.row() }]);
  }

  write(records: StoreRecord[]): void {
    this.rows += records.length;
  }
}

async function opened(broker: ReadyBroker, ears: Ears): Promise<GatewayLink> {
  const link = new GatewayLink({
    broker: broker as ReadyBroker & Broker,
    risk: NO_LIMITS,
    batchId: "bench",
    store: ears,
    log: () => {},
    toConsumer: (message) => ears.onConsumer(message),
    onTrade: (trade) => ears.onTrade(trade),
    onMain: () => {},
    readsAccountLate: () => true,
    onAccount: () => {},
  });
  await link.start();
  const answer = link.inbox.next("assets");
  link.post({ type: "assets", id: 0, assetClass: "us_equity" });
  await answer;
  const run = { runId: 1, strategy: "bench", consumer: 0, dayTrade: false };
  link.post({ type: "runs", runs: [run] });
  link.post({ type: "session", assetClass: "us_equity", openUs: OPEN_US, closeUs: Infinity });
  return link;
}

/**
 * In each step some symbols, the next in turn, are bought or sold again. `isBare`: the same without a
 * gateway.
 */
async function run(steps: number, isBare: boolean): Promise<Blocks> {
  const [broker, ears, random] = [new ReadyBroker(), new Ears(), seededRandom(7)];
  const link = await opened(broker, ears);
  if (isBare) broker.onUpdate = () => {};
  const held = SYMBOLS.map(() => 0);
  const ordered = SYMBOLS.map(() => 0);
  const cost = SYMBOLS.map(() => 0);
  let [seq, gainCents, priceCents] = [0, 0, 10_000];
  const blocks = new Blocks();
  for (let n = 0; n < steps; n++) {
    if (n % BLOCK === 0) blocks.next();
    const timeUs = OPEN_US + n * MINUTE_US;
    priceCents = Math.max(100, priceCents + Math.round(random() * 20 - 10));
    broker.fill(timeUs, decimal(priceCents / 100));
    for (let i = 0; i < ORDERS_A_STEP && n > 0; i++) {
      const s = ((n - 1) * ORDERS_A_STEP + i) % SYMBOLS.length;
      if (ordered[s] > 0) cost[s] = priceCents;
      else gainCents += QTY * (priceCents - cost[s]);
      held[s] += ordered[s];
    }
    const intents: Intent[] = [];
    for (let i = 0; i < ORDERS_A_STEP && n < steps - 1; i++) {
      const s = (n * ORDERS_A_STEP + i) % SYMBOLS.length;
      const action = held[s] === 0 ? "buy" : "sell";
      intents.push(intentOf(seq++, SYMBOLS[s], action, priceCents / 100));
      ordered[s] = action === "buy" ? QTY : -QTY;
    }
    if (isBare) {
      for (const { symbol, qty } of intents) broker.submit(requestOf(n, symbol, String(qty)));
      continue;
    }
    link.take({ type: "stepDone", n, intents, cancels: [], keystore: [] });
    const done = link.enter(n, timeUs, NOTHING_WATCHED);
    if (done instanceof Promise) assert.fail("something is waited for");
  }
  blocks.next();
  if (isBare) return blocks;
  for (const count of [ears.fills, ears.accepted, ears.rows, ears.trades, broker.taken]) {
    assert.equal(count, (steps - 1) * ORDERS_A_STEP);
  }
  assert.equal(Math.round(ears.gain * 100), gainCents);
  SYMBOLS.forEach((symbol, s) => assert.equal(ears.held.get(symbol) ?? 0, held[s]));
  return blocks;
}

/** What so many orders took, again and again: on a busy machine the median tells more than the mean. */
class Blocks {
  readonly #ms: number[] = [];
  #startMs = performance.now();

  next(): void {
    const nowMs = performance.now();
    this.#ms.push(nowMs - this.#startMs);
    this.#startMs = nowMs;
  }

  /** Of an order. */
  get nanoseconds(): { best: number; median: number } {
    // Before the first and after the last there is no whole block.
    const sorted = this.#ms.slice(1, -1).sort((a, b) => a - b);
    const of = (ms: number) => ms * 1e6 / BLOCK / ORDERS_A_STEP;
    return { best: of(sorted[0]), median: of(sorted[sorted.length >> 1]) };
  }
}

const steps = Math.ceil(Number(Deno.args[0] ?? 100_000) / ORDERS_A_STEP);
await run(Math.min(steps, 20_000), false);
const bare = await run(steps, true);
const full = await run(steps, false);
console.log(
  `${(steps - 1) * ORDERS_A_STEP} orders, ${ORDERS_A_STEP} in a step, filled in the next`,
);
for (const name of ["median", "best"] as const) {
  const bareNs = bare.nanoseconds[name];
  const ns = full.nanoseconds[name] - bareNs;
  console.log(`${name}: ${ns.toFixed(0)} ns an order and its fill, beside ${bareNs.toFixed(0)} ns`);
}
