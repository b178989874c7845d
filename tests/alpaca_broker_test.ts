import { strict as assert } from "node:assert";
import { createBroker } from "../src/brokers/alpaca.ts";
import type { OrderRequest } from "../src/model/order.ts";
import { decimal } from "../src/util/decimal.ts";
import { ConfigError, OperationError, RetryableError } from "../src/util/errors.ts";
import { formatRfc3339 } from "../src/wire/rfc3339.ts";
import { BrokerFixture, TIME, TIME_US, wireOrder } from "./alpaca_broker_fixture.ts";
import { RecordingLog, ScriptedTime } from "./alpaca_counterpart.ts";

const ORDER: OrderRequest = {
  clientOrderId: "liu-1",
  symbol: "AAPL",
  side: "buy",
  qty: "10",
  notional: null,
  type: "limit",
  timeInForce: "day",
  limitPrice: "100.50",
  triggerPrice: null,
  trailPrice: null,
  trailPercent: null,
  extendedHours: false,
  takeProfit: null,
  stopLoss: null,
};

Deno.test("an order that was taken in is given back in Liu's words", async () => {
  await using bench = new BrokerFixture();
  bench.answer(200, wireOrder({ status: "pending_new" }));
  const result = await bench.broker().submit(ORDER, bench.signal);
  assert.ok(result.result === "accepted");
  assert.equal(result.order.status, "accepted");
  assert.equal(result.order.limitPrice, "100.5");
  assert.equal(result.order.submittedUs, TIME_US);
  assert.deepEqual(bench.bodies, [{
    client_order_id: "liu-1",
    symbol: "AAPL",
    side: "buy",
    type: "limit",
    time_in_force: "day",
    order_class: "simple",
    qty: "10",
    limit_price: "100.5",
  }]);
});

Deno.test("legs make an order a bracket, an OTO or an OCO", async () => {
  await using bench = new BrokerFixture();
  bench.answer(200, wireOrder());
  const takeProfit = { limitPrice: "110" };
  const stopLoss = { triggerPrice: "95", limitPrice: "94.5" };
  const broker = bench.broker();
  await broker.submit({ ...ORDER, takeProfit, stopLoss }, bench.signal);
  await broker.submit({ ...ORDER, stopLoss: { ...stopLoss, limitPrice: null } }, bench.signal);
  const exit = { ...ORDER, side: "sell" as const, limitPrice: "110.00" };
  await broker.submit({ ...exit, takeProfit, stopLoss }, bench.signal);
  const seen = (bench.bodies as Record<string, unknown>[]).map((body) => [
    body.order_class,
    body.limit_price,
    body.take_profit,
    body.stop_loss,
  ]);
  assert.deepEqual(seen, [
    ["bracket", "100.5", { limit_price: "110" }, { stop_price: "95", limit_price: "94.5" }],
    ["oto", "100.5", undefined, { stop_price: "95" }],
    ["oco", undefined, { limit_price: "110" }, { stop_price: "95", limit_price: "94.5" }],
  ]);
});

Deno.test("each answer to an order is what the contract calls it", async () => {
  const MISMATCH = "position intent mismatch, inferred: sell_to_open, specified: sell_to_close";
  const duplicate = { code: 42210000, message: "client_order_id must be unique" };
  const forbidden = (message: string) => ({ code: 40310000, message });
  const refusal = (message: string, cause?: string) => (
    { result: "refused", code: 40310000, message, ...(cause ? { cause } : {}) }
  );
  const table: [number, unknown, Record<string, string>, unknown][] = [
    [403, forbidden("insufficient qty"), {}, refusal("insufficient qty", "qty_held")],
    [422, { code: 42210000, message: MISMATCH }, {}, {
      ...refusal(MISMATCH, "qty_held"),
      code: 42210000,
    }],
    [403, forbidden("potential wash trade"), {}, refusal("potential wash trade", "wash_trade")],
    [403, forbidden("insufficient buying power"), {}, refusal("insufficient buying power")],
    [422, duplicate, {}, { result: "duplicate" }],
    [429, { code: 42910000, message: "x" }, { "Retry-After": "7" }, {
      result: "rate_limited",
      retryAfterMs: 7000,
    }],
    [500, { code: 50010000, message: "internal" }, {}, "unknown"],
    [504, null, {}, "unknown"],
    [404, { hello: "from a proxy" }, {}, "unknown"],
    [408, { code: 40810000, message: "x" }, {}, "unknown"],
    [302, null, { Location: "http://elsewhere.example/" }, "unknown"],
    [200, { id: "order-1" }, {}, "unknown"],
    [401, { message: "forbidden." }, {}, {
      result: "refused",
      code: 40110000,
      message: "forbidden.",
    }],
  ];
  for (const [status, body, headers, expected] of table) {
    await using bench = new BrokerFixture();
    bench.answer(status, body, headers);
    const result = await bench.broker().submit(ORDER, bench.signal);
    const told = typeof expected === "string" ? result.result : result;
    assert.deepEqual(told, expected, `${status}`);
    assert.doesNotMatch(JSON.stringify(result), /OF-TEST/);
  }
});

Deno.test("a POST that is not answered in time is unknown, though it was taken in", async () => {
  await using bench = new BrokerFixture();
  const taken = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Response>();
  bench.counterpart.onRequest = () => {
    taken.resolve();
    return answer.promise;
  };
  const submitting = bench.broker().submit(ORDER, bench.signal);
  await taken.promise;
  await bench.time.pass(10_000, 10_000);
  assert.deepEqual(await submitting, {
    result: "unknown",
    message: "POST /v2/orders: no answer within 10000 ms",
  });
  answer.resolve(Response.json(wireOrder()));
});

Deno.test("an order given up after it was sent is unknown; before, nothing is sent", async () => {
  await using bench = new BrokerFixture();
  const taken = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Response>();
  bench.counterpart.onRequest = () => {
    taken.resolve();
    return answer.promise;
  };
  const caller = new AbortController();
  const submitting = bench.broker().submit(ORDER, caller.signal);
  await taken.promise;
  caller.abort();
  assert.equal((await submitting).result, "unknown");
  await assert.rejects(
    async () => await bench.broker().submit(ORDER, caller.signal),
    /abort/i,
  );
  assert.equal(bench.counterpart.requests.length, 1);
  answer.resolve(Response.json({}));
});

Deno.test("a POST to an exchange that is gone is unknown", async () => {
  await using bench = new BrokerFixture();
  const broker = bench.broker();
  await bench.counterpart.close();
  assert.equal((await broker.submit(ORDER, bench.signal)).result, "unknown");
});

Deno.test("after a 429 nothing is sent before the reset", async () => {
  await using bench = new BrokerFixture();
  bench.answer(429, { code: 42910000, message: "too many" }, { "Retry-After": "3" });
  const broker = bench.broker();
  await broker.submit(ORDER, bench.signal);
  const second = await broker.submit(ORDER, bench.signal);
  assert.deepEqual(second, { result: "rate_limited", retryAfterMs: 3000 });
  assert.equal(bench.bodies.length, 1);
  bench.answer(200, { timestamp: TIME, is_open: true });
  const reading = broker.clock(bench.signal);
  await bench.time.pass(3000, 3000);
  assert.deepEqual(await reading, { timeUs: TIME_US, rate: 1, isOpen: true, isReal: true });
});

Deno.test("fault 4: the last requests of a minute are kept for cancels", async () => {
  await using bench = new BrokerFixture();
  const reset = String(Math.floor(Date.now() / 1000) + 30);
  bench.answer(200, wireOrder(), {
    "X-RateLimit-Limit": "200",
    "X-RateLimit-Remaining": "20",
    "X-RateLimit-Reset": reset,
  });
  const broker = bench.broker();
  assert.equal((await broker.submit(ORDER, bench.signal)).result, "accepted");
  assert.equal((await broker.submit(ORDER, bench.signal)).result, "rate_limited");
  bench.answer(204, null);
  assert.deepEqual(await broker.cancel("order-1", bench.signal), { result: "requested" });
});

Deno.test("each answer to a cancel is what the contract calls it", async () => {
  const table: [number, unknown, string][] = [
    [204, null, "requested"],
    [422, { code: 42210000, message: "already filled" }, "not_cancelable"],
    [404, { code: 40410000, message: "order not found" }, "not_found"],
    [404, { error: "a proxy" }, "unknown"],
    [500, { code: 50010000, message: "internal" }, "unknown"],
    [429, { code: 42910000, message: "x" }, "rate_limited"],
  ];
  for (const [status, body, expected] of table) {
    await using bench = new BrokerFixture();
    bench.answer(status, body);
    const { result } = await bench.broker().cancel("order-1", bench.signal);
    assert.equal(result, expected, `${status}`);
  }
});

Deno.test("an order is looked up by its own id; only a 404 of Alpaca's is a no", async () => {
  await using bench = new BrokerFixture();
  const broker = bench.broker();
  bench.answer(404, { code: 40410000, message: "order not found" });
  assert.equal(await broker.orderByClientId("liu-1", bench.signal), null);
  bench.answer(404, { error: "a proxy" });
  const looking = broker.orderByClientId("liu-1", bench.signal);
  const rejected = assert.rejects(async () => await looking, RetryableError);
  for (const ms of [1500, 3000, 6000]) await bench.time.pass(ms, ms);
  await rejected;
  bench.counterpart.onRequest = (request) =>
    Response.json(wireOrder({
      order_class: "bracket",
      legs: request.url.includes("nested")
        ? [wireOrder({ id: "leg", type: "stop", status: "held" })]
        : null,
    }));
  const order = await broker.orderByClientId("liu-1", bench.signal);
  assert.equal(order?.legs[0]?.status, "held");
});

Deno.test("open orders beyond a page are read, though many came at the same time", async () => {
  await using bench = new BrokerFixture();
  const all = Array.from({ length: 1200 }, (_, i) => {
    const submitted_at = formatRfc3339(TIME_US + Math.floor(i / 300) * 1e6);
    return wireOrder({ id: `order-${i}`, submitted_at });
  });
  bench.counterpart.onRequest = (request) => {
    const after = new URL(request.url).searchParams.get("after");
    const later = all.filter((order) => after === null || String(order.submitted_at) > after);
    return Response.json(later.slice(0, 500));
  };
  const orders = await bench.broker().openOrders(bench.signal);
  assert.equal(new Set(orders.map((order) => order.brokerOrderId)).size, 1200);
  assert.equal(orders.length, 1200);
});

Deno.test("executions are read from the activities, with their orders' ids", async () => {
  await using bench = new BrokerFixture();
  const fills = Array.from({ length: 130 }, (_, i) => ({
    activity_type: "FILL",
    id: `activity-${i}`,
    order_id: `order-${i % 10}`,
    symbol: "AAPL",
    side: i % 2 ? "sell_short" : "buy",
    qty: "1",
    cum_qty: String(1 + Math.floor(i / 10)),
    price: "100.25",
    transaction_time: formatRfc3339(TIME_US + i * 1e6),
  }));
  bench.counterpart.onRequest = (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/v2/orders") {
      const ids = Array.from({ length: 10 }, (_, i) => i);
      return Response.json(
        ids.map((i) => wireOrder({ id: `order-${i}`, client_order_id: `c${i}` })),
      );
    }
    const token = searchParams.get("page_token");
    const from = token ? fills.findIndex((fill) => fill.id === token) + 1 : 0;
    return Response.json(fills.slice(from, from + 100));
  };
  const executions = await bench.broker().executions(TIME_US, bench.signal);
  assert.equal(executions.length, 129);
  assert.deepEqual(executions[0], {
    brokerOrderId: "order-1",
    clientOrderId: "c1",
    symbol: "AAPL",
    side: "sell",
    qty: decimal("1"),
    price: decimal("100.25"),
    cumulativeQty: decimal("1"),
    executionId: null,
    timeUs: TIME_US + 1e6,
    fee: decimal("0"),
  });
});

Deno.test("account, positions and clock are read, and more fields do no harm", async () => {
  await using bench = new BrokerFixture();
  const broker = bench.broker();
  bench.answer(200, {
    id: "a",
    currency: "USD",
    cash: "1000.50",
    equity: "2000",
    buying_power: "4000",
    trading_blocked: false,
    account_blocked: true,
    shorting_enabled: true,
    more: 1,
  });
  const account = await broker.account(bench.signal);
  assert.equal(account.cash, "1000.5");
  assert.equal(account.tradingBlocked, true);
  const position = { avg_entry_price: "10", current_price: null, qty_available: "-5" };
  bench.answer(200, [
    { ...position, symbol: "AAPL", asset_class: "us_equity", side: "short", qty: "-5" },
    { ...position, symbol: "BTCUSD", asset_class: "crypto", side: "long", qty: "0.000000010" },
  ]);
  const [short, coin] = await broker.positions(bench.signal);
  assert.deepEqual([short!.qty, short!.qtyAvailable, short!.marketPrice], ["-5", "5", "10"]);
  assert.deepEqual([coin!.symbol, coin!.qty], ["BTC/USD", "0.00000001"]);
  bench.answer(200, { timestamp: "2022-01-03T10:00:00-05:00", is_open: true }, {
    "Liu-Clock-Rate": "60",
  });
  const clock = await broker.clock(bench.signal);
  assert.deepEqual(clock, { timeUs: TIME_US - 123456, rate: 60, isOpen: true, isReal: false });
});

Deno.test("a wrong key is told with the variables to check", async () => {
  await using bench = new BrokerFixture();
  bench.answer(401, { code: 40110000, message: "request is not authorized" });
  await assert.rejects(async () => await bench.broker().account(bench.signal), (error: Error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /APCA_API_KEY_ID/);
    assert.doesNotMatch(error.message, /OF-TEST/);
    return true;
  });
  bench.answer(200, { hello: "world" });
  await assert.rejects(async () => await bench.broker().account(bench.signal), OperationError);
});

Deno.test("money is at stake at Alpaca's live address only", () => {
  const bench = { clock: { nowUs: () => 0 }, monotonic: new ScriptedTime(), random: () => 0 };
  const isReal = (baseUrl: string) =>
    createBroker({ keyId: "k", secretKey: "s", baseUrl }, { ...bench, log: new RecordingLog() })
      .isRealMoney;
  assert.equal(isReal("https://API.alpaca.markets/v2"), true);
  assert.equal(isReal("https://paper-api.alpaca.markets"), false);
  assert.equal(isReal("http://127.0.0.1:8080"), false);
});

Deno.test("a replacement sends what changes", async () => {
  await using bench = new BrokerFixture();
  bench.answer(200, wireOrder({ id: "order-2", replaces: "order-1" }));
  const result = await bench.broker().replace(
    "order-1",
    { clientOrderId: "liu-2", qty: "5", triggerPrice: "94.50", trailPrice: "1" },
    bench.signal,
  );
  assert.ok(result.result === "accepted" && result.order.replaces === "order-1");
  assert.deepEqual(bench.bodies, [
    { client_order_id: "liu-2", qty: "5", stop_price: "94.5", trail: "1" },
  ]);
  assert.deepEqual(bench.counterpart.requests, ["PATCH /v2/orders/order-1"]);
});

Deno.test("splits come page by page, by the day on which new shares are traded", async () => {
  await using bench = new BrokerFixture();
  const asked: string[] = [];
  bench.counterpart.onRequest = (request) => {
    const { pathname, searchParams } = new URL(request.url);
    asked.push(`${pathname} ${searchParams.get("symbols")} ${searchParams.get("start")}`);
    const split = (symbol: string, new_rate: number, old_rate: number, ex_date: string) => (
      { symbol, new_rate, old_rate, ex_date, process_date: ex_date, payable_date: "2022-01-01" }
    );
    return Response.json(
      searchParams.has("page_token")
        ? {
          corporate_actions: { reverse_splits: [split("MSFT", 1, 10, "2022-01-05")] },
          next_page_token: null,
        }
        : {
          corporate_actions: {
            forward_splits: [split("AAPL", 4, 1, "2022-01-04"), split("AAPL", 2, 1, "2021-01-04")],
            cash_dividends: [{ symbol: "AAPL" }],
          },
          next_page_token: "next",
        },
    );
  };
  const symbols = ["AAPL", "MSFT"];
  const splits = await bench.broker().splits!(symbols, "2022-01-04", "2022-01-05", bench.signal);
  assert.deepEqual(splits, [
    { symbol: "AAPL", newShares: "4", oldShares: "1", date: "2022-01-04" },
    { symbol: "MSFT", newShares: "1", oldShares: "10", date: "2022-01-05" },
  ]);
  assert.deepEqual(asked, Array(2).fill("/v1/corporate-actions AAPL,MSFT 2022-01-04"));
});

Deno.test("the calendar is the exchange's days, in the exchange's zone", async () => {
  await using bench = new BrokerFixture();
  bench.answer(200, [{ date: "2022-03-14", open: "09:30", close: "13:00", session_open: "0400" }]);
  assert.deepEqual(await bench.broker().calendar!("2022-03-14", "2022-03-20", bench.signal), [{
    date: "2022-03-14",
    openUs: Date.parse("2022-03-14T13:30:00Z") * 1000,
    closeUs: Date.parse("2022-03-14T17:00:00Z") * 1000,
  }]);
  assert.deepEqual(bench.counterpart.requests, [
    "GET /v2/calendar?start=2022-03-14&end=2022-03-20",
  ]);
});
