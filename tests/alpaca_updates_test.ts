import { strict as assert } from "node:assert";
import { decimal } from "../src/util/decimal.ts";
import { ConfigError } from "../src/util/errors.ts";
import { after } from "../src/util/soon.ts";
import { BrokerFixture, letIn, TIME, TIME_US, wireOrder } from "./alpaca_broker_fixture.ts";

const BACK_OFF = [750, 750] as const;

Deno.test("trade updates come from text and binary frames alike", async () => {
  await using bench = new BrokerFixture();
  const { socket } = await bench.updatesOpen();
  const data = {
    event: "partial_fill",
    execution_id: "execution-1",
    order: wireOrder({ status: "partially_filled", filled_qty: "4", filled_avg_price: "100.2" }),
    timestamp: TIME,
    price: "100.2",
    qty: "4",
    position_qty: "4",
  };
  socket.sendBinary({ stream: "trade_updates", data });
  const { event, order, execution } = await bench.updates.take();
  assert.equal(event, "partial_fill");
  assert.equal(order.status, "partially_filled");
  assert.deepEqual(execution, {
    brokerOrderId: "order-1",
    clientOrderId: "liu-1",
    symbol: "AAPL",
    side: "buy",
    qty: decimal("4"),
    price: decimal("100.2"),
    cumulativeQty: decimal("4"),
    executionId: "execution-1",
    timeUs: TIME_US,
    fee: decimal("0"),
  });
  socket.send({
    stream: "trade_updates",
    data: { event: "order_cancel_rejected", order: wireOrder() },
  });
  assert.equal((await bench.updates.take()).execution, null);
});

Deno.test("words that Liu does not know are counted and told, and end nothing", async () => {
  await using bench = new BrokerFixture();
  const { socket } = await bench.updatesOpen();
  const send = (change: Record<string, unknown>) =>
    socket.send({ stream: "trade_updates", data: { event: "eaten", order: wireOrder(change) } });
  send({ status: "digested" });
  assert.equal((await bench.updates.take()).order.status, "accepted");
  send({ status: "digested", canceled_at: TIME });
  assert.equal((await bench.updates.take()).order.status, "canceled");
  socket.send({ stream: "horoscope", data: {} });
  send({ status: "constructor" });
  await bench.updates.take();
  assert.deepEqual(bench.log.lines, [
    'Unknown to Liu, from Alpaca: order status "digested"',
    'Unknown to Liu, from Alpaca: trade update "eaten"',
    'Unknown to Liu, from Alpaca: message of the trading socket "horoscope"',
    'Unknown to Liu, from Alpaca: order status "constructor"',
  ]);
});

Deno.test("the trading socket refuses a wrong key with the variables to check", async () => {
  await using bench = new BrokerFixture();
  const opening = bench.broker().openUpdates({
    onUpdate: () => {},
    onStep: () => {},
    onState: () => {},
    signal: bench.signal,
  });
  const socket = await bench.counterpart.socket();
  await socket.next();
  const data = { status: "unauthorized", action: "authenticate" };
  socket.sendBinary({ stream: "authorization", data });
  await assert.rejects(
    opening,
    (error: Error) => error instanceof ConfigError && /APCA_API_SECRET_KEY/.test(error.message),
  );
});

Deno.test("an acknowledged step resolves after the updates before the answer", async () => {
  await using bench = new BrokerFixture();
  const { socket, stream } = await bench.updatesOpen({ acksSteps: "true" });
  assert.equal(socket.headers.get("Liu-Step"), "ack");
  socket.send({ stream: "step", data: { n: 3, timestamp: TIME } });
  assert.deepEqual(await bench.steps.take(), [3, TIME_US]);
  const order: string[] = [];
  const acked = after(stream.ackStep(3, bench.signal), () => void order.push("ack"));
  assert.deepEqual(await socket.next(), { action: "step_ack", data: { n: 3 } });
  socket.sendBinary({ stream: "trade_updates", data: { event: "new", order: wireOrder() } });
  socket.sendBinary({ stream: "step_ack", data: { n: 3 } });
  await bench.updates.take().then(() => order.push("update"));
  await acked;
  assert.deepEqual(order, ["update", "ack"]);
});

Deno.test("a step whose answer was lost with the socket is acknowledged on the next", async () => {
  await using bench = new BrokerFixture();
  const { socket, stream } = await bench.updatesOpen({ acksSteps: "true" });
  const acked = stream.ackStep(3, bench.signal);
  await socket.next();
  socket.close();
  assert.equal((await bench.states.take()).state, "interrupted");
  await bench.time.pass(...BACK_OFF);
  const second = await bench.counterpart.socket();
  await letIn(second);
  assert.deepEqual(await second.next(), { action: "step_ack", data: { n: 3 } });
  second.send({ stream: "step_ack", data: { n: 3 } });
  await acked;
  assert.deepEqual(await bench.states.take(), { state: "restored" });
});

Deno.test("an unreadable update interrupts the stream, so that it is reconciled", async () => {
  await using bench = new BrokerFixture();
  const { socket } = await bench.updatesOpen();
  socket.send({ stream: "trade_updates", data: { event: "fill", order: { id: 7 } } });
  assert.equal((await bench.states.take()).state, "interrupted");
  await bench.time.pass(...BACK_OFF);
  await letIn(await bench.counterpart.socket());
  assert.deepEqual(await bench.states.take(), { state: "restored" });
});

Deno.test("without steps an acknowledgement resolves at once", async () => {
  await using bench = new BrokerFixture();
  const { stream } = await bench.updatesOpen();
  await stream.ackStep(1, bench.signal);
});
