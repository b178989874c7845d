/**
 * What a strategy leaves on an object is found by no other, nor by the next trial: in the workers
 * that run them, over all objects that user code can reach there.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { barsCsv } from "./optimizer_fixture.ts";
import { inFolder, Liu, ROOT, writeFiles } from "./program.ts";
import { OPEN, SessionWorld } from "./session_world.ts";

const FILES = ["planter.ts", "looker.ts", "search.ts"];
const PLAN = `
[scanners.one]
filename = "looker.ts"
[scanners.two]
filename = "looker.ts"
[strategies.first]
filename = "planter.ts"
[strategies.second]
filename = "planter.ts"
`;
const DATES = ["2022-01-03", "--to", "2022-01-04", "--bars", "bars.csv"];

function withPlanters(run: (liu: Liu) => Promise<void>): Promise<void> {
  return inFolder(async (folder) => {
    const fixtures = FILES.map((name) =>
      [name, readFileSync(join(ROOT, "tests/fixtures/hostile", name), "utf8")] as const
    );
    await writeFiles(folder, {
      ...Object.fromEntries(fixtures),
      "tradeplan.toml": PLAN,
      "bars.csv": barsCsv("2022-01-03", "2022-01-04"),
    });
    await run(new Liu(folder));
  });
}

Deno.test("in a backtest no strategy or scanner finds what another has left", () =>
  withPlanters(async (liu) => {
    const { code, out, err } = await liu.run(["backtest", ...DATES, "--json"]);
    assert.doesNotMatch(err, /"level":"error"/);
    assert.equal(code, 0, err);
    assert.ok(JSON.parse(out).trades.length > 100, out);
  }));

Deno.test("no trial finds what the one before has left", () =>
  withPlanters(async (liu) => {
    const args = ["--from", ...DATES, "--method", "grid", "--workers", "1", "--json"];
    const { code, out, err } = await liu.run(["optimize", ...args]);
    assert.equal(code, 0, out + err);
    const { trials, failed } = JSON.parse(out);
    assert.deepEqual({ trials, failed }, { trials: 16, failed: 0 }, out);
  }));

Deno.test("in a live session no strategy or scanner finds what another has left", async () => {
  const world = await SessionWorld.open();
  try {
    const played = await world.play({
      plan: PLAN.replaceAll('filename = "', 'filename = "hostile/'),
      bars: [["AAA", OPEN, 30], ["BBB", OPEN, 30]],
      start: "2022-01-03T14:29:00Z",
      end: "2022-01-03T15:00:00Z",
    });
    assert.deepEqual(played.logs.filter(({ level }) => level === "error"), []);
    assert.deepEqual(played.events.filter(({ type }) => type === "strategyFailed"), []);
    assert.ok(played.stored.trades.length > 8, `${played.stored.trades.length} executions`);
  } finally {
    await world.close();
  }
});
