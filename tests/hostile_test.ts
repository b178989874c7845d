import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runHostileCases } from "./hostile_cases.ts";

Deno.test("Hostile strategies fail at every hole, an honest one beside them works", async (t) => {
  const worker = new Worker(new URL("./hostile_worker.ts", import.meta.url), {
    type: "module",
    deno: { permissions: "none" },
  } as WorkerOptions);
  const folder = fileURLToPath(new URL("./fixtures/hostile", import.meta.url));
  const read = (path: string) => readFileSync(path, "utf8");
  const results = await runHostileCases({ worker, folder, read });
  assert.ok(results.length >= 185, `only ${results.length} cases ran`);
  for (const { name, outcome, held } of results) {
    await t.step(name, () => assert.ok(held, outcome));
  }
});
