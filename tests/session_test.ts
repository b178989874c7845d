/**
 * Sessions over real sockets, workers and the embedded database, watched by strategies that tell
 * what they see.
 */
import assert from "node:assert/strict";
import {
  checkBars,
  MINUTE_US,
  OPEN,
  OPEN_US,
  phases,
  type Played,
  said,
  SessionWorld,
  us,
} from "./session_world.ts";

const SPY = `[strategies.spy]
filename = "strategies/spy.ts"
`;

/** They share a database, each has an exchange of its own. */
const SESSIONS: Record<string, (world: SessionWorld) => Promise<void>> = {
  "started on a holiday, it waits for the next open; the early close is kept": async (world) => {
    // 2021-11-25 is Thanksgiving; 23:50 in New York.
    const played = await world.play({
      plan: `market_liquidation_end_time_minutes = 15
[scanners.symbols]
symbols = ["AAA"]
[strategies.holder]
filename = "strategies/holder.ts"
`,
      bars: [["AAA", "2021-11-26T14:30:00Z", 215]],
      start: "2021-11-26T04:50:00Z",
      end: "2021-11-26T18:05:00Z",
    });
    assert.deepEqual(phases(played).slice(1), [
      "2021-11-26T04:50 us_equity: waiting for the open of 2021-11-26",
      "2021-11-26T14:30 us_equity: the session of 2021-11-26 is open",
      "2021-11-26T17:45 us_equity: closing day trades",
      "2021-11-26T17:46 us_equity: flat",
      "2021-11-26T18:00 us_equity: the session of 2021-11-26 is closed",
    ]);
    assert.equal(played.session.endReason, "market close");
    assert.equal(played.session.endUs, us("2021-11-26T18:00:00Z"));
    assert.deepEqual(played.session.open, []);
    assert.deepEqual(played.stored.trades.map(({ operation }) => operation), ["buy", "sell"]);
    assert.deepEqual(played.stored.runs.map(({ endReason }) => endReason), [
      "market close",
      "market close",
    ]);
  },

  "a crypto session ends at the plan's time, over UTC's midnight": async (world) => {
    const played = await world.play({
      plan: `assets = ["crypto"]
end_time = "20:00"
[scanners.symbols]
symbols = ["BTC/USD"]
[strategies.holder]
filename = "strategies/holder.ts"
`,
      bars: [["BTC/USD", "2022-01-03T23:30:00Z", 100]],
      start: "2022-01-03T23:50:00Z",
      end: "2022-01-04T01:10:00Z",
    });
    assert.deepEqual(phases(played).slice(1), [
      "2022-01-03T23:50 crypto: the session of 2022-01-03 is open",
      "2022-01-04T00:45 crypto: closing day trades",
      "2022-01-04T00:46 crypto: flat",
      "2022-01-04T01:00 crypto: the session of 2022-01-03 is closed",
    ]);
    assert.equal(played.session.endUs, us("2022-01-04T01:00:00Z"));
    assert.equal(played.analysis.totals.openPositions, 0);
  },

  "scanners: their recurrence, their target, their failures, their time": async (world) => {
    const played = await world.play({
      plan: `[scanners.thrower]
filename = "scanners/thrower.ts"
recurrence = 5
target_strategy_name = "spy"
[scanners.scan_spy]
filename = "scanners/scan_spy.ts"
recurrence = 7
[scanners.symbols]
symbols = ["CCC"]
target_strategy_name = "other"
${SPY}
[strategies.other]
filename = "strategies/spy.ts"
`,
      bars: [
        ["AAA", "2021-12-31T20:00:00Z", 30],
        ...["AAA", "BBB", "CCC"].map((s): [string, string, number] => [s, OPEN, 40]),
      ],
      start: "2022-01-03T14:25:00Z",
      end: "2022-01-03T15:00:00Z",
    });
    const scans = played.events.flatMap((event): (string | number)[][] =>
      event.type === "scan" && event.scanner !== "scan_spy"
        ? [[(event.timeUs - OPEN_US) / MINUTE_US, event.scanner, ...event.added]]
        : event.type === "strategyFailed"
        ? [[event.strategy, event.message]]
        : []
    );
    assert.deepEqual(scans, [
      [0, "thrower", "AAA"],
      [0, "symbols", "CCC"],
      ["thrower", "lost its way"],
      [10, "thrower", "BBB"],
      [15, "thrower"],
      [20, "thrower"],
      [25, "thrower"],
      [30, "thrower"],
    ]);
    const followed = (part: string) =>
      [...new Set(said(played, part, "saw").map(({ symbol }) => symbol))].sort();
    assert.deepEqual(followed("spy"), ["AAA", "BBB"]);
    assert.deepEqual(followed("other"), ["CCC"]);

    const seen = said(played, "scan_spy", "saw");
    const minutes = [...new Set(seen.map((one) => (one.us - OPEN_US) / MINUTE_US))];
    assert.deepEqual(minutes, [0, 7, 14, 21, 28]);
    for (const { symbol, us: nowUs, last, minutesUs, daysUs } of seen) {
      const minute = (nowUs - OPEN_US) / MINUTE_US;
      if (minute === 0) continue;
      // The close of the minute that has just ended, and nothing later.
      assert.equal(last, 100 + (minute - 1) / 100, `${symbol} at ${minute}`);
      assert.equal(minutesUs.at(-1), nowUs - MINUTE_US);
      assert.equal(minutesUs.length, 5);
      assert.ok(daysUs.every((dayUs: number) => dayUs < us("2022-01-01T00:00:00Z")));
      assert.equal(daysUs.length, symbol === "AAA" ? 1 : 0);
    }
  },

  "a strategy sees complete bars, without gap or overlap after the history": async (world) => {
    const symbols = ["AAA", "BBB", "CCC", "DDD", "EEE"];
    const played = await world.play({
      plan: `[scanners.one_more]
filename = "scanners/one_more.ts"
recurrence = 3
${SPY}`,
      bars: [
        ["AAA", "2021-12-31T20:50:00Z", 10],
        ...symbols.map((s): [string, string, number] => [s, OPEN, 40]),
      ],
      start: "2022-01-03T14:25:00Z",
      end: "2022-01-03T15:00:00Z",
    });
    const first = checkBars(played);
    // Picked at the minute i × 3: the first event is the bar that ends a minute later.
    assert.deepEqual([...first.values()], symbols.map((_, i) => i * 3 + 1));
    const [seen] = said(played, "spy", "saw").filter(({ symbol }) => symbol === "AAA");
    assert.equal(seen.all, 11);
    assert.equal(seen.firstUs, us("2021-12-31T20:50:00Z"));
  },

  "the same where time goes on by itself, while histories are on their way": async (world) => {
    const followed = new Set<string>();
    const symbols = Array.from({ length: 20 }, (_, i) => `S${String.fromCharCode(65 + i)}`);
    const played = await world.play({
      plan: `[scanners.one_more]
filename = "scanners/one_more.ts"
recurrence = 1
${SPY}`,
      bars: symbols.map((s): [string, string, number] => [s, OPEN, 390]),
      start: "2022-01-03T14:29:00Z",
      end: "2022-01-03T21:00:00Z",
      speed: 600,
      until: ({ part, message, properties }) =>
        part === "spy" && message === "saw" && followed.add(properties.symbol).size >= 12,
    });
    assert.equal(played.session.endReason, "interrupted");
    assert.ok(checkBars(played).size >= 12);
    assert.deepEqual(said(played, "spy", "gap"), []);
  },

  "a symbol's stream ends when the last strategy has given it up": async (world) => {
    const played = await world.play({
      plan: `[scanners.symbols]
symbols = ["AAA", "BBB"]
[scanners.again]
filename = "scanners/thrower.ts"
recurrence = 12
target_strategy_name = "early"
[strategies.early]
filename = "strategies/picky.ts"
runs = 3
[strategies.late]
filename = "strategies/picky.ts"
runs = 6
[strategies.absent]
filename = "strategies/absent.ts"
`,
      bars: [["AAA", OPEN, 40], ["BBB", OPEN, 40]],
      start: "2022-01-03T14:29:00Z",
      end: "2022-01-03T15:00:00Z",
    });
    const rejects = played.events.flatMap((event) =>
      event.type === "reject"
        ? [`${(event.timeUs - OPEN_US) / MINUTE_US} ${event.strategy} ${event.symbol}`]
        : []
    );
    assert.deepEqual(rejects.sort(), ["3 early AAA", "3 early BBB", "6 late AAA", "6 late BBB"]);
    assert.equal(said(played, "early", "ran").length, 2 * 3);
    assert.equal(said(played, "late", "ran").length, 2 * 6);
    assert.deepEqual(said(played, "absent", "ran"), []);
    // Both are there until both strategies have left; picked again for one that gave it up, nothing
    // comes back.
    assert.deepEqual(played.asked.slice(0, 1), ["subscribe AAA BBB"]);
    assert.deepEqual(played.asked.slice(1).sort(), ["unsubscribe AAA", "unsubscribe BBB"]);
  },

  "a strategy that does not return is stopped, the others trade on": async (world) => {
    const played = await world.play({
      plan: `[scanners.symbols]
symbols = ["AAA"]
[strategies.spinner]
filename = "strategies/spinner.ts"
${SPY}`,
      bars: [["AAA", OPEN, 10]],
      start: "2022-01-03T14:29:00Z",
      end: "2022-01-03T14:41:00Z",
      env: { NUM_CONSUMERS: "1" },
    });
    const failed = played.events.filter((event) => event.type === "strategyFailed");
    assert.deepEqual(failed.map(({ strategy }) => strategy), ["spinner"]);
    assert.match(failed[0].message, /it took too long/);
    assert.equal(said(played, "spy", "saw").length, 10);
    assert.equal(played.session.endReason, "end of the exchange's data");
    const reasons = played.stored.runs.map(({ algoName, endReason }) => [algoName, endReason]);
    assert.match(String(new Map(reasons as [string, string][]).get("spinner")), /^stopped: /);
  },

  "a strategy with a grant has a consumer of its own, and others have none of it": async (
    world,
  ) => {
    const server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      () => new Response("hello"),
    );
    const host = `127.0.0.1:${server.addr.port}`;
    try {
      const played = await world.play({
        plan: `[scanners.symbols]
symbols = ["AAA", "BBB", "CCC", "DDD"]
[strategies.caller]
filename = "strategies/caller.ts"
permissions = { net = ["${host}"] }
url = "http://${host}/"
${SPY}`,
        bars: ["AAA", "BBB", "CCC", "DDD"].map((s) => [s, OPEN, 390]),
        start: "2022-01-03T14:29:00Z",
        end: "2022-01-03T21:00:00Z",
        until: ({ part, message, properties }) =>
          message === "refused" || (part === "spy" && properties.us > OPEN_US + 60 * MINUTE_US),
      });
      assert.deepEqual(said(played, "caller", "fetched"), [{ said: "hello" }]);
      assert.ok(phases(played).some((text) => text.endsWith(`caller may reach ${host}`)));
      const { runs } = played.session;
      const consumersOf = (name: string) =>
        runs.filter(({ strategy }) => strategy === name).map(({ consumer }) => consumer);
      assert.deepEqual(consumersOf("spy"), [0, 1]);
      assert.deepEqual(consumersOf("caller"), [2]);
      const seen = said(played, "spy", "saw");
      assert.equal(new Set(seen.map(({ symbol }) => symbol)).size, 4);
      assert.ok(seen.every(({ hasFetch }) => hasFetch === false));
    } finally {
      await server.shutdown();
    }
  },

  "a keystore's value is there for the next step, consumer and session": async (world) => {
    const options = {
      plan: `[scanners.symbols]
symbols = ["AAA", "BBB"]
[strategies.notes]
filename = "strategies/notes.ts"
`,
      bars: ["AAA", "BBB"].map((s): [string, string, number] => [s, OPEN, 10]),
      start: "2022-01-03T14:29:00Z",
      end: "2022-01-03T14:36:00Z",
    };
    const first = await world.play(options);
    assert.equal(new Set(first.session.runs.map(({ consumer }) => consumer)).size, 2);
    const notes = (played: Played, of: string) =>
      said(played, "notes", "read").filter(({ symbol }) => symbol === of)
        .map(({ note }) => note);
    const written = [null, null, null, "written", "written", "written"];
    assert.deepEqual(notes(first, "AAA"), written);
    assert.deepEqual(notes(first, "BBB"), written);
    const second = await world.play(options);
    assert.deepEqual(notes(second, "BBB"), new Array(6).fill("written"));
    // Also what was written before the first event, and after the last.
    assert.deepEqual(said(first, "notes", "created"), [{ closed: null }, { closed: null }]);
    assert.deepEqual(said(second, "notes", "created"), [{ closed: "yes" }, { closed: "yes" }]);
  },

  "interrupted before it begins, it waits for nobody": async (world) => {
    const options = {
      plan: SPY,
      bars: [["AAA", OPEN, 10] as [string, string, number]],
      start: "2022-01-03T14:29:00Z",
      end: "2022-01-03T14:36:00Z",
    };
    const interrupted = { name: "OperationError", message: /Interrupted before the session/ };
    await assert.rejects(world.play({ ...options, signal: AbortSignal.abort() }), interrupted);

    // An exchange that takes requests and never answers.
    const asked = new AbortController();
    const silence = Promise.withResolvers<Response>();
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => {
      asked.abort();
      return silence.promise;
    });
    const env = { APCA_API_BASE_URL: `http://127.0.0.1:${server.addr.port}` };
    try {
      await assert.rejects(world.play({ ...options, env, signal: asked.signal }), interrupted);
    } finally {
      silence.resolve(new Response());
      await server.shutdown();
    }
  },

  "without scanners it waits for the close; a plan's scanners alone follow nothing": async (
    world,
  ) => {
    const options = {
      bars: [["AAA", "2021-11-26T17:30:00Z", 40] as [string, string, number]],
      start: "2021-11-26T17:40:00Z",
      end: "2021-11-26T18:05:00Z",
    };
    const idle = await world.play({ ...options, plan: SPY });
    assert.equal(idle.session.endReason, "market close");
    assert.deepEqual(said(idle, "spy", "saw"), []);

    const scanning = await world.play({
      ...options,
      plan: `test_scanners = true
market_liquidation_end_time_minutes = 0
[scanners.symbols]
symbols = ["AAA"]
`,
    });
    const scans = scanning.events.filter((event) => event.type === "scan");
    assert.deepEqual(scans.map(({ picked, added }) => [picked, added]), [[["AAA"], []]]);
    assert.equal(scanning.session.endReason, "market close");
    assert.deepEqual(scanning.asked, []);
  },

  "equities and crypto: each has its window, the session ends with the last": async (world) => {
    const played = await world.play({
      plan: `assets = ["us_equity", "crypto"]
end_time = "13:30"
market_liquidation_end_time_minutes = 5
[scanners.symbols]
symbols = ["AAA", "BTC/USD"]
[strategies.holder]
filename = "strategies/holder.ts"
`,
      bars: [
        ["AAA", "2021-11-26T17:30:00Z", 40],
        ["BTC/USD", "2021-11-26T17:30:00Z", 70],
      ],
      start: "2021-11-26T17:40:00Z",
      end: "2021-11-26T18:40:00Z",
    });
    assert.deepEqual(phases(played).slice(1), [
      "2021-11-26T17:40 us_equity: the session of 2021-11-26 is open",
      "2021-11-26T17:40 crypto: the session of 2021-11-26 is open",
      "2021-11-26T17:55 us_equity: closing day trades",
      "2021-11-26T17:56 us_equity: flat",
      "2021-11-26T18:00 us_equity: the session of 2021-11-26 is closed",
      "2021-11-26T18:25 crypto: closing day trades",
      "2021-11-26T18:26 crypto: flat",
      "2021-11-26T18:30 crypto: the session of 2021-11-26 is closed",
    ]);
    assert.equal(played.session.endUs, us("2021-11-26T18:30:00Z"));
  },
};

Deno.test("sessions", async (t) => {
  const world = await SessionWorld.open();
  try {
    for (const [name, run] of Object.entries(SESSIONS)) await t.step(name, () => run(world));
  } finally {
    await world.close();
  }
});
