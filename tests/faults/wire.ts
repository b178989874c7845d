/** For tests of the faults themselves: a misbehaving exchange and a plain client, nothing of Liu's. */
import assert from "node:assert/strict";
import type { FaultInput } from "../../src/config/fault_kinds.ts";
import type { SimulatorOptions } from "../../src/simulator/options.ts";
import { type Simulator, startSimulator } from "../../src/simulator/server.ts";
import {
  type Message,
  openData,
  openTrading,
  request,
  TestSocket,
} from "../../src/simulator/test_client.ts";
import { ScriptedTime } from "../alpaca_counterpart.ts";
import { OPEN_US } from "../gateway_session.ts";
import { type PricePath, writeBars } from "./bars.ts";
import { InFlight } from "./in_flight.ts";

/** Market minutes in a second of the market's own clock. */
const RATE = 600;
const MINUTE_MS = 60_000 / RATE;

export const BUY = {
  symbol: "LIQ",
  qty: "10",
  side: "buy",
  type: "market",
  time_in_force: "day",
  client_order_id: "one",
};
/** Rests: far from the market. */
export const RESTING = { ...BUY, type: "limit", limit_price: "50" };

export class WireWorld implements AsyncDisposable {
  readonly network = new ScriptedTime();
  readonly #marketTime = new ScriptedTime();
  readonly #inFlight = new InFlight();
  readonly #sockets: TestSocket[] = [];
  simulator!: Simulator;

  private constructor(readonly folder: string) {}

  static async open(
    faults: FaultInput[] = [],
    { bars = { LIQ: () => 100 }, ...options }: Partial<SimulatorOptions> & {
      bars?: Record<string, PricePath>;
    } = {},
  ): Promise<WireWorld> {
    const world = new WireWorld(await Deno.makeTempDir({ prefix: "liu-wire-" }));
    const file = await writeBars(world.folder, bars, 120);
    world.simulator = await startSimulator({
      sources: [{ kind: "bars", file }],
      startUs: OPEN_US,
      speed: RATE,
      port: 0,
      faults: { seed: 1, faults: [] },
      ...options,
    }, { market: world.#marketTime, network: world.network });
    for (const fault of faults) await world.inject(fault);
    return world;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.abandon();
    this.#inFlight.restore();
    await this.simulator.close();
    await Deno.remove(this.folder, { recursive: true });
  }

  /** Over HTTP, as a user does. Gives its number. */
  async inject(fault: FaultInput): Promise<number> {
    const { status, body } = await request(this.simulator, "POST", "/liu/faults", fault, {});
    assert.equal(status, 201, JSON.stringify(body));
    return body.id;
  }

  async injected(id: number): Promise<number> {
    return (await request(this.simulator, "GET", `/liu/faults/${id}`, undefined, {})).body.injected;
  }

  /** Resolves when it has been injected so often. */
  async untilInjected(id: number, times = 1): Promise<void> {
    await request(this.simulator, "GET", `/liu/faults/${id}?injected=${times}`, undefined, {});
  }

  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
    return request(this.simulator, method, path, body, headers);
  }

  /** With the header by which faults look away. */
  truth(path: string) {
    const keys = { "APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret" };
    return request(this.simulator, "GET", path, undefined, { ...keys, "Liu-Faults": "off" });
  }

  async trading(): Promise<TestSocket> {
    const socket = await openTrading(this.simulator);
    this.#sockets.push(socket);
    return socket;
  }

  async data(subscribe: Message): Promise<TestSocket> {
    const socket = await openData(this.simulator, "/v2/sip", { subscribe });
    this.#sockets.push(socket);
    return socket;
  }

  /** Not logged in. */
  socket(path: string): TestSocket {
    const socket = new TestSocket(this.simulator, path);
    this.#sockets.push(socket);
    return socket;
  }

  /** The market goes on. */
  async minutes(count = 1): Promise<void> {
    for (let i = 0; i < count; i++) {
      for (let left: { leftMs: number } | null = { leftMs: MINUTE_MS }; left !== null;) {
        left = this.#marketTime.advanceToNext(left.leftMs);
        await this.settled();
      }
    }
  }

  async networkMs(ms: number): Promise<void> {
    for (let left: { leftMs: number } | null = { leftMs: ms }; left !== null;) {
      left = this.network.advanceToNext(left.leftMs);
      await this.settled();
    }
  }

  settled(): Promise<void> {
    return this.#inFlight.settled(() => this.simulator.faults?.requests.waiting ?? 0);
  }
}

/** Resolves when all that was told before has come: a socket's answers keep their order. */
export async function barrier(socket: TestSocket): Promise<void> {
  socket.send({ action: "step_ack", data: { n: 0 } });
  await socket.next(({ stream }) => stream === "step_ack");
}

/** Events of the trading socket so far: "fill one", "canceled one". */
export function eventsOf(socket: TestSocket): string[] {
  return socket.log.filter(({ stream }) => stream === "trade_updates").map(({ data }) => {
    const { event, order } = data as { event: string; order: { client_order_id: string } };
    return `${event} ${order.client_order_id}`;
  });
}

/** Waits for the event of the order, and gives the update. */
export async function update(
  socket: TestSocket,
  event: string,
  clientOrderId = "one",
  // deno-lint-ignore no-explicit-any -- a message of the wire, as it came
): Promise<any> {
  const { data } = await socket.next((message) => {
    if (message.stream !== "trade_updates") return false;
    const said = message.data as { event: string; order: { client_order_id: string } };
    return said.event === event && said.order.client_order_id === clientOrderId;
  });
  return data;
}
