/** Fault 39, of scanners: they share a worker, and one that hangs must not keep the others from theirs. */
import assert from "node:assert/strict";
import { OPEN, said, SessionWorld } from "../session_world.ts";

Deno.test("fault 39: a scanner that hangs where no guard reaches is stopped, the others scan on", async () => {
  const world = await SessionWorld.open();
  try {
    const played = await world.play({
      plan: `[scanners.native_hang]
filename = "scanners/native_hang.ts"
recurrence = 2
[scanners.symbols]
symbols = ["AAA"]
recurrence = 5
[strategies.keeper]
filename = "strategies/keeper.ts"
`,
      bars: [["AAA", OPEN, 12]],
      start: "2022-01-03T14:29:00Z",
      end: "2022-01-03T14:43:00Z",
    });
    const failed = played.events.flatMap((event) =>
      event.type === "strategyFailed" ? [event.strategy] : []
    );
    assert.deepEqual(failed, ["native_hang"]);
    const scans = played.events.filter(({ type }) => type === "scan");
    assert.equal(scans.length, 3);
    assert.ok(said(played, "keeper", "kept").length >= 11);
  } finally {
    await world.close();
  }
});
