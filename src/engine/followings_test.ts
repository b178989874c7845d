import assert from "node:assert/strict";
import type { Channels, DataProvider, MarketStream } from "../contracts/provider.ts";
import type { Asset } from "../model/asset.ts";
import { emptyBars } from "../model/bars.ts";
import { exchangeUs } from "../model/calendar.ts";
import type { RunInfo, StrategyTraits } from "../protocol.ts";
import { RetryableError } from "../util/errors.ts";
import { SymbolTable } from "../util/symbol_table.ts";
import { Followings } from "./followings.ts";
import { Producer } from "./producer.ts";

const NOW_US = exchangeUs("2022-01-03", "10:00");
const { signal } = new AbortController();

/** Runs as [strategy, consumer]; their ids are their places. */
class Rig {
  readonly followings: Followings;
  readonly producer: Producer;
  /** What happened, in order. */
  readonly told: string[] = [];
  isAway = false;

  constructor(runs: [strategy: string, consumer: number][], options: {
    symbolsMax?: number;
    collections?: string[];
  } = {}) {
    const { symbolsMax = 100, collections = [] } = options;
    const consumers = Math.max(...runs.map(([, consumer]) => consumer)) + 1;
    const symbols = new SymbolTable();
    this.producer = new Producer({ symbols, isLossless: () => true, onStep() {} });
    for (let i = 0; i < consumers; i++) {
      this.producer.addReceiver({ post() {} }, new SharedArrayBuffer(8));
    }
    const change = (what: string) => ({ bars = [] }: Partial<Channels>) => {
      this.told.push(`${what} ${bars.join(" ")}`);
      return Promise.resolve({ bars } as Channels);
    };
    const stream = { subscribe: change("subscribe"), unsubscribe: change("unsubscribe") };
    const provider: Pick<DataProvider, "bars" | "snapshots"> = {
      bars: (query) => {
        if (this.isAway) return Promise.reject(new RetryableError("away"));
        this.told.push(`history ${query.symbols.join(" ")}`);
        // The newest bar that may be given ends now.
        assert.equal(query.toUs, NOW_US - 60e6 + 1);
        return Promise.resolve(new Map(query.symbols.map((symbol) => [symbol, emptyBars()])));
      },
      snapshots: () => Promise.resolve([]),
    };
    this.followings = new Followings({
      provider: provider as DataProvider,
      producer: this.producer,
      symbols,
      stream: () => stream as unknown as MarketStream,
      assets: new Map("ABCDEF".split("").map((symbol) => [symbol, { tradable: true } as Asset])),
      events: ["minute"],
      consumers,
      symbolsMax,
      runs: runs.map(([strategy, consumer], runId): RunInfo => (
        { runId, strategy, consumer, dayTrade: true }
      )),
      traits: runs.map(([name]) =>
        ({ name, runsAll: collections.includes(name) }) as StrategyTraits
      ),
      clock: { nowUs: () => NOW_US, rate: 0 },
      follow: (consumer, { symbol, runIds }) =>
        this.told.push(`follow ${symbol} ${runIds.join("+")} on ${consumer}`),
      warn: (text) => this.told.push(text),
    });
  }

  pick(symbols: string, ...strategies: string[]): Promise<string[]> {
    return this.followings.pick(symbols.split(""), strategies, signal);
  }

  /** What has happened since it was asked last. */
  news(): string[] {
    return this.told.splice(0);
  }
}

Deno.test("picked symbols are subscribed to, warmed up, spread over consumers", async () => {
  const rig = new Rig([["s", 0], ["s", 1]]);
  assert.deepEqual(await rig.pick("ABC", "s"), ["A", "B", "C"]);
  assert.deepEqual(
    rig.news(),
    [
      "subscribe A B C",
      "history A B C",
      "follow A 0 on 0",
      "follow B 0 on 0",
      "follow C 0 on 0",
    ].map((line, i) => i === 3 ? "follow B 1 on 1" : line),
  );
  assert.deepEqual(await rig.pick("CAB", "s"), []);
  assert.deepEqual(rig.news(), []);
});

Deno.test("a second strategy joins on the same consumer, without subscribing", async () => {
  const rig = new Rig([["s", 0], ["t", 0], ["s", 1], ["t", 1]]);
  await rig.pick("AB", "s");
  rig.news();
  assert.deepEqual(await rig.pick("BC", "t"), ["C"]);
  assert.deepEqual(rig.news(), [
    "subscribe C",
    "history B C",
    "follow B 3 on 1",
    "follow C 1 on 0",
  ]);
});

Deno.test("a strategy with a consumer of its own has its symbols there", async () => {
  const rig = new Rig([["s", 0], ["s", 1], ["granted", 2]]);
  await rig.pick("ABCDEF", "s", "granted");
  const lines = rig.news().filter((line) => line.startsWith("follow"));
  const on = (consumer: number) => lines.filter((line) => line.endsWith(`on ${consumer}`)).length;
  assert.deepEqual([on(0), on(1), on(2)], [3, 3, 6]);
});

Deno.test("a collection is on one consumer, and says nothing about where others go", async () => {
  const rig = new Rig([["s", 0], ["s", 1], ["all", 1]], { collections: ["all"] });
  await rig.pick("AB", "all");
  await rig.pick("AB", "s");
  assert.deepEqual(rig.news().filter((line) => line.startsWith("follow")), [
    "follow A 2 on 1",
    "follow B 2 on 1",
    "follow A 0 on 0",
    "follow B 1 on 1",
  ]);
});

Deno.test("the stream ends when the last has given the symbol up; it stays given up", async () => {
  const rig = new Rig([["s", 0], ["t", 0]]);
  await rig.pick("AB", "s", "t");
  rig.news();
  await rig.followings.reject(0, "A", signal);
  assert.deepEqual(rig.news(), []);
  assert.equal(rig.producer.isRouted("A"), true);
  await rig.followings.reject(1, "A", signal);
  assert.deepEqual(rig.news(), ["unsubscribe A"]);
  assert.equal(rig.producer.isRouted("A"), false);
  assert.deepEqual(rig.followings.symbols, ["B"]);
  assert.deepEqual(await rig.pick("A", "s", "t"), []);
  assert.deepEqual(rig.news(), []);
});

Deno.test("a symbol that is picked while it is being given up is subscribed to again", async () => {
  const rig = new Rig([["s", 0], ["t", 0]]);
  await rig.pick("A", "s");
  rig.news();
  await Promise.all([rig.followings.reject(0, "A", signal), rig.pick("A", "t")]);
  assert.deepEqual(rig.news(), ["unsubscribe A", "subscribe A", "history A", "follow A 1 on 0"]);
  // The other way round, nothing needs to be done.
  await Promise.all([
    rig.pick("B", "s"),
    rig.pick("B", "t"),
    rig.followings.reject(0, "B", signal),
  ]);
  assert.deepEqual(rig.news().filter((line) => line.includes("subscribe")), ["subscribe B"]);
});

Deno.test("no more symbols than allowed, until one is given up", async () => {
  const rig = new Rig([["s", 0], ["t", 1]], { symbolsMax: 2 });
  assert.deepEqual(await rig.pick("ABC", "s"), ["A", "B"]);
  // What is followed already can be followed by another.
  assert.deepEqual(await rig.pick("CBA", "t"), []);
  await rig.followings.reject(0, "A", signal);
  assert.deepEqual(await rig.pick("C", "s"), []);
  await rig.followings.reject(1, "A", signal);
  assert.deepEqual(await rig.pick("CD", "s"), ["C"]);
});

Deno.test("without history nothing is followed, and the next pick begins anew", async () => {
  const rig = new Rig([["s", 0], ["s", 1]]);
  rig.isAway = true;
  await assert.rejects(rig.pick("AB", "s"), RetryableError);
  assert.deepEqual(rig.followings.symbols, []);
  assert.equal(rig.producer.isRouted("A"), false);
  rig.isAway = false;
  rig.news();
  assert.deepEqual(await rig.pick("AB", "s"), ["A", "B"]);
  assert.deepEqual(rig.news().slice(2), ["follow A 0 on 0", "follow B 1 on 1"]);
});

Deno.test("what cannot be traded is told once a symbol and session", async () => {
  const rig = new Rig([["s", 0]]);
  const warned = "{symbol} was picked but cannot be traded";
  await rig.pick("X", "s");
  await rig.pick("XY", "s");
  await rig.pick("YX", "s");
  assert.deepEqual(rig.news(), [warned, warned]);
  rig.followings.startSession("crypto", () => false);
  await rig.pick("XY", "s");
  assert.deepEqual(rig.news(), []);
  rig.followings.startSession("us_equity", () => false);
  await rig.pick("X", "s");
  await rig.pick("X", "s");
  assert.deepEqual(rig.news(), [warned]);
});

Deno.test("what is held by a strategy that is gone is subscribed to, for the gateway's watch", async () => {
  const rig = new Rig([["s", 0]]);
  await rig.pick("A", "s");
  rig.news();
  await rig.followings.watch(["A", "B", "B", "Z"], signal);
  assert.deepEqual(rig.news(), ["subscribe B"]);
});
