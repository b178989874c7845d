/**
 * Faults of sockets, at the wire: real sockets, each frame written by the test, time moved by it.
 */
import { strict as assert } from "node:assert";
import type { Channels, StreamState } from "../../src/contracts/provider.ts";
import { ConfigError, OperationError } from "../../src/util/errors.ts";
import type { ScriptedSocket } from "../alpaca_counterpart.ts";
import {
  asked,
  BACK_OFF,
  bar,
  Bench,
  connected,
  GOOD_BACK_OFF,
  letIn,
  LOOK_MS,
  NOW_US,
  subscribed,
} from "../alpaca_stream_bench.ts";

/** Answers requests to subscribe as an exchange that lets in as many of `limited` as `max`. */
async function answerWithin(
  socket: ScriptedSocket,
  { limited, max }: { limited: (keyof Channels)[]; max: number },
): Promise<void> {
  const had = new Map<string, Set<string>>();
  for (;;) {
    const { action, ...channels } = await socket.next();
    assert.equal(action, "subscribe");
    const next = new Map([...had].map(([name, symbols]) => [name, new Set(symbols)]));
    for (const [name, symbols] of Object.entries(channels as Record<string, string[]>)) {
      next.set(name, new Set([...next.get(name) ?? [], ...symbols]));
    }
    const count = limited.reduce((sum, name) => sum + (next.get(name)?.size ?? 0), 0);
    if (count > max) {
      socket.send([{ T: "error", code: 405, msg: "symbol limit exceeded" }]);
      continue;
    }
    for (const [name, symbols] of next) had.set(name, symbols);
    const list = [...had].map(([name, symbols]) => [name, [...symbols]]);
    socket.send([{ T: "subscription", ...Object.fromEntries(list) }]);
  }
}

async function taken<State extends StreamState["state"]>(
  bench: Bench,
  state: State,
): Promise<Extract<StreamState, { state: State }>> {
  const next = await bench.states.take();
  assert.equal(next.state, state);
  return next as Extract<StreamState, { state: State }>;
}

Deno.test("fault 23: a half-open socket is asked after 20 s, and opened anew after 10 more", async () => {
  await using bench = new Bench();
  const { socket } = await subscribed(bench, ["AAPL"]);
  assert.deepEqual(await asked(bench, socket), { action: "subscribe", bars: ["AAPL"] });
  for (let i = 0; i < 2; i++) await bench.time.pass(LOOK_MS, LOOK_MS);
  const { reason } = await taken(bench, "interrupted");
  assert.match(reason, /silent for 30 s, and does not answer/);
  await bench.time.pass(...GOOD_BACK_OFF);
  const second = await bench.counterpart.socket();
  await letIn(second);
  assert.deepEqual(await second.next(), { action: "subscribe", bars: ["AAPL"] });
  second.send([{ T: "subscription", bars: ["AAPL"] }]);
  await taken(bench, "restored");
});

Deno.test("fault 23: a quiet socket that answers is left alone, the whole night", async () => {
  await using bench = new Bench();
  const { socket, stream } = await subscribed(bench, ["AAPL"]);
  for (let i = 0; i < 100; i++) {
    assert.deepEqual(await asked(bench, socket), { action: "subscribe", bars: ["AAPL"] });
    const seen = bench.rows.length;
    const frames = bench.frames.count;
    socket.send([{ T: "subscription", bars: ["AAPL"] }]);
    while (bench.frames.count === frames) await bench.frames.take();
    assert.equal(bench.rows.length, seen);
  }
  assert.equal(bench.states.waiting, 0);
  await stream.close();
});

Deno.test("fault 23: one that answers and sends no bars is opened anew by who sees the bars", async () => {
  await using bench = new Bench();
  const { socket, stream } = await subscribed(bench, ["AAPL"]);
  stream.reconnect("bars are missing");
  await socket.closed;
  assert.equal((await taken(bench, "interrupted")).reason, "bars are missing");
});

async function refuse(bench: Bench, code: number): Promise<void> {
  const socket = await bench.counterpart.socket();
  socket.send([{ T: "success", msg: "connected" }]);
  await socket.next();
  socket.send([{ T: "error", code, msg: "connection limit exceeded" }]);
  await socket.closed;
}

Deno.test("fault 24: a connection limit (406) is waited out, 90 s or more, without a storm", async () => {
  await using bench = new Bench();
  const opening = bench.open();
  await refuse(bench, 406);
  assert.equal(await bench.time.pass(90_000, 135_000), 112_500);
  const second = await bench.counterpart.socket();
  await letIn(second);
  await opening;
  assert.equal(bench.counterpart.openedSockets, 2);
});

Deno.test("fault 24: 406 on a reconnect is waited out, and nobody is suspected", async () => {
  await using bench = new Bench();
  const { socket } = await subscribed(bench, ["AAPL"]);
  socket.close();
  await taken(bench, "interrupted");
  await bench.time.pass(...BACK_OFF);
  await refuse(bench, 406);
  await bench.time.pass(90_000, 135_000);
  const third = await bench.counterpart.socket();
  await letIn(third);
  await third.next();
  third.send([{ T: "subscription", bars: ["AAPL"] }]);
  await taken(bench, "restored");
});

Deno.test("fault 56: 406 beyond 90 s without a connection of ours: another trader is there", async () => {
  await using bench = new Bench();
  const { socket } = await subscribed(bench, ["AAPL"]);
  socket.close();
  await taken(bench, "interrupted");
  await bench.time.pass(...BACK_OFF);
  await refuse(bench, 406);
  await bench.time.pass(90_000, 135_000);
  await refuse(bench, 406);
  const { reason } = await taken(bench, "taken");
  assert.match(reason, /406.*another connection of this account/);
  assert.equal(await bench.time.pass(90_000, 135_000), 112_500);
});

Deno.test("fault 56: 406 beyond 90 s at the start ends it, naming what to do", async () => {
  await using bench = new Bench();
  const rejected = assert.rejects(bench.open(), (error: Error) => {
    assert.ok(error instanceof OperationError);
    assert.match(error.message, /406.*for more than 90 s.*stop it first/);
    return true;
  });
  await refuse(bench, 406);
  await bench.time.pass(90_000, 135_000);
  await refuse(bench, 406);
  await rejected;
});

Deno.test("fault 25: a slow client (407) gives up quotes and trades, the held symbol's last", async () => {
  await using bench = new Bench();
  const { socket, stream } = await connected(bench);
  bench.held.add("D");
  const all = ["A", "B", "C", "D"];
  const wanted = { bars: all, trades: all, quotes: all };
  const subscribing = stream.subscribe(wanted, bench.aborter.signal);
  await socket.next();
  socket.send([{ T: "subscription", ...wanted }]);
  await subscribing;
  bench.nowUs += 5e6;
  socket.send([{ T: "error", code: 407, msg: "slow client" }]);
  const { channels } = await taken(bench, "lacks");
  assert.deepEqual(channels, { trades: ["B", "C"], quotes: ["B", "C"] });
  assert.match((await taken(bench, "interrupted")).reason, /slow client \(407\)/);
  await bench.time.pass(...BACK_OFF);
  const second = await bench.counterpart.socket();
  await letIn(second);
  assert.deepEqual(await second.next(), {
    action: "subscribe",
    bars: ["D", "A", "B", "C"],
    trades: ["D", "A"],
    quotes: ["D", "A"],
  });
  second.send([{ T: "subscription", bars: all, trades: ["D", "A"], quotes: ["D", "A"] }]);
  assert.equal((await taken(bench, "restored")).lostFromUs, NOW_US + 5e6);
  assert.match(
    bench.log.lines.join("\n"),
    /Not subscribed to B, C \(trades, quotes\): slow client/,
  );
});

Deno.test("fault 25: a client that is slow without quotes and trades keeps its bars", async () => {
  await using bench = new Bench();
  const { socket } = await subscribed(bench, ["AAPL", "MSFT"]);
  bench.nowUs += 5e6;
  socket.send([bar("AAPL", 1.5)]);
  while (bench.rows.length < 1) await bench.frames.take();
  bench.nowUs += 7e6;
  socket.send([{ T: "error", code: 407, msg: "slow client" }]);
  await taken(bench, "interrupted");
  await bench.time.pass(...BACK_OFF);
  const second = await bench.counterpart.socket();
  await letIn(second);
  assert.deepEqual(await second.next(), { action: "subscribe", bars: ["AAPL", "MSFT"] });
  bench.nowUs += 20e6;
  second.send([{ T: "subscription", bars: ["AAPL", "MSFT"] }]);
  // The last frame before the loss is the error's own.
  assert.equal((await taken(bench, "restored")).lostFromUs, NOW_US + 12e6);
});

Deno.test("fault 26: a wrong key (402) ends it, naming the variables and not the key", async () => {
  await using bench = new Bench();
  const rejected = assert.rejects(bench.open(), isWrongKey);
  await refuse(bench, 402);
  await rejected;
});

Deno.test("fault 26: a key that was taken back (402) fails a stream that ran", async () => {
  await using bench = new Bench();
  const { socket } = await subscribed(bench, ["AAPL"]);
  socket.close();
  await taken(bench, "interrupted");
  await bench.time.pass(...BACK_OFF);
  await refuse(bench, 402);
  isWrongKey((await taken(bench, "failed")).error);
});

/** ConfigError is exit code 2. */
function isWrongKey(error: Error): true {
  assert.ok(error instanceof ConfigError);
  assert.match(error.message, /402.*APCA_API_KEY_ID and APCA_API_SECRET_KEY/);
  assert.doesNotMatch(error.stack + error.message, /KEY-OF-TEST|SECRET-OF-TEST/);
  return true;
}

Deno.test("fault 27: of too many symbols (405) the held come first, and all have their bars", async () => {
  await using bench = new Bench();
  bench.held.add("F");
  const { socket, stream } = await connected(bench);
  const wanted = ["A", "B", "C", "D", "E", "F", "G"];
  void answerWithin(socket, { limited: ["trades", "quotes"], max: 3 });
  const subscribing = stream.subscribe({ bars: wanted, trades: wanted }, bench.aborter.signal);
  const acknowledged = await subscribing;
  assert.deepEqual(acknowledged.trades, ["F", "A", "B"]);
  assert.deepEqual(acknowledged.bars.toSorted(), wanted);
  const { channels, reason } = await taken(bench, "lacks");
  assert.deepEqual(channels, { trades: ["C", "D", "E", "G"] });
  assert.match(reason, /symbol limit exceeded/);
  assert.match(
    bench.log.lines.join("\n"),
    /Not subscribed to C, D, E, G \(trades\): symbol limit exceeded/,
  );
});

Deno.test("fault 27: where bars are limited too, the first symbols have them", async () => {
  await using bench = new Bench();
  const { socket, stream } = await connected(bench);
  void answerWithin(socket, { limited: ["bars"], max: 2 });
  const { bars } = await stream.subscribe({ bars: ["A", "B", "C"] }, bench.aborter.signal);
  assert.deepEqual(bars, ["A", "B"]);
});

Deno.test("fault 28: an acknowledgement that lacks symbols is asked for once more", async () => {
  await using bench = new Bench();
  const { socket, stream } = await connected(bench);
  const subscribing = stream.subscribe({ bars: ["AAPL", "MSFT", "NONE"] }, bench.aborter.signal);
  await socket.next();
  socket.send([{ T: "subscription", bars: ["AAPL"] }]);
  assert.deepEqual(await socket.next(), { action: "subscribe", bars: ["MSFT", "NONE"] });
  socket.send([{ T: "subscription", bars: ["AAPL", "MSFT"] }]);
  assert.deepEqual((await subscribing).bars, ["AAPL", "MSFT"]);
  assert.match(bench.log.lines.join("\n"), /Not subscribed to NONE/);
  assert.deepEqual((await taken(bench, "lacks")).channels, { bars: ["NONE"] });
});

Deno.test("fault 28: one that lacks symbols after a reconnect is told, before the data are back", async () => {
  await using bench = new Bench();
  const { socket } = await subscribed(bench, ["AAPL", "MSFT"]);
  socket.close();
  await taken(bench, "interrupted");
  await bench.time.pass(...BACK_OFF);
  const second = await bench.counterpart.socket();
  await letIn(second);
  for (const bars of [["AAPL", "MSFT"], ["MSFT"]]) {
    assert.deepEqual(await second.next(), { action: "subscribe", bars });
    second.send([{ T: "subscription", bars: ["AAPL"] }]);
  }
  assert.deepEqual((await taken(bench, "lacks")).channels, { bars: ["MSFT"] });
  await taken(bench, "restored");
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

Deno.test("channels that are nice to have are done without where the feed lacks them", async () => {
  await using bench = new Bench();
  const { socket, stream } = await connected(bench);
  const wanted = { bars: ["AAPL"], updatedBars: ["AAPL"], statuses: ["AAPL"] };
  const subscribing = stream.subscribe(wanted, bench.aborter.signal);
  const refusal = [{ T: "error", code: 410, msg: "invalid subscribe action for this feed" }];
  assert.deepEqual(await socket.next(), { action: "subscribe", ...wanted });
  socket.send(refusal);
  assert.deepEqual(await socket.next(), { action: "subscribe", bars: ["AAPL"] });
  socket.send([{ T: "subscription", bars: ["AAPL"] }]);
  assert.deepEqual(await socket.next(), { action: "subscribe", updatedBars: ["AAPL"] });
  socket.send([{ T: "subscription", bars: ["AAPL"], updatedBars: ["AAPL"] }]);
  assert.deepEqual(await socket.next(), { action: "subscribe", statuses: ["AAPL"] });
  socket.send(refusal);
  const { bars, updatedBars, statuses } = await subscribing;
  assert.deepEqual({ bars, updatedBars, statuses }, {
    bars: ["AAPL"],
    updatedBars: ["AAPL"],
    statuses: [],
  });
});
