import assert from "node:assert/strict";
import { FAULT_KINDS } from "./fault_kinds.ts";
import { readFault, readFaultPlan } from "./fault_plan.ts";

const DOCS = await Deno.readTextFile(new URL("../../docs/faults.md", import.meta.url));

Deno.test("docs/faults.md names each kind of fault with all of its keys, and its file can be read", () => {
  const common = new Set(["kind", ...Object.keys(FAULT_KINDS.holiday.schema.shape)]);
  common.delete("date");
  for (const [kind, { does, schema }] of Object.entries(FAULT_KINDS)) {
    const row = DOCS.split("\n").find((line) => line.startsWith(`| \`${kind}\``));
    assert.ok(row?.includes(does), `${kind}: ${does}`);
    for (const key of Object.keys(schema.shape)) {
      assert.ok(common.has(key) || row!.includes(`\`${key}\``), `${kind}: ${key}`);
    }
  }
  const [, example] = /```toml\n([^]*?)```/.exec(DOCS)!;
  const { seed, faults } = readFaultPlan(example, "bad_weather.toml");
  assert.equal(seed, 7);
  assert.deepEqual(faults.map(({ kind }) => kind), [
    "reply_lost",
    "update_lost",
    "update_late",
    "socket_mute",
    "halt",
    "manual_trade",
  ]);
});

Deno.test("whatever is wrong with a file of faults is told at once, with its line", () => {
  const text = `seed = -1
[[faults]]
kind = "reply_lost"
how = "slowly"

[[faults]]
kind = "halts"

[[faults]]
kind = "fills"
peices = [1]
at = "25"
after = { order = 3 }
`;
  assert.throws(
    () => readFaultPlan(text, "bad.toml"),
    (error: Error) => {
      for (
        const part of [
          /bad\.toml, 6 problems/,
          /line 1: "seed" must be a whole number/,
          /line 4: "how" must be one of cut, silence, got "slowly"/,
          /line 7: "kind" must be one of .*did you mean "halt"/,
          /line 11: "peices" is not known here; did you mean "pieces"/,
          /line 12: "at" must be a time/,
          /line 13: "after" must be counts/,
        ]
      ) assert.match(error.message, part);
      return true;
    },
  );
});

Deno.test("a fault as JSON gets its defaults, times of day and times with a zone", () => {
  const lost = readFault({ kind: "reply_lost", at: "10:30" });
  assert.equal(lost.kind === "reply_lost" && lost.how, "cut");
  assert.equal(lost.at, "10:30");
  const { at } = readFault({ kind: "split", at: "2022-01-03T10:30:00-05:00" });
  assert.equal(at, Date.parse("2022-01-03T15:30:00Z") * 1000);
  assert.throws(() => readFault({ kind: "split", ratio: 0, at: 3 }), /"at".*; "ratio" must be/);
});
