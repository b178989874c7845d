import assert from "node:assert/strict";
import type { MainToGateway } from "../protocol.ts";
import { DatabaseWatch } from "./database_watch.ts";

function watched() {
  const posted: string[] = [];
  const due: (() => void)[] = [];
  const watch = new DatabaseWatch({
    afterMs: 60_000,
    post: (message: MainToGateway) => {
      if (message.type === "restrict") posted.push(`${message.state}: ${message.reason}`);
      else posted.push(message.type);
    },
    wait: (ms, signal) => {
      assert.equal(ms, 60_000);
      return new Promise((resolve) => {
        due.push(resolve);
        signal.addEventListener("abort", () => resolve());
      });
    },
  });
  const tell = (database: string | null, spool: string | null = null) =>
    watch.onTrouble({ database, spool });
  const pass = async () => {
    for (const resolve of due.splice(0)) resolve();
    await Promise.resolve();
    await Promise.resolve();
  };
  return { posted, tell, pass };
}

Deno.test("nothing is opened once the database has been away for its time, and again when it is back", async () => {
  const { posted, tell, pass } = watched();
  tell("gone");
  tell("gone");
  assert.deepEqual(posted, []);
  await pass();
  tell("gone");
  await pass();
  assert.deepEqual(posted, [
    "reducing: no record was stored for 60 s; they are spooled. gone",
  ]);
  tell(null);
  assert.equal(posted.at(-1), "lift");
  tell(null);
  assert.equal(posted.length, 2);
});

Deno.test("a database that is back in time changes nothing", async () => {
  const { posted, tell, pass } = watched();
  tell("gone");
  tell(null);
  await pass();
  assert.deepEqual(posted, []);
});

Deno.test("where the spool's disk is full nothing is opened at once, until it has room", async () => {
  const { posted, tell, pass } = watched();
  tell("gone", "full");
  assert.deepEqual(posted, ["reducing: full"]);
  await pass();
  tell("gone", null);
  assert.deepEqual(posted.length, 1, "the database is still away");
  tell(null, null);
  assert.deepEqual(posted.at(-1), "lift");
});
