import { strict as assert } from "node:assert";
import { ConfigError } from "../src/util/errors.ts";
import {
  BACK_OFF,
  bar,
  barRow,
  Bench,
  connected,
  letIn,
  NOW_US,
  subscribed,
} from "./alpaca_stream_bench.ts";

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

Deno.test("a feed that the account lacks (409) fails a stream that ran", async () => {
  await using bench = new Bench();
  const { socket } = await connected(bench);
  socket.send([{ T: "error", code: 409, msg: "insufficient subscription" }]);
  assert.equal((await bench.states.take()).state, "interrupted");
  const failed = await bench.states.take();
  assert.ok(failed.state === "failed" && failed.error instanceof ConfigError);
  assert.match(failed.error.message, /ALPACA_DATA_FEED/);
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
