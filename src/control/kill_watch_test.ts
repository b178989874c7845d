import assert from "node:assert/strict";
import { join } from "node:path";
import { latchKill, liftKill } from "./kill_latch.ts";
import { watchKill } from "./kill_watch.ts";

type Kill = { reason: string; flatten: boolean };

/** A control that is asked, and looks that happen one by one. */
async function watched(
  run: (world: {
    folder: string;
    kills: Kill[];
    control: { isKilled: boolean };
    look(): Promise<void>;
  }) => Promise<void>,
  before?: Kill,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const over = new AbortController();
  try {
    if (before !== undefined) latchKill(folder, before);
    const kills: Kill[] = [];
    const control = {
      isKilled: false,
      kill(kill: Kill) {
        kills.push(kill);
        control.isKilled = true;
        return Promise.resolve();
      },
    };
    let next = Promise.withResolvers<void>();
    let waits = Promise.withResolvers<void>();
    const watching = watchKill({
      folder,
      control,
      signal: over.signal,
      onProblem: (text) => assert.fail(text),
      wait: () => {
        waits.resolve();
        return next.promise;
      },
    });
    const look = async () => {
      const going = next;
      next = Promise.withResolvers();
      waits = Promise.withResolvers();
      going.resolve();
      await waits.promise;
    };
    await run({ folder, kills, control, look });
    over.abort();
    next.resolve();
    await watching;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a trader that runs is killed by the switch on disk, once, and not resumed by its going", () =>
  watched(async ({ folder, kills, control, look }) => {
    await look();
    assert.deepEqual(kills, []);
    latchKill(folder, { reason: "by hand", flatten: true });
    await look();
    await look();
    assert.deepEqual(kills, [{ reason: "by hand", flatten: true }]);
    liftKill(folder);
    await look();
    assert.equal(control.isKilled, true);
    control.isKilled = false;
    latchKill(folder, { reason: "again", flatten: false });
    await look();
    assert.deepEqual(kills.slice(1), [{ reason: "again", flatten: false }]);
  }));

Deno.test("a switch that cannot be read kills at the second look, as it may just be being written", () =>
  watched(async ({ folder, kills, look }) => {
    await Deno.writeTextFile(join(folder, "kill.json.new"), "{");
    await look();
    liftKill(folder);
    await look();
    await Deno.writeTextFile(join(folder, "kill.json"), "{");
    await look();
    assert.equal(kills.length, 0);
    await look();
    assert.match(kills[0].reason, /cannot be read .* counts as fired/);
  }));

Deno.test("what was fired before the start is not closed by who looks, and fires anew after a resume", () =>
  watched(async ({ folder, kills, control, look }) => {
    assert.deepEqual(kills, [{ reason: "before", flatten: false }]);
    await look();
    assert.equal(kills.length, 1);
    control.isKilled = false;
    latchKill(folder, { reason: "after", flatten: true });
    await look();
    assert.deepEqual(kills.slice(1), [{ reason: "after", flatten: true }]);
  }, { reason: "before", flatten: true }));
