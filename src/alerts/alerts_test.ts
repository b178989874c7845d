/** Alerts to local servers, on a clock that the test moves. */
import assert from "node:assert/strict";
import type { AlertTarget, AlertTargetKind } from "../config/alerts_plan.ts";
import { Secret } from "../util/secret.ts";
import type { Monotonic } from "../wire/monotonic.ts";
import { type Alert, AlertRefused, type SendAlert } from "./alert.ts";
import { Alerts } from "./alerts.ts";
import { sendTo } from "./targets.ts";

/** More than any chain of promises here has. */
const TURNS = 2000;
const SOURCE = { environment: "PAPER", host: "vps" };

function alert(code: string, text = `${code} happened`, about = ""): Alert {
  return { code, about, level: "error", text, timeMs: 5, properties: { symbol: "A" } };
}

class TestClock implements Monotonic {
  #nowMs = 0;
  #timers: { atMs: number; run: () => void }[] = [];
  nowMs(): number {
    return this.#nowMs;
  }
  after(ms: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, run };
    this.#timers.push(timer);
    return () => this.#timers = this.#timers.filter((one) => one !== timer);
  }
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    while (true) {
      await settled();
      const [next] = this.#timers.toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > endMs) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#nowMs = next.atMs;
      next.run();
    }
    this.#nowMs = endMs;
    await settled();
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await null;
}

interface World {
  alerts: Alerts;
  clock: TestClock;
  sent: string[];
  logs: string[];
}

function world(send?: SendAlert, limits = { maxPerMinute: 3, repeatMinutes: 5 }): World {
  const sent: string[] = [];
  const logs: string[] = [];
  const clock = new TestClock();
  const alerts = new Alerts({
    ...limits,
    monotonic: clock,
    targets: [{
      name: "test",
      send: async (alert, signal) => {
        await send?.(alert, signal);
        sent.push(alert.text);
      },
    }],
    log: (level, text, properties) => logs.push(`${level} ${text} ${JSON.stringify(properties)}`),
  });
  return { alerts, clock, sent, logs };
}

Deno.test("the same alert is told once, then how often it came meanwhile", async () => {
  const { alerts, clock, sent } = world();
  for (let i = 0; i < 4; i++) alerts.raise(alert("a", `a ${i}`));
  alerts.raise(alert("b"));
  await clock.pass(4 * 60_000);
  assert.deepEqual(sent, ["a 0", "b happened"]);
  await clock.pass(60_000);
  assert.deepEqual(sent.slice(2), ["3 more, the last: a 3"]);
  alerts.raise(alert("a", "a 4"));
  await clock.pass(10 * 60_000);
  assert.deepEqual(sent.slice(3), ["a 4"]);
});

Deno.test("alerts of one code about another thing are told each, and held back ones by name", async () => {
  const { alerts, clock, sent } = world(undefined, { maxPerMinute: 3, repeatMinutes: 5 });
  for (const name of ["one", "two", "three", "four"]) {
    alerts.raise(alert("positions_left", `${name} left 5 A`, name));
  }
  assert.deepEqual(await clock.pass(1000).then(() => sent), [
    "one left 5 A",
    "two left 5 A",
    "three left 5 A",
  ]);
  alerts.raise(alert("positions_left", "two left 7 B", "two"));
  alerts.raise(alert("positions_left", "two left 8 B", "two"));
  alerts.raise(alert("positions_left", "three left 9 C", "three"));
  await clock.pass(60_000);
  assert.deepEqual(sent.slice(3), [
    "1 alerts were held back, more than 3 in a minute: positions_left of four; the log has them",
  ]);
  await clock.pass(5 * 60_000);
  assert.deepEqual(sent.slice(4), ["3 more (two 2 times, three), the last: three left 9 C"]);
});

Deno.test("not more than so many a minute are told, and of the others how many there were", async () => {
  const { alerts, clock, sent } = world();
  for (let i = 0; i < 50; i++) alerts.raise(alert(`code ${i}`));
  await clock.pass(59_000);
  assert.deepEqual(sent, ["code 0 happened", "code 1 happened", "code 2 happened"]);
  await clock.pass(1000);
  assert.deepEqual(sent.slice(3), [
    "47 alerts were held back, more than 3 in a minute: code 3, code 4, code 5, code 6, code 7, " +
    "code 8, code 9, code 10, code 11, code 12, and 37 others; the log has them",
  ]);
});

Deno.test("a target that hangs holds up nobody, and what finds no room is told to be lost", async () => {
  const hanging = Promise.withResolvers<void>();
  const { alerts, clock, sent } = world(() => hanging.promise, {
    maxPerMinute: 1000,
    repeatMinutes: 5,
  });
  for (let i = 0; i < 150; i++) alerts.raise(alert(`code ${i}`));
  await clock.pass(1000);
  assert.deepEqual(sent, []);
  hanging.resolve();
  await clock.pass(1000);
  // One was on its way, 100 waited.
  assert.equal(sent.length, 101);
  assert.equal(sent[1], "code 1 happened (49 alerts before it were lost)");
  assert.equal(sent[2], "code 2 happened");
});

Deno.test("a failure is tried again, and logged once until it works", async () => {
  let answers: (Error | null)[] = [];
  const { alerts, clock, sent, logs } = world(() => {
    const answer = answers.shift() ?? null;
    return answer === null ? Promise.resolve() : Promise.reject(answer);
  }, { maxPerMinute: 1000, repeatMinutes: 5 });
  answers = [new Error("away"), new AlertRefused("it answered 429", 5000)];
  alerts.raise(alert("a"));
  await clock.pass(5500);
  assert.deepEqual(sent, []);
  await clock.pass(500);
  assert.deepEqual([sent, logs], [["a happened"], []]);
  answers = Array.from({ length: 8 }, () => new Error("away"));
  alerts.raise(alert("b"));
  alerts.raise(alert("c"));
  await clock.pass(60_000);
  assert.deepEqual(logs, [
    'warning Alerts do not get to {target}: {reason} {"target":"test","reason":"away"}',
  ]);
  // Refused for good: not tried again.
  answers = [new AlertRefused("it answered 404", null)];
  alerts.raise(alert("d"));
  await clock.pass(60_000);
  assert.equal(logs.length, 1);
  alerts.raise(alert("e"));
  await clock.pass(0);
  assert.deepEqual(logs.slice(1), ['info Alerts go to {target} again {"target":"test"}']);
  assert.equal(sent.at(-1), "e happened (3 alerts before it were lost)");
});

Deno.test("at the end what is left is sent, as far as there is time", async () => {
  const { alerts, clock, sent } = world();
  for (let i = 0; i < 5; i++) alerts.raise(alert("a"));
  await alerts.close(1000);
  assert.deepEqual(sent, ["a happened", "4 more, the last: a happened"]);
  alerts.raise(alert("late"));
  await clock.pass(1000);
  assert.equal(sent.length, 2);

  const aborted: string[] = [];
  const stuck = world((one, signal) =>
    new Promise((_, reject) =>
      signal.addEventListener("abort", () => {
        aborted.push(one.code);
        reject(signal.reason);
      })
    )
  );
  stuck.alerts.raise(alert("a"));
  const closed = stuck.alerts.close(1000);
  await stuck.clock.pass(1000);
  await closed;
  assert.deepEqual([aborted, stuck.sent], [["a"], []]);
});

interface Got {
  path: string;
  authorization: string | null;
  // deno-lint-ignore no-explicit-any -- what a target's protocol says
  body: any;
}

async function withServer(
  answer: () => Response,
  run: (baseUrl: string, got: Got[]) => Promise<void>,
): Promise<void> {
  const got: Got[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      const authorization = request.headers.get("Authorization");
      got.push({ path: pathname, authorization, body: await request.json() });
      return answer();
    },
  );
  try {
    await run(`http://127.0.0.1:${server.addr.port}`, got);
  } finally {
    await server.shutdown();
  }
}

async function send(kind: AlertTargetKind, url: string, more: Partial<AlertTarget> = {}) {
  const target = { kind, url: new Secret(url), token: null, chatId: "", ...more };
  const way = await sendTo(target, SOURCE);
  await way(alert("stop_lost", "A: <stop> & lost @everyone"), new AbortController().signal);
}

Deno.test("each target gets what it reads", () =>
  withServer(() => Response.json({ ok: true, result: {} }), async (baseUrl, got) => {
    await send("webhook", `${baseUrl}/hook`, { token: new Secret("sesame") });
    await send("slack", `${baseUrl}/slack`);
    await send("discord", `${baseUrl}/discord`);
    const token = new Secret("123:token");
    await send("telegram", `${baseUrl}/`, { token, chatId: "-42" });
    const line = "Liu PAPER on vps, error: A: <stop> & lost @everyone";
    assert.deepEqual(got, [
      {
        path: "/hook",
        authorization: "Bearer sesame",
        body: { ...alert("stop_lost", "A: <stop> & lost @everyone"), ...SOURCE },
      },
      {
        path: "/slack",
        authorization: null,
        body: { text: line.replace("<stop> &", "&lt;stop&gt; &amp;") },
      },
      {
        path: "/discord",
        authorization: null,
        body: { content: line, allowed_mentions: { parse: [] } },
      },
      {
        path: "/bot123:token/sendMessage",
        authorization: null,
        body: { chat_id: "-42", text: line },
      },
    ]);
  }));

async function refusal(kind: AlertTargetKind, url: string): Promise<unknown> {
  const token = new Secret("123:token");
  return await send(kind, url, { token, chatId: "1" }).then(() => null, (error) => error);
}

Deno.test("what a target refuses is tried again when it says so, or not at all", async () => {
  const cases: [status: number, retry: string | null, waits: number | null][] = [
    [429, "7", 7000],
    [503, null, 1000],
    [404, null, null],
  ];
  for (const [status, retry, waits] of cases) {
    const headers = retry === null ? undefined : { "Retry-After": retry };
    const parameters = retry === null ? {} : { retry_after: Number(retry) };
    const body = JSON.stringify({ ok: false, error_code: status, description: "no", parameters });
    await withServer(() => new Response(body, { status, headers }), async (baseUrl) => {
      for (const kind of ["webhook", "telegram"] as const) {
        const error = await refusal(kind, baseUrl);
        assert.ok(error instanceof AlertRefused, String(error));
        assert.equal(error.retryAfterMs, waits, `${kind} ${status}`);
        assert.doesNotMatch(error.message, /token/);
      }
    });
  }
});

Deno.test("a target that is not there is an error that keeps its secrets", async () => {
  for (const kind of ["slack", "telegram"] as const) {
    const error = await refusal(kind, "http://127.0.0.1:1/secret");
    assert.ok(error instanceof Error);
    assert.ok(!(error instanceof AlertRefused));
    assert.doesNotMatch(error.message, /token|secret/, error.message);
  }
});
