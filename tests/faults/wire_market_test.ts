/** Faults of market, account, assets, calendar and clock do at the wire what they say. */
import assert from "node:assert/strict";
import { BUY, eventsOf, RESTING, update, WireWorld } from "./wire.ts";

Deno.test("a halt is told, nothing fills, and the resumption is told", async () => {
  await using world = await WireWorld.open();
  const data = await world.data({ statuses: ["LIQ"], bars: ["LIQ"] });
  const trading = await world.trading();
  await world.inject({ kind: "halt", symbols: ["LIQ"], seconds: 300, reason: "luld" });
  const { sc, rc, z } = await data.next(({ T }) => T === "s");
  assert.deepEqual([sc, rc, z], ["P", "LUDP", "C"]);
  await world.ask("POST", "/v2/orders", BUY);
  await world.minutes(4);
  assert.deepEqual(eventsOf(trading), ["new one"]);
  await world.minutes(1);
  assert.equal((await data.next(({ T }) => T === "s")).sc, "T");
  await world.minutes(1);
  await update(trading, "fill");
});

Deno.test("a halt that is taken back is resumed", async () => {
  await using world = await WireWorld.open();
  const data = await world.data({ statuses: ["*"] });
  const id = await world.inject({ kind: "halt", symbols: ["LIQ"] });
  await data.next(({ sc }) => sc === "H");
  assert.equal((await world.ask("DELETE", `/liu/faults/${id}`)).status, 204);
  await data.next(({ sc }) => sc === "T");
});

Deno.test("bands, corrections, cancels and updated bars go to who asked for them", async () => {
  await using world = await WireWorld.open();
  const data = await world.data({ lulds: ["LIQ"], trades: ["LIQ"], updatedBars: ["LIQ"] });
  await world.minutes(2);
  await world.inject({ kind: "luld", symbols: ["LIQ"], up: 110, down: 90 });
  const luld = await data.next(({ T }) => T === "l");
  assert.deepEqual([luld.S, luld.u, luld.d], ["LIQ", 110, 90]);
  await world.inject({ kind: "correction", symbols: ["LIQ"], price: 99 });
  const correction = await data.next(({ T }) => T === "c");
  assert.deepEqual([correction.op, correction.cp], [100, 99]);
  await world.inject({ kind: "trade_cancel", symbols: ["LIQ"] });
  assert.equal((await data.next(({ T }) => T === "x")).p, 100);
  await world.inject({ kind: "bar_update", symbols: ["LIQ"], price: 98 });
  const bar = await data.next(({ T }) => T === "u");
  assert.deepEqual([bar.c, bar.l, bar.t], [98, 98, "2022-01-03T14:31:00Z"]);
});

Deno.test("somebody trades by hand: told, or not told", async () => {
  await using world = await WireWorld.open();
  const trading = await world.trading();
  const manual = { kind: "manual_trade", symbols: ["LIQ"] } as const;
  const input = { ...manual, symbols: [...manual.symbols] };
  await world.inject({ ...input, side: "buy", qty: 7, price: 101 });
  const { data } = await trading.next(({ data }) => (data as { event?: string }).event === "fill");
  const { order, price } = data as { order: { client_order_id: string }; price: string };
  assert.ok(!order.client_order_id.startsWith("liu-"));
  assert.equal(price, "101");
  const told = eventsOf(trading).length;
  await world.inject({ ...input, side: "sell", qty: 3, told: false });
  await world.settled();
  assert.equal(eventsOf(trading).length, told);
  assert.equal((await world.ask("GET", "/v2/positions")).body[0].qty, "4");
});

Deno.test("the broker liquidates: orders canceled, positions closed", async () => {
  await using world = await WireWorld.open();
  const trading = await world.trading();
  await world.inject({ kind: "fills" });
  await world.ask("POST", "/v2/orders", BUY);
  await world.ask("POST", "/v2/orders", { ...RESTING, client_order_id: "two" });
  await world.inject({ kind: "forced_liquidation", price: 95 });
  await update(trading, "canceled", "two");
  assert.deepEqual((await world.ask("GET", "/v2/positions")).body, []);
  assert.deepEqual((await world.ask("GET", "/v2/orders")).body, []);
});

Deno.test("a split: more shares, lower prices, the same worth, old bars adjusted", async () => {
  await using world = await WireWorld.open();
  const trading = await world.trading();
  await world.inject({ kind: "fills", price: 100 });
  await world.ask("POST", "/v2/orders", BUY);
  await world.ask("POST", "/v2/orders", { ...RESTING, client_order_id: "two" });
  await world.minutes(2);
  const before = (await world.ask("GET", "/v2/account")).body;
  await world.inject({ kind: "split", symbols: ["LIQ"], ratio: 4 });
  const [position] = (await world.ask("GET", "/v2/positions")).body;
  assert.deepEqual([position.qty, position.avg_entry_price], ["40", "25"]);
  assert.equal((await world.ask("GET", "/v2/account")).body.equity, before.equity);
  await update(trading, "canceled", "two");
  const data = await world.data({ bars: ["LIQ"] });
  await world.minutes(1);
  const bar = await data.next(({ T }) => T === "b");
  assert.deepEqual([bar.c, bar.v], [25, 400_000]);
  assert.equal((await world.ask("GET", "/v2/account")).body.equity, before.equity);
  const closes = async (adjustment: string) => {
    const path = `/v2/stocks/bars?symbols=LIQ&timeframe=1Min&adjustment=${adjustment}`;
    return (await world.ask("GET", path)).body.bars.LIQ.map(({ c }: { c: number }) => c);
  };
  assert.deepEqual(await closes("raw"), [100, 100, 25]);
  assert.deepEqual(await closes("split"), [25, 25, 25]);
});

Deno.test("account and assets are blocked, and orders refused, while it lasts", async () => {
  await using world = await WireWorld.open();
  await world.inject({ kind: "account_blocked", seconds: 120 });
  assert.equal((await world.ask("GET", "/v2/account")).body.trading_blocked, true);
  assert.equal((await world.ask("POST", "/v2/orders", BUY)).status, 403);
  await world.minutes(2);
  assert.equal((await world.ask("GET", "/v2/account")).body.trading_blocked, false);

  const id = await world.inject({ kind: "asset", symbols: ["LIQ"], tradable: false });
  assert.equal((await world.ask("GET", "/v2/assets/LIQ")).body.tradable, false);
  assert.equal((await world.ask("GET", "/v2/assets")).body[0].tradable, false);
  assert.equal((await world.ask("POST", "/v2/orders", BUY)).status, 422);
  await world.ask("DELETE", `/liu/faults/${id}`);

  await world.inject({ kind: "asset", symbols: ["LIQ"], borrow: "not_borrowable" });
  const asset = (await world.ask("GET", "/v2/assets/LIQ")).body;
  assert.deepEqual([asset.easy_to_borrow, asset.shortable], [false, false]);
  const short = await world.ask("POST", "/v2/orders", { ...BUY, side: "sell" });
  assert.match(short.body.message, /cannot be sold short/);
  assert.equal((await world.ask("POST", "/v2/orders", BUY)).status, 200);
});

Deno.test("holidays and early closes are in calendar and clock; the clock is ahead", async () => {
  await using world = await WireWorld.open();
  const early = await world.inject({ kind: "early_close", date: "2022-01-03" });
  const range = "/v2/calendar?start=2022-01-03&end=2022-01-05";
  assert.deepEqual(
    (await world.ask("GET", range)).body.map(({ close }: { close: string }) => close),
    ["13:00", "16:00", "16:00"],
  );
  const clock = (await world.ask("GET", "/v2/clock")).body;
  assert.equal(clock.next_close, "2022-01-03T13:00:00-05:00");
  await world.ask("DELETE", `/liu/faults/${early}`);

  await world.inject({ kind: "holiday", date: "2022-01-04" });
  assert.deepEqual(
    (await world.ask("GET", range)).body.map(({ date }: { date: string }) => date),
    ["2022-01-03", "2022-01-05"],
  );
  assert.equal((await world.ask("GET", "/v2/clock")).body.next_open, "2022-01-05T09:30:00-05:00");

  await world.inject({ kind: "clock_skew", ms: 2500 });
  assert.equal(
    (await world.ask("GET", "/v2/clock")).body.timestamp,
    "2022-01-03T09:30:02.500000-05:00",
  );
});

Deno.test("faults are listed, counted, waited for and taken back over HTTP; wrong ones are told", async () => {
  await using world = await WireWorld.open();
  const a = await world.inject({ kind: "update_lost", every: 1, name: "silence" });
  await world.inject({ kind: "http_error", requests: ["GET /v2/account"], nth: 3 });
  await world.ask("POST", "/v2/orders", BUY);
  await world.ask("GET", "/v2/account");
  const { counts, faults, injections } = (await world.ask("GET", "/liu/faults")).body;
  assert.equal(counts.orders, 1);
  assert.deepEqual(
    faults.map((one: Record<string, unknown>) => [one.name, one.injected, one.occasions]),
    [["silence", 1, 1], ["http_error 2", 0, 1]],
  );
  assert.deepEqual(injections.map(({ what }: { what: string }) => what), ["new one"]);
  const waiting = world.ask("GET", `/liu/faults/${a}?injected=2`);
  await world.minutes(2);
  assert.equal((await waiting).body.injected, 2);
  assert.equal((await world.ask("DELETE", `/liu/faults/${a}`)).status, 204);
  assert.equal((await world.ask("DELETE", `/liu/faults/${a}`)).status, 404);
  const wrong = await world.ask("POST", "/liu/faults", { kind: "fills", pieces: [0], peices: 1 });
  assert.equal(wrong.status, 422);
  assert.match(wrong.body.message, /"peices" is not known here.*"pieces" must be quantities/);
  assert.equal((await world.ask("POST", "/liu/faults", { kind: "flood" })).status, 422);
  assert.equal((await world.ask("PUT", "/liu/faults", {})).status, 405);
});

Deno.test("an exchange that was started without faults has no such path", async () => {
  await using world = await WireWorld.open([], { faults: undefined });
  assert.equal((await world.ask("GET", "/liu/faults")).status, 404);
});
