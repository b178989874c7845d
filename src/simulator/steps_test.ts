import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import {
  type Message,
  OPEN_US,
  openData,
  openTrading,
  request,
  startTestSimulator,
  TestSocket,
} from "./test_client.ts";

const ACK = { "Liu-Step": "ack" };
const CODECS: Record<string, string>[] = [{}, { "Content-Type": "application/msgpack" }];
const isStep = ({ T, stream }: Message) => T === "step" || stream === "step";

Deno.test("a step waits for both data sockets and the trading socket", async () => {
  const simulator = await startTestSimulator();
  const stocks = await openData(simulator, "/v2/sip", { headers: ACK, subscribe: { bars: ["*"] } });
  const crypto = await openData(simulator, "/v1beta3/crypto/us", { headers: ACK });
  const trading = await openTrading(simulator, ACK);
  // Step 0 is before the first; everybody has got its marker.
  assert.deepEqual(simulator.market.step, { n: 0, timeUs: OPEN_US, isLast: false });
  stocks.send({ action: "step_ack", n: 0 });
  crypto.send({ action: "step_ack", n: 0 });
  const early = await request(simulator, "GET", "/v2/clock");
  assert.equal(early.body.timestamp, "2022-01-03T09:30:00-05:00");
  assert.equal(early.headers.get("Liu-Clock-Rate"), "0");
  assert.equal(simulator.market.step.n, 0);
  trading.send({ action: "step_ack", data: { n: 0 } });
  const isFirst = ({ T, n, stream, data }: Message) =>
    (T === "step" && n === 1) || (stream === "step" && (data as Message).n === 1);
  for (const socket of [stocks, crypto, trading]) await socket.next(isFirst);
  assert.equal(simulator.market.step.n, 1);
  // A socket that is gone no longer counts.
  await crypto.close();
  stocks.send({ action: "step_ack", n: 1 });
  trading.send({ action: "step_ack", data: { n: 1 } });
  await stocks.next(({ T, n }) => T === "step" && n === 2);
  await stocks.close();
  await trading.close();
  await simulator.close();
});

Deno.test("an order fills in the next step, its updates before that step's marker", async () => {
  const simulator = await startTestSimulator();
  const symbol = "AVDE";
  const data = await openData(simulator, "/v2/sip", {
    headers: ACK,
    subscribe: { quotes: [symbol] },
  });
  const trading = await openTrading(simulator, ACK);
  const ack = async (n: number) => {
    trading.send({ action: "step_ack", data: { n } });
    data.send({ action: "step_ack", n });
    await trading.next(({ stream, data }) => stream === "step" && (data as Message).n === n + 1);
    await data.next(({ T, n: next }) => T === "step" && next === n + 1);
  };
  await ack(0);
  const { status, body } = await request(simulator, "POST", "/v2/orders", {
    symbol,
    qty: "1",
    side: "buy",
    type: "market",
    time_in_force: "day",
  });
  assert.equal(status, 200);
  // The answer to an acknowledgement is a barrier: what the POST caused was sent before it.
  trading.send({ action: "step_ack", data: { n: 1 } });
  await trading.next(({ stream }) => stream === "step_ack");
  const before = trading.log.filter(({ stream }) => stream === "trade_updates");
  assert.deepEqual(before.map(({ data }) => (data as Message).event), ["new"]);
  await ack(1);
  const log = trading.log.map(({ stream, data }) =>
    stream === "trade_updates" ? (data as Message).event : `${stream} ${(data as Message).n ?? ""}`
  );
  assert.deepEqual(log.slice(log.indexOf("step 1")), [
    "step 1",
    "new",
    "step_ack 1",
    "step_ack 1",
    "fill",
    "step 2",
  ]);
  const fill = trading.log.find(({ data }) => (data as Message).event === "fill")!.data as Message;
  assert.equal((fill.order as Message).id, body.id);
  assert.equal(fill.position_qty, "1");
  await data.close();
  await trading.close();
  await simulator.close();
});

Deno.test("without opt-in, the day runs when somebody subscribes, whole", async () => {
  const simulator = await startTestSimulator();
  const socket = await openData(simulator, "/v2/sip", {
    subscribe: { bars: ["*"], trades: ["*"], quotes: ["AVDE"], dailyBars: ["AVDE"] },
  });
  // Three stocks; bars of ten minutes, and a trade and a quote every 15 s from 0:00 to 10:00.
  const count = (type: string) => socket.log.filter(({ T }) => T === type).length;
  await socket.next(({ T }) => T === "t" && count("t") === 3 * 41);
  assert.equal(count("b"), 30);
  assert.equal(count("d"), 10);
  assert.equal(count("q"), 41);
  assert.ok(!socket.log.some(isStep));
  await socket.close();
  await simulator.close();
});

Deno.test("JSON and msgpack say the same", async () => {
  const subscribe = { bars: ["AVDE"], trades: ["AVDE"], quotes: ["AVDE"] };
  const logs = [];
  for (const headers of CODECS) {
    const simulator = await startTestSimulator();
    const socket = await openData(simulator, "/v2/iex", { subscribe, headers });
    await socket.next(({ T, t }) =>
      T === "t" && new Date(t as string).getTime() * 1000 ===
        simulator.market.step.timeUs &&
      simulator.market.step.isLast
    );
    logs.push(
      socket.log.map((message) =>
        "t" in message ? { ...message, t: new Date(message.t as string).getTime() } : message
      ),
    );
    await socket.close();
    await simulator.close();
  }
  assert.equal(logs[0].length > 90, true);
  assert.deepEqual(logs[1], logs[0]);
});

Deno.test("the delayed feed is 15 minutes late", async () => {
  const simulator = await startTestSimulator({ endUs: OPEN_US + 16 * 60e6 });
  const socket = await openData(simulator, "/v2/delayed_sip", { subscribe: { quotes: ["AVDE"] } });
  await socket.next(({ T, t }) => T === "q" && t === "2022-01-03T14:31:00Z");
  assert.equal(simulator.market.step.timeUs, OPEN_US + 16 * 60e6);
  await socket.close();
  await simulator.close();
});

Deno.test("at a finite speed events are sent when they are due, without markers", async () => {
  const simulator = await startTestSimulator({ speed: 6000 });
  const socket = await openData(simulator, "/v2/sip", {
    headers: ACK,
    subscribe: { trades: ["*"] },
  });
  await socket.next(({ T, t }) => T === "t" && t === "2022-01-03T14:40:00Z");
  assert.ok(!socket.log.some(isStep));
  const { body, headers } = await request(simulator, "GET", "/v2/clock");
  assert.equal(body.timestamp, "2022-01-03T09:40:00-05:00");
  assert.equal(headers.get("Liu-Clock-Rate"), "6000");
  await socket.close();
  await simulator.close();
});

Deno.test("a data socket's errors are Alpaca's", async () => {
  const simulator = await startTestSimulator({ keys: [{ keyId: "key", secretKey: "secret" }] });
  const error = async (socket: TestSocket, message: unknown) => {
    socket.send(message);
    return (await socket.next(({ T }) => T === "error")).code;
  };
  const socket = new TestSocket(simulator, "/v2/iex");
  await socket.next(({ msg }) => msg === "connected");
  assert.equal(await error(socket, "no json"), 400);
  assert.equal(await error(socket, { action: "subscribe", bars: ["AVDE"] }), 401);
  socket.send({ action: "auth", key: "key", secret: "secret" });
  await socket.next(({ msg }) => msg === "authenticated");
  assert.equal(await error(socket, { action: "auth", key: "key", secret: "secret" }), 403);
  const many = Array.from({ length: 16 }, (_, i) => `S${i}`);
  assert.equal(await error(socket, { action: "subscribe", trades: many, quotes: many }), 405);
  assert.equal(await error(socket, { action: "subscribe", news: ["*"] }), 410);
  assert.equal(await error(socket, { action: "subscribe", bars: "AVDE" }), 400);
  assert.equal(await error(socket, { action: "dance" }), 400);
  const second = new TestSocket(simulator, "/v2/sip");
  await second.next(({ msg }) => msg === "connected");
  assert.equal(await error(second, { action: "auth", key: "key", secret: "secret" }), 406);
  await second.closed;
  const wrong = new TestSocket(simulator, "/v1beta3/crypto/us");
  await wrong.next(({ msg }) => msg === "connected");
  assert.equal(await error(wrong, { action: "auth", key: "key", secret: "guess" }), 402);
  await wrong.closed;
  await socket.close();
  await simulator.close();
});

Deno.test("a wrong key is not authorized on the trading socket", async () => {
  const simulator = await startTestSimulator({ keys: [{ keyId: "key", secretKey: "secret" }] });
  const socket = new TestSocket(simulator, "/stream");
  await socket.opened;
  socket.send({ action: "authenticate", data: { key_id: "key", secret_key: "guess" } });
  const answer = await socket.next(({ stream }) => stream === "authorization");
  assert.deepEqual(answer.data, { status: "unauthorized", action: "authenticate" });
  await socket.closed;
  await simulator.close();
});

Deno.test("without opt-in, the market waits for a client that does not read", async () => {
  // A whole day of 60 symbols is 24 MB of text: more than all buffers on the way.
  const simulator = await startTestSimulator({
    sources: [{ kind: "generate", symbols: 60, seed: 1 }],
    endUs: OPEN_US + 390 * 60e6,
  });
  const client = await Deno.connect({ port: Number(new URL(simulator.baseUrl).port) });
  const buffer = new Uint8Array(65_536);
  const send = (bytes: Uint8Array) => client.write(bytes);
  await send(new TextEncoder().encode(
    "GET /v2/sip HTTP/1.1\r\nHost: exchange\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
  ));
  await client.read(buffer);
  await send(textFrame({ action: "auth", key: "key", secret: "secret" }));
  await send(textFrame({ action: "subscribe", trades: ["*"], quotes: ["*"], bars: ["*"] }));
  while (simulator.market.step.n === 0) await new Promise((resolve) => setImmediate(resolve));
  // Turns enough for the whole day, were it not waiting.
  for (let i = 0; i < 5000; i++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(simulator.market.step.isLast, false);
  while (!simulator.market.step.isLast) await client.read(buffer);
  client.close();
  await simulator.close();
});

/** A masked text frame of a WebSocket client; the mask is zero, so the text stands in clear. */
function textFrame(message: Message): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(message));
  assert.ok(text.length < 126);
  return Uint8Array.of(0x81, 0x80 | text.length, 0, 0, 0, 0, ...text);
}
