/** Alpaca's broker beside its scripted counterpart. */
import { strict as assert } from "node:assert";
import { createBroker } from "../src/brokers/alpaca.ts";
import type { OrderUpdate, UpdatesState } from "../src/contracts/broker.ts";
import {
  Counterpart,
  Queue,
  RecordingLog,
  ScriptedSocket,
  ScriptedTime,
} from "./alpaca_counterpart.ts";

export const TIME = "2022-01-03T15:00:00.123456789Z";
export const TIME_US = Date.parse("2022-01-03T15:00:00Z") * 1000 + 123456;

export class BrokerFixture {
  readonly counterpart = new Counterpart();
  readonly time = new ScriptedTime();
  readonly log = new RecordingLog();
  readonly updates = new Queue<OrderUpdate>();
  readonly states = new Queue<UpdatesState>();
  readonly steps = new Queue<[number, number]>();
  readonly bodies: unknown[] = [];
  readonly aborter = new AbortController();
  readonly signal = this.aborter.signal;

  broker(settings: Record<string, string> = {}) {
    const keys = { keyId: "KEY-OF-TEST", secretKey: "SECRET-OF-TEST" };
    return createBroker({ ...keys, baseUrl: this.counterpart.origin, ...settings }, {
      clock: { nowUs: () => TIME_US },
      monotonic: this.time,
      random: () => 0.5,
      log: this.log,
    });
  }

  /** Answers each request alike. */
  answer(status: number, body: unknown, headers: Record<string, string> = {}): void {
    this.counterpart.onRequest = (_, sent) => {
      this.bodies.push(sent);
      return body === null
        ? new Response(null, { status, headers })
        : Response.json(body, { status, headers });
    };
  }

  async updatesOpen(settings: Record<string, string> = {}) {
    const opening = this.broker(settings).openUpdates({
      onUpdate: (update) => this.updates.put(update),
      onStep: (n, timeUs) => this.steps.put([n, timeUs]),
      onState: (state) => this.states.put(state),
      signal: this.signal,
    });
    const socket = await this.counterpart.socket();
    await letIn(socket);
    const stream = await opening;
    assert.deepEqual(await this.states.take(), { state: "connected" });
    return { socket, stream };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.aborter.abort();
    await this.counterpart.close();
  }
}

/** Logs a client of the trading socket in. */
export async function letIn(socket: ScriptedSocket): Promise<void> {
  assert.deepEqual(await socket.next(), {
    action: "authenticate",
    data: { key_id: "KEY-OF-TEST", secret_key: "SECRET-OF-TEST" },
  });
  const data = { status: "authorized", action: "authenticate" };
  socket.sendBinary({ stream: "authorization", data });
  assert.deepEqual(await socket.next(), {
    action: "listen",
    data: { streams: ["trade_updates"] },
  });
  socket.sendBinary({ stream: "listening", data: { streams: ["trade_updates"] } });
}

/** An order as Alpaca sends it. */
export function wireOrder(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: "order-1",
    client_order_id: "liu-1",
    created_at: TIME,
    updated_at: TIME,
    submitted_at: TIME,
    filled_at: null,
    canceled_at: null,
    replaced_by: null,
    replaces: null,
    asset_class: "us_equity",
    symbol: "AAPL",
    qty: "10",
    notional: null,
    filled_qty: "0",
    filled_avg_price: null,
    order_class: "",
    type: "limit",
    side: "buy",
    time_in_force: "day",
    limit_price: "100.5",
    stop_price: null,
    status: "new",
    legs: null,
    a_field_of_next_year: { x: 1 },
    ...change,
  };
}
