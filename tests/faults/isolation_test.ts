/** Strategies that throw, hang or eat memory: they are stopped alone, their consumers replaced. */
import assert from "node:assert/strict";
import { MINUTE_US, OPEN, OPEN_US, type Played, said, SessionWorld } from "../session_world.ts";

const KEEPER = `[scanners.symbols]
symbols = ["AAA"]
[strategies.keeper]
filename = "strategies/keeper.ts"
`;
const MINUTES = 12;
const SESSION = {
  bars: [["AAA", OPEN, MINUTES]] as [string, string, number][],
  start: "2022-01-03T14:29:00Z",
  end: "2022-01-03T14:43:00Z",
  env: { NUM_CONSUMERS: "1" },
};

interface Kept {
  us: number;
  count: number;
  qty: number;
  stopPrice: number | null;
  sma: number | null;
}

function kept(played: Played): Kept[] {
  return said(played, "keeper", "kept");
}

function failures({ events }: Played): [strategy: string, message: string][] {
  return events.flatMap((event): [string, string][] =>
    event.type === "strategyFailed" ? [[event.strategy, event.message]] : []
  );
}

function texts({ logs }: Played, part: string): string[] {
  return logs.filter((log) => log.part === part).map(({ message }) => message);
}

/** The keeper has seen each minute but those of the replacement, as if nothing had been. */
function checkKept(played: Played, { missedMax }: { missedMax: number }): void {
  const seen = kept(played);
  const minutes = seen.map(({ us }) => (us - OPEN_US) / MINUTE_US);
  assert.equal(new Set(minutes).size, minutes.length, "no minute twice");
  assert.ok(minutes.length >= MINUTES - missedMax, `it saw the minutes ${minutes}`);
  assert.equal(minutes.at(-1), MINUTES);
  for (const [i, { us, qty, stopPrice, sma }] of seen.entries()) {
    const minute = (us - OPEN_US) / MINUTE_US;
    if (i > 0) assert.deepEqual([qty, stopPrice], [3, 50], `held at minute ${minute}`);
    // Closes are 100, 100.01, …: the mean of the last three is the one before the last.
    if (minute >= 3) assert.ok(Math.abs(sma! - (100 + (minute - 2) / 100)) < 1e-9, `sma ${sma}`);
  }
  // Plain state survives, as it was when the last minute was whole.
  for (const [i, { count }] of seen.entries()) {
    assert.ok(count === i + 1 || count === i, `${count}`);
  }
  const { trades } = played.stored;
  assert.deepEqual(trades.map(({ operation, qty }) => [operation, Number(qty)]), [["buy", 3]]);
  assert.deepEqual(played.stored.denials, []);
}

/** They share a database, each has an exchange of its own. */
const FAULTS: Record<string, (world: SessionWorld) => Promise<void>> = {
  "fault 39: one that throws is stopped alone; its entries are cancelled, positions kept": async (
    world,
  ) => {
    const played = await world.play({
      ...SESSION,
      plan: `${KEEPER.replace('"AAA"', '"AAA", "BBB"')}
[strategies.late_thrower]
filename = "strategies/late_thrower.ts"
`,
      bars: [["AAA", OPEN, MINUTES], ["BBB", OPEN, MINUTES]],
    });
    assert.deepEqual(failures(played), [["late_thrower", "lost its way"]]);
    const [failed] = played.events.filter((event) => event.type === "strategyFailed");
    assert.match(failed.stack, /late_thrower\.ts:13/);
    const stopped = played.logs.find(({ properties }) => properties?.alert === "strategy_stopped")!;
    assert.deepEqual([stopped.properties?.strategy, stopped.properties?.why], [
      "late_thrower",
      "lost its way",
    ]);
    assert.match(String(stopped.properties?.at), /late_thrower\.ts:13/);
    const left = played.logs.find(({ message }) => message.includes("are kept"))!;
    assert.deepEqual(left.properties, {
      strategy: "late_thrower",
      left: "5 AAA at 100.01 (protection rests at the broker)",
      alert: "positions_left",
    });
    const open = played.session.open.filter(({ strategy }) => strategy === "late_thrower");
    assert.deepEqual(open.map(({ symbol, qty, protection }) => [symbol, qty, protection]), [
      ["AAA", "5", "rests"],
    ]);
    assert.equal(kept(played).filter(({ qty }) => qty === 3).length, 2 * (MINUTES - 1));
  },

  "fault 39: a plan can have the positions of one that throws closed": async (world) => {
    const played = await world.play({
      ...SESSION,
      plan: `${KEEPER}
[strategies.late_thrower]
filename = "strategies/late_thrower.ts"
on_failure = "flatten"
`,
    });
    assert.deepEqual(failures(played), [["late_thrower", "lost its way"]]);
    assert.deepEqual(played.session.open.map(({ strategy }) => strategy), ["keeper"]);
    const own = played.stored.runs.find(({ algoName }) => algoName === "late_thrower")!;
    const trades = played.stored.trades.filter((row) => row.algoRunId === own.algoRunId);
    assert.deepEqual(trades.map(({ operation }) => operation), ["buy", "sell"]);
  },

  "fault 39: one that hangs where no guard reaches: its consumer is replaced": async (world) => {
    const played = await world.play({
      ...SESSION,
      plan: `${KEEPER}
[strategies.native_hang]
filename = "strategies/native_hang.ts"
`,
    });
    assert.deepEqual(failures(played).map(([strategy]) => strategy), ["native_hang"]);
    checkKept(played, { missedMax: 1 });
    const runs = played.stored.runs.filter(({ algoName }) => algoName === "keeper");
    assert.equal(runs.length, 2);
    assert.equal(runs[1].refAlgoRun, runs[0].algoRunId);
    assert.equal(
      runs[0].endReason,
      "replaced: native_hang does not return, and cannot be stopped",
    );
    assert.equal(runs[1].endReason, "end of the exchange's data");
    const [hung] = played.stored.runs.filter(({ algoName }) => algoName === "native_hang");
    assert.match(String(hung.endReason), /^stopped: it does not return/);
    assert.ok(texts(played, "session").some((text) => text.includes("is back; its strategies")));
    assert.deepEqual(played.session.open.map(({ qty, protection }) => [qty, protection]), [
      ["3", "rests"],
    ]);
  },

  "fault 39: promises that follow each other for ever are found and stopped, alone": async (
    world,
  ) => {
    const played = await world.play({
      ...SESSION,
      plan: `${KEEPER}
[strategies.promise_flood]
filename = "strategies/promise_flood.ts"
`,
    });
    assert.deepEqual(failures(played), [
      ["promise_flood", 'Stopped "strategies.promise_flood": its promises never end'],
    ]);
    checkKept(played, { missedMax: 0 });
    assert.equal(played.stored.runs.length, 2);
  },

  "fault 39: one that keeps more and more is stopped at the budget, the others go on": async (
    world,
  ) => {
    let isBack = false;
    const played = await world.play({
      ...SESSION,
      // The heap is looked at in the machine's time: the exchange's goes by, too.
      speed: 60,
      bars: [["AAA", OPEN, 300]],
      end: "2022-01-03T19:30:00Z",
      plan: `${KEEPER}
[strategies.eater]
filename = "strategies/eater.ts"
[session]
memory_mb = 80
`,
      until: ({ part, message }) => {
        isBack ||= part === "session" && message.includes("is back; its strategies");
        return isBack && part === "keeper" && message === "kept";
      },
    });
    const [[strategy, message]] = failures(played);
    assert.equal(strategy, "eater");
    assert.match(message, /^it fills the memory: its heap holds \d+ MB, 80 are allowed$/);
    assert.equal(failures(played).length, 1);
    assert.equal(kept(played).at(-1)!.qty, 3);
    assert.equal(played.stored.trades.filter(({ operation }) => operation === "buy").length, 1);
  },

  "fault 39: one that fills the memory in one call meets its guard before V8 gives up": async (
    world,
  ) => {
    const played = await world.play({
      ...SESSION,
      plan: `${KEEPER}
[strategies.gulper]
filename = "strategies/gulper.ts"
[session]
memory_mb = 200
`,
    });
    const [[strategy, message]] = failures(played);
    assert.equal(strategy, "gulper");
    assert.match(message, /it took too much memory|it fills the memory/);
    assert.equal(kept(played).at(-1)!.qty, 3);
    assert.equal(played.stored.trades.length, 1);
  },
};

Deno.test("strategies that misbehave", async (t) => {
  const world = await SessionWorld.open();
  try {
    for (const [name, play] of Object.entries(FAULTS)) await t.step(name, () => play(world));
  } finally {
    await world.close();
  }
});
