import assert from "node:assert/strict";
import type { DataProvider, MarketStream, StreamState } from "../contracts/provider.ts";
import { emptyBars } from "../model/bars.ts";
import { MarketBatch, RowKind, TradingStatus } from "../model/market_batch.ts";
import type { MainToGateway } from "../protocol.ts";
import { SymbolTable } from "../util/symbol_table.ts";
import { HeldSymbols } from "./held_symbols.ts";
import { Producer } from "./producer.ts";
import { SessionStreams } from "./session_streams.ts";

const NOW_US = 1_641_222_000e6;
const SYMBOLS = ["AAA", "BBB", "BTC/USD"];

/** Streams of equities and crypto whose states the test tells; a receiver that keeps its rows. */
class Rig {
  readonly symbols = new SymbolTable();
  readonly held = new HeldSymbols();
  readonly gateway: MainToGateway[] = [];
  readonly logs: string[] = [];
  readonly failures: Error[] = [];
  readonly reconnects: string[] = [];
  readonly aborter = new AbortController();
  readonly #states: ((state: StreamState) => void)[] = [];
  readonly #sinks: Parameters<DataProvider["openStream"]>[0]["sink"][] = [];
  #rows: string[] = [];
  nowUs = NOW_US;
  #waiting: (() => void)[] = [];
  readonly producer = new Producer({
    symbols: this.symbols,
    isLossless: () => true,
    onStep() {},
  });
  readonly streams = new SessionStreams({
    assets: ["us_equity", "crypto"],
    producer: this.producer,
    symbolTable: this.symbols,
    symbols: () => SYMBOLS,
    held: this.held,
    windows: () => [{
      assetClass: "us_equity",
      date: "2022-01-03",
      openUs: NOW_US - 60e6,
      closeUs: NOW_US + 3600e6,
    }],
    clock: () => ({ nowUs: () => this.nowUs, rate: 1 }),
    toGateway: (message) => this.gateway.push(message),
    wait: () => new Promise((resolve) => this.#waiting.push(resolve)),
    log: (level, text, properties = {}) =>
      this.logs.push(
        `${level} ${text.replace(/\{(\w+)\}/g, (_, name) => String(properties[name]))}`,
      ),
    onFailure: (error) => this.failures.push(error),
    signal: this.aborter.signal,
  });

  async open(): Promise<this> {
    this.producer.addReceiver({
      post: (message) => {
        if (message.type !== "market") return;
        const batch = MarketBatch.over(message.buffer, message.length, message.firstSeq);
        for (let i = 0; i < batch.length; i++) {
          const name = this.symbols.nameOf(batch.symbol[i]);
          this.#rows.push(`${batch.kind[i]} ${name} ${batch.a[i]} ${batch.b[i]}`);
        }
        queueMicrotask(() => this.producer.returned(0, message.buffer));
      },
    }, new SharedArrayBuffer(8));
    for (const symbol of SYMBOLS) this.producer.route(symbol, 0);
    const traded = { ...emptyBars(), timeUs: Float64Array.of(NOW_US + 120e6) };
    await this.streams.open({
      openStream: ({ onState, sink }: Parameters<DataProvider["openStream"]>[0]) => {
        this.#states.push(onState);
        this.#sinks.push(sink);
        const reconnect = (reason: string) => this.reconnects.push(reason);
        const subscribe = () => Promise.resolve();
        return Promise.resolve({ reconnect, subscribe } as unknown as MarketStream);
      },
      bars: () => Promise.resolve(new Map([["AAA", traded]])),
    } as unknown as DataProvider);
    return this;
  }

  say(state: StreamState, stream = 0): void {
    this.#states[stream](state);
  }

  status(symbol: string, status: TradingStatus): void {
    this.#sinks[0].row(RowKind.status, this.symbols.find(symbol), NOW_US, status, 0, 0, 0, 0, 0, 0);
    this.#sinks[0].frameEnd();
  }

  /** Rows since it was asked last: "kind symbol a b". */
  async rows(): Promise<string[]> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    return this.#rows.splice(0);
  }

  /** What waited goes on, with the clock set to then. */
  async later(nowUs: number): Promise<void> {
    this.nowUs = nowUs;
    for (const wake of this.#waiting.splice(0)) wake();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

Deno.test("a lost stream marks its own symbols, first as going on, then as to be filled", async () => {
  const rig = await new Rig().open();
  rig.say({ state: "interrupted", reason: "cut" });
  assert.deepEqual(await rig.rows(), ["10 AAA -1 1", "10 BBB -1 1"]);
  rig.say({ state: "restored", lostFromUs: NOW_US - 12.5e6 });
  assert.deepEqual(await rig.rows(), ["10 AAA -1 0", "10 BBB -1 0"]);
  assert.match(rig.logs.at(-1)!, /^warning .*restored after 12\.5 s; 2 symbols are filled up/);
  rig.say({ state: "interrupted", reason: "cut" }, 1);
  assert.deepEqual(await rig.rows(), ["10 BTC/USD -1 1"]);
});

Deno.test("fault 27: a symbol without bars stays marked, loudly where it is held", async () => {
  const rig = await new Rig().open();
  rig.say({ state: "lacks", channels: { bars: ["BBB"], trades: ["AAA"] }, reason: "too many" });
  assert.deepEqual(await rig.rows(), ["10 BBB -1 1"]);
  assert.match(rig.logs.at(-1)!, /^warning No market data of BBB, entries in them wait: too many/);
  rig.held.start([{ symbol: "AAA", qty: "5" }]);
  rig.say({ state: "interrupted", reason: "cut" });
  rig.say({ state: "lacks", channels: { bars: ["AAA"] }, reason: "too many" });
  assert.match(rig.logs.at(-1)!, /^error No market data of AAA/);
  await rig.rows();
  rig.say({ state: "restored", lostFromUs: NOW_US });
  assert.deepEqual(await rig.rows(), [], "of neither of them anything will come");
});

Deno.test("fault 56: a place that another holds halts the gateway; what is final ends all", async () => {
  const rig = await new Rig().open();
  rig.say({ state: "taken", reason: "connection limit exceeded (406)" });
  assert.deepEqual(rig.gateway.map((message) => "cause" in message && message.cause), [
    "other_trader",
  ]);
  const error = new Error("wrong key");
  rig.say({ state: "failed", error });
  assert.deepEqual(rig.failures, [error]);
});

Deno.test("fault 42: statuses reach the gateway, whoever follows the symbol", async () => {
  const rig = await new Rig().open();
  rig.status("AAA", TradingStatus.luldPause);
  rig.status("AAA", TradingStatus.trading);
  assert.deepEqual(rig.gateway, [
    { type: "halted", symbol: "AAA", isHalted: true },
    { type: "halted", symbol: "AAA", isHalted: false },
  ]);
  assert.deepEqual(await rig.rows(), ["6 AAA 2 0", "6 AAA 0 0"]);
});

Deno.test("fault 23: a stream that sends nothing of what was traded is opened anew", async () => {
  const rig = await new Rig().open();
  await rig.later(NOW_US + 5e6);
  await rig.later(NOW_US + 300e6);
  assert.equal(rig.reconnects.length, 1);
  assert.match(rig.reconnects[0], /AAA traded/);
  rig.aborter.abort();
});

Deno.test("who follows a symbol later hears that its stream is away, and that it is halted", async () => {
  const rig = await new Rig().open();
  rig.streams.onFollowed("AAA");
  rig.status("BBB", TradingStatus.halted);
  assert.deepEqual(await rig.rows(), ["6 BBB 1 0"]);
  rig.say({ state: "interrupted", reason: "cut" });
  await rig.rows();
  for (const symbol of ["AAA", "BBB", "BTC/USD"]) rig.streams.onFollowed(symbol);
  assert.deepEqual(await rig.rows(), ["10 AAA -1 1", "10 BBB -1 1", "6 BBB 1 0"]);
});

Deno.test("a symbol that lacked its bars once, and has them now, is like any other", async () => {
  const rig = await new Rig().open();
  rig.say({ state: "lacks", channels: { bars: ["AAA"] }, reason: "too many" });
  await rig.rows();
  rig.streams.onFollowed("AAA");
  assert.deepEqual(await rig.rows(), ["10 AAA -1 1"]);
  await rig.streams.get("us_equity")!.subscribe({ bars: ["AAA"] }, rig.aborter.signal);
  rig.streams.onFollowed("AAA");
  assert.deepEqual(await rig.rows(), []);
});

Deno.test("market data that stay away are told once, and that they are back; a moment is not", async () => {
  const rig = await new Rig().open();
  const told = () => rig.logs.filter((line) => /interrupted for|are back/.test(line));
  rig.say({ state: "interrupted", reason: "cut" });
  rig.say({ state: "restored", lostFromUs: NOW_US });
  await rig.later(NOW_US + 10e6);
  assert.deepEqual(told(), []);
  rig.say({ state: "interrupted", reason: "cut" });
  rig.say({ state: "interrupted", reason: "refused" });
  await rig.later(NOW_US + 20e6);
  await rig.later(NOW_US + 30e6);
  assert.deepEqual(told(), [
    "error Market data of us_equity have been interrupted for more than 10 s, entries wait: refused",
  ]);
  rig.say({ state: "restored", lostFromUs: NOW_US });
  assert.deepEqual(told().slice(1), ["warning Market data of us_equity are back"]);
});

Deno.test("market data that are away are told outside of session hours where something is held", async () => {
  const rig = await new Rig().open();
  rig.say({ state: "interrupted", reason: "cut" });
  await rig.later(NOW_US + 4000e6);
  assert.ok(!rig.logs.some((line) => line.startsWith("error")));
  rig.held.start([{ symbol: "AAA", qty: "5" }]);
  await rig.later(NOW_US + 4010e6);
  assert.match(rig.logs.at(-1)!, /^error Market data of us_equity have been interrupted/);
});
