/**
 * What clients of the simulated exchange say on a market-data socket, as JSON or as msgpack, logged
 * in or not. Whatever comes is answered by an error of the protocol, never by a crash, and nobody is
 * let in by it who has no account.
 */
import assert from "node:assert/strict";
import { encode } from "@msgpack/msgpack";
import type { DataHub } from "../../../src/simulator/data_hub.ts";
import { DataSocket } from "../../../src/simulator/data_socket.ts";
import type { Market } from "../../../src/simulator/market.ts";
import type { Accounts } from "../../../src/simulator/accounts.ts";
import { emptySymbol } from "../../../src/recorded/market_data.ts";
import { bytesOf, type Outcome, type Target } from "../target.ts";

/** The first byte: bit 0, msgpack; bit 1, logged in before; bit 2, a text frame. */
function run(input: Uint8Array): Outcome {
  const kind = input[0] ?? 0;
  let closed = false;
  let sent = 0;
  const socket = {
    readyState: WebSocket.OPEN as number,
    bufferedAmount: 0,
    binaryType: "",
    onopen: null as null | (() => void),
    onmessage: null as null | ((event: { data: unknown }) => void),
    onclose: null as null | (() => void),
    onerror: null,
    send: () => void sent++,
    close: () => void (closed = true),
  };
  const gate = { join() {}, leave() {}, ack() {}, runFree() {} };
  const client = new DataSocket({
    socket: socket as unknown as WebSocket,
    feed: "iex",
    codec: (kind & 1) !== 0 ? "msgpack" : "json",
    acksSteps: false,
    monotonic: { nowMs: () => 0, after: () => () => {} },
    symbols: [emptySymbol("AAPL"), emptySymbol("BTC/USD")],
    accounts: {
      authenticate: (key: unknown, secret: unknown) => key === "K" && secret === "S" ? "a-1" : null,
    } as unknown as Accounts,
    hub: { add() {}, remove() {}, hasOther: () => false } as unknown as DataHub,
    market: {
      gate,
      isStepping: false,
      step: { n: 1, timeUs: 0, isLast: false },
    } as unknown as Market,
  });
  socket.onopen?.();
  if ((kind & 2) !== 0) client.accountId = "a-1";
  const body = input.slice(1);
  const before = sent;
  socket.onmessage?.({ data: (kind & 4) !== 0 ? new TextDecoder().decode(body) : body.buffer });
  const isIn = client.accountId !== null;
  if (isIn && (kind & 2) === 0) {
    const text = new TextDecoder().decode(body);
    assert.ok(text.includes("K") && text.includes("S"), "let in without the keys");
  }
  // Every request is answered, or it was an acknowledgement of a step, which is not.
  const isAck = new TextDecoder().decode(body).includes("step_ack");
  assert.ok(sent > before || closed || isAck, "no answer");
  socket.onclose?.();
  return isIn && !closed ? "taken" : "refused";
}

const MESSAGES = [
  { action: "auth", key: "K", secret: "S" },
  { action: "auth", key: "K", secret: "" },
  { action: "subscribe", bars: ["*"], trades: ["AAPL"], quotes: [] },
  { action: "unsubscribe", bars: ["AAPL"], statuses: ["*"], lulds: ["AAPL"] },
  { action: "step_ack", n: 3 },
];

export const target: Target = {
  name: "clients",
  seeds: MESSAGES.flatMap((message) => {
    const packed = encode(message);
    const bytes = (kind: number) => {
      const made = new Uint8Array(1 + packed.length);
      made[0] = kind;
      made.set(packed, 1);
      return made;
    };
    const text = JSON.stringify(message);
    return [bytes(1), bytes(3), bytesOf(`\u0004${text}`), bytesOf(`\u0006${text}`)];
  }),
  words: [
    '"action":"subscribe"',
    '"action":"auth"',
    '"orderbooks":["*"]',
    '"trades":["*"]',
    '"n":1.5',
    "\u0080",
    "\u00a6action",
    "\u00c0",
    "[",
    "]",
    '{"action":',
  ],
  run,
};
