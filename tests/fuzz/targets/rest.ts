/**
 * Replies of the broker's REST interface, through the broker itself: status, headers and body are
 * the input. Whatever comes: an answer that is no answer is "unknown" or a clear error, never "no"
 * and never a position; amounts that are taken are decimal numbers.
 */
import assert from "node:assert/strict";
import { createBroker } from "../../../src/brokers/alpaca.ts";
import type { Broker } from "../../../src/contracts/broker.ts";
import type { OrderRequest } from "../../../src/model/order.ts";
import { decimal } from "../../../src/util/decimal.ts";
import { ConfigError, OperationError, RetryableError } from "../../../src/util/errors.ts";
import { bytesOf, type Outcome, type Target, textOf } from "../target.ts";
import { instantWaits } from "../waits.ts";

const signal = new AbortController().signal;
const quiet = { debug() {}, info() {}, warn() {} };
const broker: Broker = createBroker(
  { keyId: "KEY-ID", secretKey: "SECRET-KEY", baseUrl: "http://127.0.0.1:1" },
  {
    clock: { nowUs: () => 1_641_220_260_000_000 },
    monotonic: instantWaits,
    random: () => 0,
    log: quiet,
  },
);

const ORDER: OrderRequest = {
  clientOrderId: "liu-batch-1-1",
  symbol: "AAPL",
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

const amount = (text: unknown) => assert.ok(decimal(text as string).toNumber() < Infinity);
const time = (us: number) => assert.ok(Number.isFinite(us), `time ${us}`);

/** By the input's first byte. Each gives what it read, or throws. */
const REQUESTS: (() => Promise<Outcome>)[] = [
  async () => {
    const { cash, equity, buyingPower, tradingBlocked } = await broker.account(signal);
    for (const value of [cash, equity, buyingPower]) amount(value);
    assert.equal(typeof tradingBlocked, "boolean");
    return "taken";
  },
  async () => {
    for (const position of await broker.positions(signal)) {
      assert.ok(position.symbol.length > 0);
      const said = reply.body.includes('"short"');
      assert.ok(said || !decimal(position.qty).lt(0), "short, and nobody said so");
      for (const value of [position.qty, position.qtyAvailable, position.averagePrice]) {
        amount(value);
      }
    }
    return "taken";
  },
  async () => {
    for (const order of await broker.openOrders(signal)) amount(order.filledQty);
    return "taken";
  },
  async () => {
    const order = await broker.orderByClientId("liu-batch-1-1", signal);
    if (order !== null) {
      amount(order.filledQty);
      time(order.updatedUs);
    } else assert.equal(reply.status, 404, "not found is said by a 404 only");
    return "taken";
  },
  async () => {
    for (const { qty, price, cumulativeQty, timeUs } of await broker.executions(0, signal)) {
      for (const value of [qty, price, cumulativeQty]) assert.ok(value.gt(0), String(value));
      time(timeUs);
    }
    return "taken";
  },
  async () => {
    for (const asset of await broker.assets("us_equity", signal)) {
      assert.ok(asset.symbol.length > 0);
      amount(asset.qtyIncrement);
    }
    return "taken";
  },
  async () => {
    const { timeUs, rate } = await broker.clock(signal);
    time(timeUs);
    assert.ok(rate >= 0 && rate < Infinity);
    return "taken";
  },
  async () => {
    const result = await broker.submit(ORDER, signal);
    if (result.result === "refused" || result.result === "duplicate") {
      assert.ok(reply.status >= 400 && reply.status < 500 && reply.status !== 408, "no 4xx");
    }
    if (result.result === "accepted") amount(result.order.filledQty);
    return result.result === "accepted" ? "taken" : "refused";
  },
  async () => {
    const result = await broker.cancel("b-1", signal);
    if (result.result === "not_found") assert.equal(reply.status, 404);
    if (result.result === "requested") assert.ok(reply.status < 300);
    return result.result === "requested" ? "taken" : "refused";
  },
];

const STATUSES = [200, 207, 400, 401, 403, 404, 408, 422, 429, 500, 502, 504];
let reply = { status: 200, body: "" };

async function run(input: Uint8Array): Promise<Outcome> {
  const status = STATUSES[(input[1] ?? 0) % STATUSES.length];
  reply = { status, body: textOf(input.subarray(2)) };
  const { fetch } = globalThis;
  let asked = 0;
  globalThis.fetch = () => {
    // Pages that go on for ever are cut off.
    const body = asked++ > 20 ? "[]" : reply.body;
    const headers = { "X-RateLimit-Limit": "1000000", "X-RateLimit-Remaining": "1000000" };
    return Promise.resolve(new Response(body, { status, headers }));
  };
  try {
    return await REQUESTS[(input[0] ?? 0) % REQUESTS.length]();
  } catch (error) {
    const isClear = error instanceof ConfigError || error instanceof OperationError ||
      error instanceof RetryableError;
    if (!isClear) throw error;
    assert.doesNotMatch(error.message, /SECRET-KEY|KEY-ID/);
    return "refused";
  } finally {
    globalThis.fetch = fetch;
  }
}

const order = {
  id: "b-1",
  client_order_id: "liu-batch-1-1",
  symbol: "AAPL",
  asset_class: "us_equity",
  side: "buy",
  type: "market",
  time_in_force: "day",
  order_class: "bracket",
  qty: "10",
  notional: null,
  limit_price: null,
  stop_price: null,
  status: "partially_filled",
  filled_qty: "3",
  filled_avg_price: "10.01",
  submitted_at: "2022-01-03T14:31:00Z",
  updated_at: "2022-01-03T14:31:01Z",
  legs: [],
};
const seed = (request: number, status: number, body: unknown) => {
  const head = new Uint8Array([request, STATUSES.indexOf(status)]);
  const text = bytesOf(JSON.stringify(body));
  const bytes = new Uint8Array(2 + text.length);
  bytes.set(head);
  bytes.set(text, 2);
  return bytes;
};

export const target: Target = {
  name: "rest",
  seeds: [
    seed(0, 200, {
      id: "a-1",
      currency: "USD",
      cash: "100000",
      equity: "100000.5",
      buying_power: "400000",
      trading_blocked: false,
      account_blocked: false,
      trade_suspended_by_user: null,
      shorting_enabled: true,
    }),
    seed(1, 200, [{
      symbol: "BTCUSD",
      asset_class: "crypto",
      side: "long",
      qty: "0.0001",
      qty_available: "0",
      avg_entry_price: "47000",
      current_price: "47010.5",
    }, {
      symbol: "BRK.B",
      asset_class: "us_equity",
      side: "short",
      qty: "-3",
      qty_available: "-3",
      avg_entry_price: "300",
      current_price: null,
    }]),
    seed(2, 200, [{ ...order, legs: [{ ...order, id: "b-2", side: "sell", type: "stop" }] }]),
    seed(3, 200, order),
    seed(3, 404, { code: 40410000, message: "order not found" }),
    seed(4, 200, [{
      id: "20220103::x",
      order_id: "b-1",
      symbol: "AAPL",
      side: "buy",
      qty: "3",
      cum_qty: "3",
      price: "10.01",
      transaction_time: "2022-01-03T14:31:00.123456Z",
      type: "partial_fill",
      activity_type: "FILL",
    }]),
    seed(5, 200, [{
      id: "x",
      class: "us_equity",
      exchange: "NASDAQ",
      symbol: "AAPL",
      name: "Apple",
      status: "active",
      tradable: true,
      marginable: true,
      shortable: true,
      easy_to_borrow: true,
      fractionable: true,
      min_order_size: "0.0001",
      min_trade_increment: "0.0001",
      price_increment: "0.01",
    }]),
    seed(6, 200, { timestamp: "2022-01-03T09:31:00-05:00", is_open: true, next_open: "x" }),
    seed(7, 200, order),
    seed(7, 422, { code: 42210000, message: "client_order_id must be unique" }),
    seed(7, 403, { code: 40310000, message: "insufficient buying power" }),
    seed(7, 504, { message: "gateway" }),
    seed(8, 422, { code: 42210000, message: "order is not cancelable" }),
  ],
  words: [
    '"qty":"',
    '"filled_qty":"1e400"',
    '"status":"filled"',
    '"status":"new"',
    '"legs":[]',
    "null",
    '"side":"short"',
    '"code":40310000',
    '"message":"x"',
    '"timestamp":"',
    '"cum_qty":"0"',
    "{}",
    "[]",
    '"trading_blocked":true',
    "\\u0000",
    '"price":"-1"',
    '"qty":"0"',
    '"qty":"NaN"',
  ],
  run,
};
