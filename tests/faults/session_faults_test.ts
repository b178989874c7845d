/** Whole sessions, with workers and database, while the exchange misbehaves. */
import assert from "node:assert/strict";
import { SessionWorld } from "../session_world.ts";
import { checkSession } from "./session_check.ts";

Deno.test("a session whose exchange loses answers and repeats updates ends with equal books", async () => {
  const world = await SessionWorld.open();
  try {
    const played = await world.play({
      plan: `market_liquidation_end_time_minutes = 15
[scanners.symbols]
symbols = ["AAA"]
[strategies.holder]
filename = "strategies/holder.ts"
`,
      bars: [["AAA", "2021-11-26T14:30:00Z", 215]],
      start: "2021-11-26T14:25:00Z",
      end: "2021-11-26T18:05:00Z",
      faults: [
        { kind: "reply_lost", name: "lost" },
        { kind: "update_twice", every: 1, name: "twice" },
      ],
    });
    assert.equal(played.truth.injected.lost, 1);
    assert.ok(played.truth.injected.twice >= 4);
    assert.equal(played.stored.trades.length, 2);
    checkSession(played);
  } finally {
    await world.close();
  }
});
