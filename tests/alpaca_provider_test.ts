import { strict as assert } from "node:assert";
import type { MarketSink, StreamState } from "../src/contracts/provider.ts";
import { RowKind } from "../src/model/market_batch.ts";
import { createProvider } from "../src/providers/alpaca.ts";
import { ConfigError, OperationError } from "../src/util/errors.ts";
import { SymbolTable } from "../src/util/symbol_table.ts";
import {
  Counterpart,
  Queue,
  RecordingLog,
  ScriptedSocket,
  ScriptedTime,
} from "./alpaca_counterpart.ts";

const NOW_US = Date.parse("2022-01-03T15:00:00Z") * 1000;
/** The first back-off: half a second doubled, three quarters of it as random says 0.5. */
const BACK_OFF = [750, 750] as const;

/** A provider beside its scripted counterpart, with all that the stream puts written down. */
class Bench {
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
        isMute: (silentMs) => silentMs > 60_000,
      },
    );
  }

  open(settings?: Record<string, string>, assetClass: "us_equity" | "crypto" = "us_equity") {
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
      signal: this.aborter.signal,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.aborter.abort();
    await this.counterpart.close();
  }
}

async function letIn(socket: ScriptedSocket): Promise<void> {
  socket.send([{ T: "success", msg: "connected" }]);
  assert.deepEqual(await socket.next(), {
    action: "auth",
    key: "KEY-OF-TEST",
    secret: "SECRET-OF-TEST",
  });
  socket.send([{ T: "success", msg: "authenticated" }]);
}

async function connected(bench: Bench, settings?: Record<string, string>) {
  const opening = bench.open(settings);
  const socket = await bench.counterpart.socket();
  await letIn(socket);
  const stream = await opening;
  assert.deepEqual(await bench.states.take(), { state: "connected" });
  return { socket, stream };
}

async function subscribed(bench: Bench, symbols: string[]) {
  const { socket, stream } = await connected(bench);
  const subscribing = stream.subscribe({ bars: symbols }, bench.aborter.signal);
  assert.deepEqual(await socket.next(), { action: "subscribe", bars: symbols });
  socket.send([{ T: "subscription", bars: symbols, trades: [] }]);
  await subscribing;
  return { socket, stream };
}

const bar = (S: string, close: number) => ({
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
const barRow = (symbol: number, close: number) => [
  RowKind.minuteBar,
  symbol,
  Date.parse("2022-01-03T14:59:00Z") * 1000,
  ...[1, 2, 0.5, close, 100, 3, 1.25],
];

Deno.test("a market-data stream logs in, subscribes and puts rows", async () => {
  await using bench = new Bench();
  const { socket, stream } = await subscribed(bench, ["AAPL", "MSFT"]);
  assert.equal(socket.path, "/v2/iex");
  assert.equal(socket.headers.get("Liu-Step"), null);
  await bench.frames.take();
  bench.rows.length = 0;
  socket.send([bar("AAPL", 1.5), bar("TSLA", 9), bar("MSFT", 1.75)]);
  while (bench.rows.length < 2) await bench.frames.take();
  assert.deepEqual(bench.rows, [barRow(0, 1.5), barRow(1, 1.75)]);
  const leaving = stream.unsubscribe({ bars: ["MSFT"] }, bench.aborter.signal);
  assert.deepEqual(await socket.next(), { action: "unsubscribe", bars: ["MSFT"] });
  socket.send([{ T: "subscription", bars: ["AAPL"] }]);
  assert.deepEqual((await leaving).bars, ["AAPL"]);
  await stream.close();
  await socket.closed;
});

Deno.test("crypto and the feed have their own paths", async () => {
  await using bench = new Bench();
  const opening = bench.open({}, "crypto");
  const socket = await bench.counterpart.socket();
  assert.equal(socket.path, "/v1beta3/crypto/us");
  await letIn(socket);
  await (await opening).close();
  const second = bench.open({ feed: "sip" });
  const sip = await bench.counterpart.socket();
  assert.equal(sip.path, "/v2/sip");
  await letIn(sip);
  await (await second).close();
});

Deno.test("a wrong key (402) ends it, naming the variables and not the key", async () => {
  await using bench = new Bench();
  const opening = bench.open();
  const socket = await bench.counterpart.socket();
  socket.send([{ T: "success", msg: "connected" }]);
  await socket.next();
  socket.send([{ T: "error", code: 402, msg: "auth failed" }]);
  await assert.rejects(opening, (error: Error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /402.*APCA_API_KEY_ID and APCA_API_SECRET_KEY/);
    assert.doesNotMatch(error.stack + error.message, /KEY-OF-TEST|SECRET-OF-TEST/);
    return true;
  });
});

Deno.test("a feed that the account lacks (409) fails a stream that ran", async () => {
  await using bench = new Bench();
  const { socket } = await connected(bench);
  socket.send([{ T: "error", code: 409, msg: "insufficient subscription" }]);
  assert.equal((await bench.states.take()).state, "interrupted");
  const failed = await bench.states.take();
  assert.ok(failed.state === "failed" && failed.error instanceof ConfigError);
  assert.match(failed.error.message, /ALPACA_DATA_FEED/);
});

Deno.test("a connection limit (406) is waited out, 90 s or more, without a storm", async () => {
  await using bench = new Bench();
  const opening = bench.open();
  const first = await bench.counterpart.socket();
  first.send([{ T: "success", msg: "connected" }]);
  await first.next();
  first.send([{ T: "error", code: 406, msg: "connection limit exceeded" }]);
  assert.equal(await bench.time.pass(90_000, 135_000), 112_500);
  const second = await bench.counterpart.socket();
  await letIn(second);
  await opening;
});

Deno.test("of too many symbols (405) as many are taken as are let in, with a warning", async () => {
  await using bench = new Bench();
  const { socket, stream } = await connected(bench);
  const wanted = ["A", "B", "C", "D", "E", "F", "G"];
  const taken = new Set<string>();
  const subscribing = stream.subscribe({ trades: wanted }, bench.aborter.signal);
  const answers = (async () => {
    while (taken.size < 3) {
      const { trades } = await socket.next() as { trades: string[] };
      if (taken.size + trades.length > 3) {
        socket.send([{ T: "error", code: 405, msg: "symbol limit exceeded" }]);
      } else {
        for (const symbol of trades) taken.add(symbol);
        socket.send([{ T: "subscription", trades: [...taken] }]);
      }
    }
    await socket.next();
    socket.send([{ T: "error", code: 405, msg: "symbol limit exceeded" }]);
  })();
  const [acknowledged] = await Promise.all([subscribing, answers]);
  assert.deepEqual(acknowledged.trades, ["A", "B", "C"]);
  assert.match(bench.log.lines.join("\n"), /Not subscribed to D, E, F, G: symbol limit exceeded/);
});

Deno.test("an acknowledgement that lacks symbols is asked for once more", async () => {
  await using bench = new Bench();
  const { socket, stream } = await connected(bench);
  const subscribing = stream.subscribe({ bars: ["AAPL", "MSFT", "NONE"] }, bench.aborter.signal);
  await socket.next();
  socket.send([{ T: "subscription", bars: ["AAPL"] }]);
  assert.deepEqual(await socket.next(), { action: "subscribe", bars: ["MSFT", "NONE"] });
  socket.send([{ T: "subscription", bars: ["AAPL", "MSFT"] }]);
  assert.deepEqual((await subscribing).bars, ["AAPL", "MSFT"]);
  assert.match(bench.log.lines.join("\n"), /Not subscribed to NONE/);
});

Deno.test("a channel that the feed lacks (410) fails the request, not the stream", async () => {
  await using bench = new Bench();
  const { socket, stream } = await connected(bench);
  const subscribing = stream.subscribe({ lulds: ["AAPL"] }, bench.aborter.signal);
  await socket.next();
  socket.send([{ T: "error", code: 410, msg: "invalid subscribe action for this feed" }]);
  await assert.rejects(subscribing, OperationError);
  const again = stream.subscribe({ bars: ["AAPL"] }, bench.aborter.signal);
  await socket.next();
  socket.send([{ T: "subscription", bars: ["AAPL"] }]);
  assert.deepEqual((await again).bars, ["AAPL"]);
});

Deno.test("a lost socket is opened again with the same subscription", async () => {
  await using bench = new Bench();
  const { socket } = await subscribed(bench, ["AAPL", "MSFT"]);
  bench.nowUs += 5e6;
  socket.send([bar("AAPL", 1.5)]);
  while (bench.rows.length < 1) await bench.frames.take();
  bench.nowUs += 7e6;
  socket.send([{ T: "error", code: 407, msg: "slow client" }]);
  const lost = await bench.states.take();
  assert.ok(lost.state === "interrupted" && /slow client \(407\)/.test(lost.reason));
  await bench.time.pass(...BACK_OFF);
  const second = await bench.counterpart.socket();
  await letIn(second);
  assert.deepEqual(await second.next(), { action: "subscribe", bars: ["AAPL", "MSFT"] });
  bench.nowUs += 20e6;
  second.send([{ T: "subscription", bars: ["AAPL", "MSFT"] }]);
  // The last frame before the loss is the error's own.
  assert.deepEqual(await bench.states.take(), {
    state: "restored",
    lostFromUs: NOW_US + 12e6,
  });
});

Deno.test("a subscription made while the socket is away is made when it is back", async () => {
  await using bench = new Bench();
  const { socket, stream } = await subscribed(bench, ["AAPL"]);
  socket.close();
  await bench.states.take();
  const subscribing = stream.subscribe({ bars: ["MSFT"] }, bench.aborter.signal);
  await bench.time.pass(...BACK_OFF);
  const second = await bench.counterpart.socket();
  await letIn(second);
  assert.deepEqual(await second.next(), { action: "subscribe", bars: ["AAPL", "MSFT"] });
  second.send([{ T: "subscription", bars: ["AAPL", "MSFT"] }]);
  assert.deepEqual((await subscribing).bars, ["AAPL", "MSFT"]);
});

Deno.test("a request that is waiting for the socket ends when the stream is closed", async () => {
  await using bench = new Bench();
  const { socket, stream } = await subscribed(bench, ["AAPL"]);
  socket.close();
  await bench.states.take();
  const rejected = assert.rejects(stream.subscribe({ bars: ["MSFT"] }, bench.aborter.signal));
  await stream.close();
  await rejected;
});

Deno.test("a mute socket is noticed where the caller calls it mute", async () => {
  await using bench = new Bench();
  await subscribed(bench, ["AAPL"]);
  for (let i = 0; i < 13; i++) await bench.time.pass(5000, 5000);
  const lost = await bench.states.take();
  assert.ok(lost.state === "interrupted" && /silent for 65 s/.test(lost.reason));
});

Deno.test("steps are put and acknowledged where they are opted in to", async () => {
  await using bench = new Bench();
  const { socket, stream } = await connected(bench, { acksSteps: "true" });
  assert.equal(socket.headers.get("Liu-Step"), "ack");
  socket.send([bar("AAPL", 1.5), { T: "step", n: 5, t: "2022-01-03T15:00:00Z" }]);
  while (bench.steps.length < 1) await bench.frames.take();
  assert.deepEqual(bench.steps, [[5, NOW_US]]);
  assert.deepEqual(bench.rows, [barRow(0, 1.5)]);
  stream.ackStep(5);
  assert.deepEqual(await socket.next(), { action: "step_ack", n: 5 });
});

Deno.test("a frame that is no JSON is counted, and the stream goes on", async () => {
  await using bench = new Bench();
  const { socket } = await connected(bench);
  socket.socket.send("[{broken");
  socket.send([{ T: "novelty" }, bar("AAPL", 1.5)]);
  while (bench.rows.length < 1) await bench.frames.take();
  assert.match(bench.log.lines.join("\n"), /frame that is no JSON[^]*novelty/);
});

Deno.test("an exchange that is away is told after a few attempts", async () => {
  await using bench = new Bench();
  const { origin } = bench.counterpart;
  await bench.counterpart.close();
  const opening = bench.open({ baseUrl: origin });
  const rejected = assert.rejects(opening, /Cannot connect to ws:.*Check the address/);
  for (const ms of [750, 1500, 3000, 6000]) await bench.time.pass(ms, ms);
  await rejected;
});

Deno.test("bars come page by page, in columns, and none at or after the end", async () => {
  await using bench = new Bench();
  const t = (minute: number) => `2022-01-03T14:3${minute}:00Z`;
  const row = (minute: number, c: number) => ({
    t: t(minute),
    o: 1,
    h: 2,
    l: 0,
    c,
    v: 5,
    n: 1,
    vw: 1,
  });
  bench.counterpart.onRequest = (request) => {
    const { pathname, searchParams } = new URL(request.url);
    assert.equal(request.headers.get("APCA-API-KEY-ID"), "KEY-OF-TEST");
    if (pathname.startsWith("/v1beta3")) {
      return Response.json({ bars: { "BTC/USD": [row(0, 7)] }, next_page_token: null });
    }
    assert.equal(searchParams.get("end"), "2022-01-03T14:32:59.999999Z");
    assert.equal(searchParams.get("feed"), "iex");
    if (searchParams.get("page_token") === "next") {
      return Response.json({ bars: { AAPL: [row(2, 3), row(3, 4)] }, next_page_token: null });
    }
    return Response.json({ bars: { AAPL: [row(0, 1), row(1, 2)] }, next_page_token: "next" });
  };
  const bars = await bench.provider().bars({
    symbols: ["AAPL", "MSFT", "BTC/USD"],
    scale: "minute",
    fromUs: Date.parse(t(0)) * 1000,
    toUs: Date.parse(t(3)) * 1000,
    adjustment: "raw",
  }, bench.aborter.signal);
  assert.deepEqual([...bars.get("AAPL")!.close], [1, 2, 3]);
  assert.deepEqual([...bars.get("BTC/USD")!.close], [7]);
  assert.equal(bars.get("MSFT")!.timeUs.length, 0);
});

Deno.test("snapshots and assets say what is not known", async () => {
  await using bench = new Bench();
  bench.counterpart.onRequest = (request) => {
    if (request.url.includes("snapshots")) {
      return Response.json({ AAPL: { latestTrade: { p: 5 }, dailyBar: null }, MSFT: null });
    }
    return Response.json([{
      symbol: "AAPL",
      class: "us_equity",
      name: "Apple",
      exchange: "NASDAQ",
      tradable: true,
      shortable: true,
      borrow_status: "easy_to_borrow",
      fractionable: false,
    }]);
  };
  const provider = bench.provider();
  const snapshots = await provider.snapshots(["AAPL", "MSFT"], bench.aborter.signal);
  assert.equal(snapshots.length, 1);
  assert.equal(snapshots[0]!.last, 5);
  assert.ok(Number.isNaN(snapshots[0]!.previousClose));
  const [asset] = await provider.assets("us_equity", bench.aborter.signal);
  assert.equal(asset!.minOrderQty, "1");
  assert.equal(asset!.easyToBorrow, true);
});

Deno.test("a provider without keys says which variable is not set", async () => {
  await using bench = new Bench();
  assert.throws(() => bench.provider({ secretKey: "" }), /APCA_API_SECRET_KEY is not set/);
  assert.throws(() => bench.provider({ feed: "ixe" }), /ALPACA_DATA_FEED="ixe"/);
});
