import assert from "node:assert/strict";
import { decimal } from "../util/decimal.ts";
import { KEYS, OPEN_US, openData, request, startTestSimulator } from "./test_client.ts";
import type { Simulator } from "./server.ts";

const ORDER = { symbol: "AVDE", qty: "1", side: "buy", type: "market", time_in_force: "day" };

async function withSimulator(
  run: (simulator: Simulator) => Promise<void>,
  options: Parameters<typeof startTestSimulator>[0] = {},
): Promise<void> {
  const simulator = await startTestSimulator(options);
  try {
    await run(simulator);
  } finally {
    await simulator.close();
  }
}

Deno.test("each pair of keys has its own account; a key id keeps its secret", () =>
  withSimulator(async (simulator) => {
    const other = { ...KEYS, "APCA-API-KEY-ID": "other" };
    const [a, b] = [
      await request(simulator, "GET", "/v2/account"),
      await request(simulator, "GET", "/v2/account", undefined, other),
    ];
    assert.notEqual(a.body.id, b.body.id);
    assert.equal(a.body.cash, "2500.5");
    assert.equal(a.headers.get("X-RateLimit-Limit"), "200");
    assert.match(a.headers.get("X-Request-ID")!, /^[0-9a-f-]{36}$/);
    const wrong = { ...KEYS, "APCA-API-SECRET-KEY": "guess" };
    const refused = await request(simulator, "GET", "/v2/account", undefined, wrong);
    assert.deepEqual([refused.status, refused.body.code], [401, 40110000]);
  }, { cash: "2500.50" }));

Deno.test("with keys given, only these are let in", () =>
  withSimulator(async (simulator) => {
    assert.equal((await request(simulator, "GET", "/v2/clock")).status, 401);
    const good = { "APCA-API-KEY-ID": "a", "APCA-API-SECRET-KEY": "b" };
    assert.equal((await request(simulator, "GET", "/v2/clock", undefined, good)).status, 200);
  }, { keys: [{ keyId: "a", secretKey: "b" }] }));

Deno.test("bad requests get Alpaca's codes", () =>
  withSimulator(async (simulator) => {
    const check = async (
      method: string,
      path: string,
      body: unknown,
      status: number,
      code: number,
    ) => {
      const answer = await request(simulator, method, path, body);
      assert.deepEqual([answer.status, answer.body.code], [status, code], `${method} ${path}`);
      assert.equal(typeof answer.body.message, "string");
    };
    const post = (change: object, status: number, code: number) =>
      check("POST", "/v2/orders", { ...ORDER, ...change }, status, code);
    await post({ side: "up" }, 422, 40010001);
    await post({ qty: undefined }, 422, 40010001);
    await post({ qty: "1.5.2" }, 422, 40010001);
    await post({ type: "limit", limit_price: "100.001" }, 422, 42210000);
    await post({ qty: "1000000" }, 403, 40310000);
    await check("POST", "/v2/orders", "a text", 422, 40010001);
    await check("GET", "/v2/orders?status=odd", undefined, 422, 40010001);
    await check("GET", "/v2/orders?limit=501", undefined, 422, 40010001);
    await check("GET", "/v2/orders/none", undefined, 404, 40410000);
    await check("DELETE", "/v2/orders/none", undefined, 404, 40410000);
    await check("PATCH", "/v2/orders/none", { qty: "2" }, 404, 40410000);
    await check("GET", "/v2/positions/AVDE", undefined, 404, 40410000);
    await check("DELETE", "/v2/positions/AVDE", undefined, 404, 40410000);
    await check("GET", "/v2/assets/NONE", undefined, 404, 40410000);
    await check("GET", "/v2/calendar?start=soon", undefined, 422, 40010001);
    await check("GET", "/v2/account/activities?page_size=0", undefined, 422, 40010001);
    await check("GET", "/v2/stocks/bars?timeframe=1Min", undefined, 400, 40010001);
    await check("GET", "/v2/stocks/bars?symbols=AVDE&timeframe=61Min", undefined, 400, 40010001);
    await check("GET", "/v2/stocks/trades?symbols=AVDE&limit=0", undefined, 400, 40010001);
    await check("GET", "/v2/stocks/trades?symbols=AVDE&start=soon", undefined, 400, 40010001);
    await check("GET", "/v2/stocks/quotes?symbols=a%20b", undefined, 400, 40010001);
    await check(
      "GET",
      "/v2/stocks/AVDE/bars?timeframe=1Min&page_token=x",
      undefined,
      400,
      40010001,
    );
    await check("GET", "/v2/no/such", undefined, 404, 40410000);
    const { status } = await fetch(simulator.baseUrl + "/v2/orders", {
      method: "POST",
      headers: KEYS,
      body: "{",
    }).then(async (response) => (await response.body?.cancel(), response));
    assert.equal(status, 400);
  }));

Deno.test("numbers and asset ids are taken for texts and symbols; a duplicate id is refused", () =>
  withSimulator(async (simulator) => {
    const asset = (await request(simulator, "GET", "/v2/assets/AVDE")).body;
    const body = { ...ORDER, symbol: asset.id, qty: 2, client_order_id: "mine" };
    const first = await request(simulator, "POST", "/v2/orders", body);
    assert.deepEqual([first.status, first.body.symbol, first.body.qty], [200, "AVDE", "2"]);
    const again = await request(simulator, "POST", "/v2/orders", body);
    assert.deepEqual([again.status, again.body.code], [422, 40010001]);
    const found = await request(
      simulator,
      "GET",
      "/v2/orders:by_client_order_id?client_order_id=mine",
    );
    assert.equal(found.body.id, first.body.id);
  }));

Deno.test("history ends at the clock, and a bar is not shown before its end", () =>
  withSimulator(async (simulator) => {
    const socket = await openData(simulator, "/v2/sip", {
      headers: { "Liu-Step": "ack" },
      subscribe: { bars: ["AVDE"] },
    });
    for (let n = 0; n < 9; n++) {
      socket.send({ action: "step_ack", n });
      await socket.next(({ T, n: next }) => T === "step" && next === n + 1);
      const clockUs = simulator.market.nowUs();
      assert.equal(clockUs, OPEN_US + n * 15e6);
      for (const [kind, ageUs] of [["bars", 60e6], ["trades", 0], ["quotes", 0]] as const) {
        const { body } = await request(
          simulator,
          "GET",
          `/v2/stocks/${kind}?symbols=AVDE&timeframe=1Min&start=2021-12-01&end=2023-01-01`,
        );
        const times = body[kind].AVDE.map(({ t }: { t: string }) => Date.parse(t) * 1000);
        assert.ok(Math.max(...times) <= clockUs - ageUs, `${kind} in step ${n + 1}`);
      }
      const { AVDE } = (await request(simulator, "GET", "/v2/stocks/snapshots?symbols=AVDE")).body;
      assert.ok(Date.parse(AVDE.latestTrade.t) * 1000 <= clockUs);
      // The day's bar is of the minutes that are complete.
      assert.equal(AVDE.dailyBar.t, n < 4 ? "2021-12-31T05:00:00Z" : "2022-01-03T05:00:00Z");
    }
    await socket.close();
  }));

Deno.test("pages put together are the whole, sorted by symbol first", () =>
  withSimulator(async (simulator) => {
    const path = "/v2/stocks/bars?symbols=CYRI,AVDE&timeframe=1Hour&start=2021-12-20";
    const whole = (await request(simulator, "GET", path)).body;
    const rows = { AVDE: [] as unknown[], CYRI: [] as unknown[] };
    let token: string | null = "";
    let pages = 0;
    for (; token !== null; pages++) {
      const { body }: { body: { bars: typeof rows; next_page_token: string | null } } =
        await request(simulator, "GET", `${path}&limit=7&page_token=${token}`);
      rows.AVDE.push(...body.bars.AVDE ?? []);
      rows.CYRI.push(...body.bars.CYRI ?? []);
      token = body.next_page_token;
    }
    assert.equal(whole.next_page_token, null);
    assert.deepEqual(rows, whole.bars);
    assert.equal(pages, Math.ceil((rows.AVDE.length + rows.CYRI.length) / 7));
  }));

Deno.test("requests beyond the limit of a market minute get 429", () =>
  withSimulator(async (simulator) => {
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push(await request(simulator, "GET", "/v2/clock"));
    assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200, 429]);
    assert.equal(answers[2].headers.get("X-RateLimit-Remaining"), "0");
    assert.equal(answers[3].body.code, 42910000);
    // A market minute takes 60,000 s at this speed.
    assert.ok(Number(answers[3].headers.get("Retry-After")) > 50_000);
  }, { speed: 0.001, requestsPerMinute: 3 }));

Deno.test("wrong options are told before anything is served", async () => {
  const check = async (options: Parameters<typeof startTestSimulator>[0], expected: RegExp) => {
    await assert.rejects(startTestSimulator(options), expected);
  };
  await check({ sources: [] }, /without data/);
  await check({ speed: 0 }, /speed 0/);
  await check({ cash: "-1" }, /cash "-1"/);
  await check({ port: 70000 }, /port 70000/);
  await check({ volumeShare: 2 }, /volume share 2/);
  await check({ endUs: OPEN_US }, /the end must be after the start/);
  await check({
    sources: [{ kind: "generate", symbols: 1, seed: 1 }, { kind: "generate", symbols: 1, seed: 2 }],
  }, /AVDE: its minute bars come from two sources/);
  const simulator = await startTestSimulator();
  const port = Number(new URL(simulator.baseUrl).port);
  await check({ port }, /the port is in use/);
  await simulator.close();
});

Deno.test("with daily bars only, an order is filled at the next day's open", async () => {
  const file = await Deno.makeTempFile({ suffix: ".csv" });
  await Deno.writeTextFile(
    file,
    "Date,Open,High,Low,Close,Adj Close,Volume\n" +
      "2022-01-03,100,103,99,102,102,1000000\n2022-01-04,104,105,101,103,103,1000000\n",
  );
  const simulator = await startTestSimulator({
    sources: [{ kind: "bars", file, symbol: "SPY" }],
    startUs: Date.parse("2022-01-03T22:00:00Z") * 1000,
    endUs: Date.parse("2022-01-04T21:00:00Z") * 1000,
  });
  const body = { ...ORDER, symbol: "SPY", qty: "3" };
  const order = (await request(simulator, "POST", "/v2/orders", body)).body;
  assert.equal(order.status, "accepted");
  const socket = await openData(simulator, "/v2/sip", { subscribe: { dailyBars: ["SPY"] } });
  const bar = await socket.next(({ T }) => T === "d");
  assert.deepEqual([bar.t, bar.o, bar.c], ["2022-01-04T05:00:00Z", 104, 103]);
  const filled = (await request(simulator, "GET", `/v2/orders/${order.id}`)).body;
  assert.deepEqual([filled.status, filled.filled_avg_price], ["filled", "104"]);
  const history = await request(
    simulator,
    "GET",
    "/v2/stocks/SPY/bars?timeframe=1Day&start=2022-01-01",
  );
  assert.equal(history.body.bars.length, 2);
  await socket.close();
  await simulator.close();
  await Deno.remove(file);
});

Deno.test("the account's money adds up to its fills, fees included", async () => {
  const simulator = await startTestSimulator({ fees: { equityBps: 10 }, volumeShare: 0.5 });
  const headers = { "Liu-Step": "ack" };
  const socket = await openData(simulator, "/v2/sip", { headers });
  const step = async (n: number) => {
    socket.send({ action: "step_ack", n });
    await socket.next(({ T, n: next }) => T === "step" && next === n + 1);
  };
  await step(0);
  await request(simulator, "POST", "/v2/orders", { ...ORDER, qty: "300" });
  for (let n = 1; n < 20; n++) await step(n);
  await request(simulator, "DELETE", "/v2/positions");
  for (let n = 20; n < 40; n++) await step(n);
  const fills = (await request(simulator, "GET", "/v2/account/activities/FILL?direction=asc")).body;
  assert.ok(fills.length > 2, "fills in parts");
  const { body: account } = await request(simulator, "GET", "/v2/account");
  let cash = decimal("100000");
  const byOrder = new Map<string, ReturnType<typeof decimal>>();
  for (const { order_id: id, side, qty, price } of fills) {
    const notional = decimal(qty).times(price);
    cash = side === "buy" ? cash.minus(notional) : cash.plus(notional);
    byOrder.set(id, notional.plus(byOrder.get(id) ?? 0));
  }
  for (const notional of byOrder.values()) cash = cash.minus(notional.times("0.001").round(2));
  assert.equal(account.cash, cash.toFixed());
  assert.equal(account.equity, account.cash);
  assert.deepEqual((await request(simulator, "GET", "/v2/positions")).body, []);
  await socket.close();
  await simulator.close();
});
