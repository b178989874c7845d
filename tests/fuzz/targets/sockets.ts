/**
 * Frames of the trading socket, in any state of the connection, through the stream itself. Whatever
 * comes: it never throws into the socket, and what is told of orders are amounts and states that
 * there are. Text frames and binary ones alike.
 */
import assert from "node:assert/strict";
import type { OrderUpdate } from "../../../src/contracts/broker.ts";
import { decimal } from "../../../src/util/decimal.ts";
import { Secret } from "../../../src/util/secret.ts";
import { AlpacaTradingStream } from "../../../src/wire/alpaca_trading_stream.ts";
import { UnknownWords } from "../../../src/wire/wire_log.ts";
import { bytesOf, type Outcome, type Target, textOf } from "../target.ts";

const STATUSES = new Set(
  ("accepted held new partially_filled pending_cancel pending_replace stopped suspended calculated " +
    "done_for_day filled canceled expired rejected replaced").split(" "),
);
const quiet = { debug() {}, info() {}, warn() {} };

/** A socket whose other side is the input. */
class FuzzedSocket {
  readyState: number = WebSocket.OPEN;
  binaryType = "";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  send(): void {}
  close(): void {
    this.readyState = WebSocket.CLOSED;
  }
}

const time = { nowMs: () => 0, after: () => () => {} };

/** The first byte: even, logged in before the input; odd, the input is the first to be said. */
async function run(input: Uint8Array): Promise<Outcome> {
  const socket = new FuzzedSocket();
  let told = 0;
  const stream = new AlpacaTradingStream({
    url: "ws://127.0.0.1:1/stream",
    keys: { keyId: new Secret("KEY-ID"), secretKey: new Secret("SECRET-KEY") },
    outbound: {
      fetch: () => Promise.reject(new Error("nothing is fetched")),
      webSocket: () => socket as unknown as WebSocket,
    },
    monotonic: time,
    random: () => 0,
    log: quiet,
    unknown: new UnknownWords(quiet),
    acksSteps: false,
    onUpdate: (update) => {
      told++;
      check(update);
    },
    onStep: () => {},
    onState: () => {},
  });
  const abort = new AbortController();
  const opened = stream.open(abort.signal).catch(() => {});
  socket.onopen?.();
  await Promise.resolve();
  const say = (data: unknown) => socket.onmessage?.({ data });
  if ((input[0] ?? 0) % 2 === 0) {
    say('{"stream":"authorization","data":{"status":"authorized","action":"authenticate"}}');
    for (let i = 0; i < 8; i++) await Promise.resolve();
    say('{"stream":"listening","data":{"streams":["trade_updates"]}}');
    await opened;
  }
  const [bytes, isBinary] = [input.subarray(1), (input[0] ?? 0) >= 128];
  for (const line of textOf(bytes).split("\n")) say(isBinary ? bytesOf(line).buffer : line);
  abort.abort();
  socket.onclose?.({ code: 1006, reason: "" });
  return told > 0 ? "taken" : "refused";
}

function check({ order, execution, timeUs }: OrderUpdate): void {
  assert.ok(STATUSES.has(order.status), order.status);
  assert.ok(order.side === "buy" || order.side === "sell", order.side);
  assert.ok(decimal(order.filledQty).toNumber() < Infinity);
  assert.ok(Number.isFinite(timeUs), `time ${timeUs}`);
  if (execution === null) return;
  for (const value of [execution.qty, execution.price, execution.cumulativeQty]) {
    assert.ok(value.gt(0), `an execution with ${value}`);
  }
}

const order = {
  id: "b-1",
  client_order_id: "liu-batch-1-1",
  symbol: "AAPL",
  asset_class: "us_equity",
  side: "buy",
  type: "limit",
  time_in_force: "day",
  qty: "10",
  limit_price: "10.01",
  status: "partially_filled",
  filled_qty: "3",
  filled_avg_price: "10.01",
  created_at: "2022-01-03T14:31:00Z",
  updated_at: "2022-01-03T14:31:01Z",
  legs: null,
};
const update = (event: string, more: object = {}) =>
  JSON.stringify({
    stream: "trade_updates",
    data: { event, order: { ...order, ...more }, timestamp: "2022-01-03T14:31:01.5Z" },
  });
const fill = JSON.stringify({
  stream: "trade_updates",
  data: {
    event: "partial_fill",
    execution_id: "x-1",
    order,
    timestamp: "2022-01-03T14:31:01.5Z",
    price: "10.01",
    qty: "3",
    position_qty: "3",
  },
});
const seed = (kind: number, ...lines: string[]) =>
  bytesOf(String.fromCharCode(kind) + lines.join("\n"));

export const target: Target = {
  name: "trade_updates",
  seeds: [
    seed(0, update("new", { status: "new" }), fill),
    seed(0, fill, fill, update("canceled", { status: "canceled" })),
    seed(2, update("rejected", { status: "rejected", legs: [order] })),
    seed(1, '{"stream":"authorization","data":{"status":"unauthorized","action":"authenticate"}}'),
    seed(
      0,
      '{"action":"error","data":{"error_message":"x","code":406}}',
      '[{"T":"error","code":402}]',
    ),
    seed(0, '{"stream":"step","data":{"n":1,"timestamp":"2022-01-03T14:31:00Z"}}'),
  ],
  words: [
    '"event":"fill"',
    '"event":"canceled"',
    '"event":"x"',
    '"qty":"0"',
    '"price":"-1"',
    '"price":null',
    '"status":"filled"',
    '"filled_qty":"1e400"',
    '"stream":"trade_updates"',
    '"legs":[',
    "\n",
    '"qty":1e-9',
    '"timestamp":"x"',
    '"side":"sell_short"',
    '"execution_id":null',
  ],
  run,
};
