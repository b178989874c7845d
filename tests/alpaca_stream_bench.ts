/** A provider's stream beside its scripted counterpart, with all that it puts written down. */
import { strict as assert } from "node:assert";
import type { AssetClass } from "../src/model/asset.ts";
import type { MarketSink, StreamState } from "../src/contracts/provider.ts";
import { RowKind } from "../src/model/market_batch.ts";
import { createProvider } from "../src/providers/alpaca.ts";
import { SymbolTable } from "../src/util/symbol_table.ts";
import {
  Counterpart,
  Queue,
  RecordingLog,
  ScriptedSocket,
  ScriptedTime,
} from "./alpaca_counterpart.ts";

export const NOW_US = Date.parse("2022-01-03T15:00:00Z") * 1000;
/** The first back-off: half a second doubled, three quarters of it as random says 0.5. */
export const BACK_OFF = [750, 750] as const;

/** After a connection that held for half a minute. */
export const GOOD_BACK_OFF = [375, 375] as const;
/** How often a socket's silence is looked at. */
export const LOOK_MS = 5000;

export class Bench {
  readonly counterpart = new Counterpart();
  readonly time = new ScriptedTime();
  readonly log = new RecordingLog();
  readonly rows: number[][] = [];
  readonly steps: [number, number][] = [];
  readonly states = new Queue<StreamState>();
  readonly frames = new Queue<number>();
  readonly symbols = new SymbolTable();
  readonly aborter = new AbortController();
  nowUs = NOW_US;
  /** Symbols that come first where not all can be had. */
  readonly held = new Set<string>();

  provider(settings: Record<string, string> = {}) {
    return createProvider(
      {
        keyId: "KEY-OF-TEST",
        secretKey: "SECRET-OF-TEST",
        baseUrl: this.counterpart.origin,
        ...settings,
      },
      {
        clock: { nowUs: () => this.nowUs },
        monotonic: this.time,
        random: () => 0.5,
        log: this.log,
      },
    );
  }

  open(settings?: Record<string, string>, assetClass: AssetClass = "us_equity") {
    for (const symbol of ["AAPL", "MSFT", "BTC/USD"]) this.symbols.idOf(symbol);
    const sink: MarketSink = {
      find: (symbol) => this.symbols.find(symbol),
      row: (...row) => void this.rows.push(row),
      frameEnd: () => this.frames.put(this.rows.length),
      step: (n, timeUs) => void this.steps.push([n, timeUs]),
    };
    return this.provider(settings).openStream({
      assetClass,
      sink,
      onState: (state) => this.states.put(state),
      byImportance: (symbols) =>
        symbols.toSorted((a, b) => Number(this.held.has(b)) - Number(this.held.has(a))),
      signal: this.aborter.signal,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.aborter.abort();
    await this.counterpart.close();
  }
}

export async function letIn(socket: ScriptedSocket): Promise<void> {
  socket.send([{ T: "success", msg: "connected" }]);
  assert.deepEqual(await socket.next(), {
    action: "auth",
    key: "KEY-OF-TEST",
    secret: "SECRET-OF-TEST",
  });
  socket.send([{ T: "success", msg: "authenticated" }]);
}

export async function connected(bench: Bench, settings?: Record<string, string>) {
  const opening = bench.open(settings);
  const socket = await bench.counterpart.socket();
  await letIn(socket);
  const stream = await opening;
  assert.deepEqual(await bench.states.take(), { state: "connected" });
  return { socket, stream };
}

export async function subscribed(bench: Bench, symbols: string[]) {
  const { socket, stream } = await connected(bench);
  const subscribing = stream.subscribe({ bars: symbols }, bench.aborter.signal);
  assert.deepEqual(await socket.next(), { action: "subscribe", bars: symbols });
  socket.send([{ T: "subscription", bars: symbols, trades: [] }]);
  await subscribing;
  return { socket, stream };
}

export const bar = (S: string, close: number) => ({
  T: "b",
  S,
  o: 1,
  h: 2,
  l: 0.5,
  c: close,
  v: 100,
  t: "2022-01-03T14:59:00Z",
  n: 3,
  vw: 1.25,
});
export const barRow = (symbol: number, close: number) => [
  RowKind.minuteBar,
  symbol,
  Date.parse("2022-01-03T14:59:00Z") * 1000,
  ...[1, 2, 0.5, close, 100, 3, 1.25],
];

/** Looks at the silence until the socket is asked, and gives what it was asked. */
export async function asked(bench: Bench, socket: ScriptedSocket) {
  for (let i = 0; i < 4; i++) await bench.time.pass(LOOK_MS, LOOK_MS);
  return await socket.next();
}
