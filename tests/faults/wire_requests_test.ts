/** Faults of requests do at the wire what they say. */
import assert from "node:assert/strict";
import type { FaultInput } from "../../src/config/fault_kinds.ts";
import { BUY, eventsOf, update, WireWorld } from "./wire.ts";

const HOWS = ["cut", "silence"] as const;

for (const how of HOWS) {
  Deno.test(`a lost reply (${how}): the order is in, and no answer comes`, async () => {
    await using world = await WireWorld.open();
    const id = await world.inject({ kind: "reply_lost", how });
    const giveUp = new AbortController();
    const asking = fetch(`${world.simulator.baseUrl}/v2/orders`, {
      method: "POST",
      headers: { "APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret" },
      body: JSON.stringify(BUY),
      signal: giveUp.signal,
    });
    const lost = assert.rejects(asking);
    await world.untilInjected(id);
    // The one that was cut fails by itself.
    if (how === "silence") giveUp.abort();
    await lost;
    const { status } = await world.ask("GET", "/v2/orders:by_client_order_id?client_order_id=one");
    assert.equal(status, 200);
    assert.equal((await world.ask("GET", "/v2/orders")).body.length, 1);
  });

  Deno.test(`a lost request (${how}): there is no order`, async () => {
    await using world = await WireWorld.open();
    const id = await world.inject({ kind: "request_lost", how });
    const giveUp = new AbortController();
    const asking = fetch(`${world.simulator.baseUrl}/v2/orders`, {
      method: "POST",
      headers: { "APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret" },
      body: JSON.stringify(BUY),
      signal: giveUp.signal,
    });
    const lost = assert.rejects(asking);
    await world.untilInjected(id);
    if (how === "silence") giveUp.abort();
    await lost;
    const { status } = await world.ask("GET", "/v2/orders:by_client_order_id?client_order_id=one");
    assert.equal(status, 404);
  });
}

Deno.test("statuses, before and after acceptance; 429 says when to come again, or does not", async () => {
  await using world = await WireWorld.open();
  const check = async (
    fault: { status?: number; accepted?: boolean; headers?: boolean; wait?: number },
    isIn: boolean,
  ) => {
    await world.inject({ kind: "http_error", ...fault });
    const name = JSON.stringify(fault);
    const answer = await fetch(`${world.simulator.baseUrl}/v2/orders`, {
      method: "POST",
      headers: { "APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret" },
      body: JSON.stringify({ ...BUY, client_order_id: name }),
    });
    await answer.body?.cancel();
    assert.equal(answer.status, fault.status ?? 500);
    const found = await world.ask(
      "GET",
      `/v2/orders:by_client_order_id?client_order_id=${encodeURIComponent(name)}`,
    );
    assert.equal(found.status === 200, isIn, name);
    return answer.headers;
  };
  await check({}, false);
  await check({ status: 500, accepted: true }, true);
  await check({ status: 504 }, false);
  await check({ status: 504, accepted: true }, true);
  assert.equal((await check({ status: 429, wait: 7 }, false)).get("Retry-After"), "7");
  const bare = await check({ status: 429, headers: false }, false);
  assert.equal(bare.get("Retry-After"), null);
  assert.equal(bare.get("X-RateLimit-Reset"), null);
});

Deno.test("refusals are Alpaca's: status, code and words", async () => {
  await using world = await WireWorld.open();
  const check = async (
    reason: "duplicate_client_order_id" | "wash_trade" | "insufficient_qty",
    status: number,
    code: number,
    words: RegExp,
  ) => {
    await world.inject({ kind: "refusal", reason });
    const answer = await world.ask("POST", "/v2/orders", BUY);
    assert.deepEqual([answer.status, answer.body.code], [status, code]);
    assert.match(answer.body.message, words);
  };
  await check("duplicate_client_order_id", 422, 40010001, /client_order_id must be unique/);
  await check("wash_trade", 403, 40310000, /wash trade/);
  await check("insufficient_qty", 403, 40310000, /insufficient qty/);
  assert.equal((await world.ask("GET", "/v2/orders")).body.length, 0);
  // After acceptance: the first answer was lost, a second request meets its own order.
  await world.inject({ kind: "refusal", reason: "duplicate_client_order_id", accepted: true });
  assert.equal((await world.ask("POST", "/v2/orders", BUY)).status, 422);
  assert.equal((await world.ask("GET", "/v2/orders")).body.length, 1);
});

Deno.test("a late reply comes when its time has come, and not before", async () => {
  await using world = await WireWorld.open();
  await world.inject({ kind: "reply_late", ms: 5000, requests: ["POST /v2/orders"] });
  let isAnswered = false;
  const asking = world.ask("POST", "/v2/orders", BUY).then(() => isAnswered = true);
  await world.network.pass(5000, 5000);
  await asking;
  assert.ok(isAnswered);
});

Deno.test("jitter is by the seed: the same each time", async () => {
  const waits = async (): Promise<number[]> => {
    await using world = await WireWorld.open();
    await world.inject({ kind: "reply_late", ms: 1000, jitter: 500, every: 1, seed: 9 });
    const waited: number[] = [];
    for (let i = 0; i < 5; i++) {
      const asking = world.ask("GET", "/v2/account");
      waited.push(await world.network.pass(500, 1500));
      await asking;
    }
    return waited;
  };
  const first = await waits();
  assert.ok(new Set(first).size > 1);
  assert.deepEqual(await waits(), first);
});

Deno.test("a list can be empty, or as old as the fault", async () => {
  await using world = await WireWorld.open();
  await world.inject({ kind: "fills" });
  await world.inject({ kind: "reply_stale", requests: ["GET /v2/positions", "GET /v2/account*"] });
  assert.deepEqual((await world.ask("GET", "/v2/positions")).body, []);
  const before = await world.ask("GET", "/v2/account");
  await world.ask("POST", "/v2/orders", BUY);
  assert.deepEqual((await world.ask("GET", "/v2/positions")).body, []);
  assert.deepEqual((await world.ask("GET", "/v2/account")).body, before.body);
  assert.equal((await world.truth("/v2/positions")).body[0].qty, "10");
  await world.ask("DELETE", "/liu/faults");
  assert.equal((await world.ask("GET", "/v2/positions")).body[0].qty, "10");
  await world.inject({ kind: "reply_empty", requests: ["GET /v2/positions"] });
  assert.deepEqual((await world.ask("GET", "/v2/positions")).body, []);
  assert.equal((await world.ask("GET", "/v2/positions")).body.length, 1);
});

Deno.test("which request, which one of them, and how often, is as the fault says", async () => {
  await using world = await WireWorld.open();
  const statuses = async (count: number, path = "/v2/account") => {
    const seen: number[] = [];
    for (let i = 0; i < count; i++) seen.push((await world.ask("GET", path)).status);
    return seen;
  };
  const account: FaultInput = { kind: "http_error", requests: ["GET /v2/account"] };
  await world.inject({ ...account, nth: 2 });
  assert.deepEqual(await statuses(3), [200, 500, 200]);
  await world.inject({ ...account, every: 2, times: 2 });
  assert.deepEqual(await statuses(6), [200, 500, 200, 500, 200, 200]);
  await world.inject({ ...account, after: { requests: 13 } });
  assert.deepEqual(await statuses(4), [200, 200, 200, 500]);
  assert.deepEqual(await statuses(1, "/v2/clock"), [200]);
  await world.inject({ ...account, at: "09:35" });
  assert.deepEqual(await statuses(2), [200, 200]);
  await world.minutes(5);
  assert.deepEqual(await statuses(2), [500, 200]);
  await world.inject({ ...account, every: 1, until: "09:36" });
  assert.deepEqual(await statuses(2), [500, 500]);
  await world.minutes(1);
  assert.deepEqual(await statuses(2), [200, 200]);
  await world.inject({ ...account, symbols: ["LIQ"], requests: ["POST /v2/orders"] });
  assert.deepEqual(await statuses(1), [200]);
  const other = await world.ask("POST", "/v2/orders", { ...BUY, symbol: "NONE" });
  assert.equal(other.status, 422);
  assert.equal((await world.ask("POST", "/v2/orders", BUY)).status, 500);
});

Deno.test("chance is by the seed: the same occasions each time", async () => {
  const run = async (): Promise<number[]> => {
    await using world = await WireWorld.open();
    await world.inject({
      kind: "http_error",
      requests: ["GET /v2/account"],
      probability: 0.3,
      seed: 5,
    });
    const seen: number[] = [];
    for (let i = 0; i < 40; i++) seen.push((await world.ask("GET", "/v2/account")).status);
    return seen;
  };
  const first = await run();
  const share = first.filter((status) => status === 500).length / first.length;
  assert.ok(share > 0.1 && share < 0.6, String(share));
  assert.deepEqual(await run(), first);
});

Deno.test("an exchange with the adversary and without faults answers as one without it", async () => {
  const run = async (options: { faults?: undefined }): Promise<unknown[]> => {
    await using world = await WireWorld.open([], options);
    assert.equal(world.simulator.faults === null, "faults" in options);
    const socket = await world.trading();
    const answers: unknown[] = [];
    answers.push((await world.ask("POST", "/v2/orders", BUY)).body);
    await world.minutes(2);
    await update(socket, "fill");
    for (const path of ["/v2/account", "/v2/positions", "/v2/orders?status=all", "/v2/clock"]) {
      answers.push((await world.ask("GET", path)).body);
    }
    return [...answers, eventsOf(socket), socket.log];
  };
  assert.deepEqual(await run({}), await run({ faults: undefined }));
});
