/** A whole trader, with its workers, in a session in which market data go wrong in every way. */
import { strict as assert } from "node:assert";
import type { FaultInput } from "../../src/config/fault_kinds.ts";
import { checkBars, type Log, type Played, said, SessionWorld } from "../session_world.ts";

const PLAN = `market_liquidation_end_time_minutes = 1
events = ["minute", "trade"]
[scanners.symbols]
symbols = ["AAA", "BBB"]
[strategies.spy]
filename = "strategies/spy.ts"
`;
/** What happens when this has been logged for the first time, after what stands before it. */
const SCRIPT: [when: RegExp, then: FaultInput[]][] = [
  [/^saw/, [{ kind: "socket_error", code: 407, sockets: ["stocks"] }]],
  [/restored after/, []],
  [/^saw/, [{ kind: "socket_cut", sockets: ["stocks"] }]],
  [/restored after/, []],
  [/^saw/, [
    { kind: "halt", symbols: ["AAA"], seconds: 120, reason: "luld" },
    { kind: "bar_update", symbols: ["BBB"] },
  ]],
  [/AAA is traded again/, [{ kind: "socket_mute", sockets: ["stocks"] }]],
  [/restored after/, []],
  [/^saw/, []],
  [/^saw/, []],
  [/^saw/, []],
];

/** One session for all tests of this file: it takes its time, as sockets are opened again in it. */
let session: Promise<Played> | null = null;

function played(): Promise<Played> {
  return session ??= play();
}

async function play(): Promise<Played> {
  const world = await SessionWorld.open();
  let at = 0;
  try {
    return await world.play({
      plan: PLAN,
      bars: ["AAA", "BBB"].map((symbol) => [symbol, "2022-01-03T14:30:00Z", 390]),
      start: "2022-01-03T14:30:00Z",
      end: "2022-01-03T21:00:00Z",
      speed: 60,
      script: (log, inject) => {
        if (!SCRIPT[at]?.[0].test(textOf(log))) return;
        for (const fault of SCRIPT[at++]![1]) inject(fault);
      },
      until: () => at === SCRIPT.length,
    });
  } finally {
    await world.close();
  }
}

const textOf = ({ message, properties }: Log) =>
  message.replace(/\{(\w+)\}/g, (_, name) => String(properties[name]));

function told({ logs }: Played, text: RegExp): string[] {
  return logs.map(textOf).filter((line) => text.test(line));
}

Deno.test("fault 25: a slow client (407) is connected again, and what it missed is filled in", async () => {
  const session = await played();
  assert.deepEqual(Object.values(session.truth.injected), [1, 1, 1, 1, 1]);
  assert.equal(told(session, /interrupted, entries wait: slow client \(407\)/).length, 1);
  // Each gap is told with its length, and each strategy of each symbol hears of it.
  const restored = told(session, /restored after \d+\.\d s; 2 symbols are filled up/);
  assert.equal(restored.length, 3);
  assert.equal(said(session, "spy", "gap").length, 6);
});

Deno.test("fault 23: a mute socket is noticed in the session, and opened anew", async () => {
  const session = await played();
  const mute = /interrupted, entries wait: (nothing has come since|.*within 10000 ms|silent for)/;
  assert.equal(told(session, mute).length, 1);
  assert.equal(told(session, /interrupted, entries wait/).length, 3);
  // The exchange lets one connection in: a second one would have been refused.
  assert.deepEqual(told(session, /406/), []);
});

Deno.test("fault 23: at no event is a bar of before missing or twice, whatever was lost", async () => {
  checkBars(await played());
});

Deno.test("fault 42: a pause of a symbol is told, and its end", async () => {
  const session = await played();
  assert.equal(told(session, /AAA is paused at its price band: no entries/).length, 1);
  assert.equal(told(session, /AAA is traded again/).length, 1);
});

Deno.test("fault 30: a bar that comes anew is counted", async () => {
  const session = await played();
  assert.ok(told(session, /^[1-9]\d* bars and trades were corrected/).length >= 1);
});
