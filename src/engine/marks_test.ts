import assert from "node:assert/strict";
import { Marks } from "./marks.ts";

async function inFolder(run: (folder: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "liu-marks-" });
  try {
    run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name);

Deno.test("a strategy is left out for the rest of the day, not for the next", () =>
  inFolder((folder) => {
    const marks = new Marks(folder, "2022-01-03");
    assert.deepEqual(marks.read(), []);
    marks.leaveOut("hanger", "it does not return");
    marks.leaveOut("hanger", "again");
    marks.close();
    const same = new Marks(folder, "2022-01-03");
    assert.deepEqual(same.read(), [
      { strategy: "hanger", why: "it does not return", day: "2022-01-03" },
    ]);
    same.close();
    const next = new Marks(folder, "2022-01-04");
    assert.deepEqual(next.read(), []);
    next.close();
    assert.deepEqual(names(folder), []);
  }));

Deno.test("a long call that has ended leaves nothing behind", () =>
  inFolder((folder) => {
    const marks = new Marks(folder, "2022-01-03");
    marks.running(0, "slow");
    marks.running(1, "other");
    marks.running(0, null);
    marks.running(1, null);
    marks.close();
    assert.deepEqual(names(folder), []);
  }));

Deno.test("the mark of a process that lives says nothing, and is left to it", () =>
  inFolder((folder) => {
    const living = new Marks(folder, "2022-01-03");
    living.running(0, "slow");
    const other = new Marks(folder, "2022-01-03");
    assert.deepEqual(other.read(), []);
    other.close();
    assert.equal(names(folder).filter((name) => name.endsWith(".json")).length, 1);
    living.close();
  }));

Deno.test("the mark of a process that is gone names what ran; a torn one names nobody", () =>
  inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/running-dead.json`, '["gulper"]');
    Deno.writeTextFileSync(`${folder}/running-torn.json`, '["gul');
    const marks = new Marks(folder, "2022-01-03");
    assert.deepEqual(marks.read().map(({ strategy }) => strategy), ["gulper"]);
    marks.close();
    assert.deepEqual(names(folder), ["left_out.json"]);
  }));
