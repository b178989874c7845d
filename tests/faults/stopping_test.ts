/** Fault 41: SIGTERM and SIGINT, to a real process. */
import assert from "node:assert/strict";
import { inFolder, writeFiles } from "../program.ts";
import { type Exchange, onExchange, TraderProcess } from "./trader_process.ts";

/** Its exit is waited for so long: ten seconds, and what a busy machine adds. */
const EXIT_MS_MAX = 12_000;

/** Starts a trader, waits until it holds something and has an order open, and stops it. */
function stopped(
  plan: string,
  check: (world: { trader: TraderProcess; exchange: Exchange; code: number }) => Promise<void>,
  options: {
    signal?: Deno.Signal;
    isTwice?: boolean;
    before?(exchange: Exchange): void | Promise<void>;
  } = {},
): Promise<void> {
  return inFolder((folder) =>
    onExchange(folder, plan, async (liu, exchange) => {
      const trader = TraderProcess.start(liu, [], exchange.env);
      await trader.says(/ buy /i);
      while ((await exchange.get("/v2/orders?status=open")).length < 2) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await options.before?.(exchange);
      const fromMs = performance.now();
      trader.kill(options.signal ?? "SIGTERM");
      if (options.isTwice) {
        await trader.says(/REDUCING/);
        trader.kill("SIGTERM");
      }
      const { code } = await trader.ended;
      const ms = performance.now() - fromMs;
      assert.ok(ms < EXIT_MS_MAX, `it took ${ms} ms\n${trader.err}`);
      await check({ trader, exchange, code });
    })
  );
}

const held = async ({ get }: Exchange) => (await get("/v2/positions")).map(({ qty }) => qty);
const open = async ({ get }: Exchange) =>
  (await get("/v2/orders?status=open")).map(({ type, side }) => `${side} ${type}`).sort();

Deno.test("fault 41: told to stop, it cancels what is open, and leaves positions protected", () =>
  stopped("", async ({ trader, exchange, code }) => {
    assert.equal(code, 0, trader.err);
    assert.deepEqual(await held(exchange), ["5"]);
    assert.deepEqual(await open(exchange), ["sell stop"]);
    assert.match(trader.out, /5 \S+ at \S+, buyer: its protection rests at the broker/);
    assert.match(trader.out, /ended: interrupted/);
    assert.doesNotMatch(trader.err, /NOT DONE/);
  }));

Deno.test('fault 41: on_stop = "keep" leaves orders and positions as they are', () =>
  stopped('[session]\non_stop = "keep"\n', async ({ trader, exchange, code }) => {
    assert.equal(code, 0, trader.err);
    assert.deepEqual(await held(exchange), ["5"]);
    assert.deepEqual(await open(exchange), ["buy limit", "sell stop"]);
  }, { signal: "SIGINT" }));

Deno.test('fault 41: on_stop = "flatten" closes all', () =>
  stopped('[session]\non_stop = "flatten"\n', async ({ trader, exchange, code }) => {
    assert.equal(code, 0, trader.err);
    assert.deepEqual(await held(exchange), []);
    assert.deepEqual(await open(exchange), []);
    assert.doesNotMatch(trader.out, /Still open/);
  }));

Deno.test("fault 41: a broker that does not answer does not hold it up; what was not done is told", () =>
  stopped("", async ({ trader, exchange, code }) => {
    assert.equal(code, 3);
    assert.match(trader.err, /NOT DONE: /);
    // It is as it was: nothing is lost but the cancel.
    assert.deepEqual(await held(exchange), ["5"]);
    assert.deepEqual(await open(exchange), ["buy limit", "sell stop"]);
  }, { before: ({ proxy }) => proxy.silence() }));

Deno.test("fault 37: told to stop, it says what the broker has and its books have not", () =>
  stopped("", async ({ trader, exchange, code }) => {
    assert.deepEqual(await held(exchange), []);
    assert.match(trader.err, /NOT DONE: \S+: the broker has 0, Liu's books 5/);
    assert.equal(code, 3);
  }, {
    before: async ({ simulate: { baseUrl } }) => {
      const body = JSON.stringify({ kind: "forced_liquidation", told: false });
      const given = await fetch(`${baseUrl}/liu/faults`, { method: "POST", body });
      const answer = await given.text();
      assert.equal(given.status, 201, answer);
      const { id } = JSON.parse(answer);
      await (await fetch(`${baseUrl}/liu/faults/${id}?injected=1`)).body?.cancel();
    },
  }));

Deno.test("fault 41: a second signal ends it at once, orders are not touched", () =>
  stopped("", async ({ exchange, trader, code }) => {
    assert.equal(code, 143, trader.err);
    assert.deepEqual(await held(exchange), ["5"]);
    assert.deepEqual(await open(exchange), ["buy limit", "sell stop"]);
  }, { before: ({ proxy }) => proxy.silence(), isTwice: true }));

/** Its orders end with the day, and it takes a while to be loaded. */
const SLOW = `import { buy, Strategy, type Tick } from "liu";
export default class Slow extends Strategy {
  create() {
    let sum = 0;
    for (let i = 0; i < 300_000_000; i++) sum += i;
    return sum > 0;
  }
  run({ bars, position }: Tick<this>) {
    if (position) return;
    return buy({ qty: 5, stopPrice: Math.round(bars.close.at(-1) / 2), timeInForce: "day" });
  }
}
`;

Deno.test("fault 41: stopped before it has begun, it leaves protected what it took over", () =>
  inFolder((folder) =>
    onExchange(folder, "", async (liu, exchange) => {
      await writeFiles(folder, { "buyer.ts": SLOW });
      const stops = async () =>
        (await exchange.get("/v2/orders?status=open")).filter(({ type }) => type === "stop")
          .map(({ side, qty, time_in_force: until }) => `${side} ${qty} ${until}`);
      const killed = TraderProcess.start(liu, [], exchange.env);
      while ((await held(exchange)).length < 2 || (await stops()).length < 2) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      killed.kill("SIGKILL");
      await killed.ended;
      assert.deepEqual(await stops(), ["sell 5 day", "sell 5 day"]);

      const trader = TraderProcess.start(liu, [], exchange.env);
      await trader.says(/carrying on batch/);
      trader.kill("SIGTERM");
      assert.notEqual((await trader.ended).code, 0);
      assert.match(trader.err, /Interrupted before the session began/);
      assert.deepEqual(await stops(), ["sell 5 gtc", "sell 5 gtc"]);
      assert.deepEqual(await held(exchange), ["5", "5"]);
    })
  ));
