import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import type { PlainRecord } from "../util/log.ts";
import { alertOf } from "./start_alerts.ts";

function record(more: Partial<PlainRecord>): PlainRecord {
  const texts = { message: "it broke\nhere", template: "{what} broke" };
  return { level: "error", part: "gateway", ...texts, properties: {}, timeMs: 1, ...more };
}

Deno.test("codes are words: the record's own, else of what is restricted and why, else of the part", () => {
  const codes: [Partial<PlainRecord>, string, string][] = [
    [{ level: "warning", properties: { alert: "a_b", symbol: "A", strategy: "s" } }, "a_b", "s A"],
    [{ properties: { state: "HALTED", cause: "kill", reason: "x" } }, "halted_kill", ""],
    [
      { properties: { state: "REDUCING", cause: "other_trader" } },
      "reducing_other_trader",
      "",
    ],
    [{ part: "store.spool" }, "store_spool_error", "{what} broke"],
  ];
  for (const [more, code, about] of codes) {
    const alert = alertOf(record(more))!;
    assert.deepEqual([alert.code, alert.about], [code, about]);
  }
  assert.equal(alertOf(record({}))!.text, "it broke (gateway)");
  assert.equal(alertOf(record({ level: "warning" })), null);
  assert.equal(alertOf(record({ part: "alerts" })), null);
});

Deno.test("docs/risk.md lists each alert's code that the sources name, and each cause", () => {
  const root = new URL("../../", import.meta.url);
  const listed = readFileSync(new URL("docs/risk.md", root), "utf8");
  const named = new Set<string>();
  for (const name of readdirSync(new URL("src/", root), { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts") || /test[^/]*$/.test(name)) continue;
    const text = readFileSync(new URL(`src/${name}`, root), "utf8");
    for (const [, code] of text.matchAll(/\b(?:alert|code|lost|back): "([a-z]+(?:_[a-z]+)+)"/g)) {
      if (text.includes(`alert: "${code}"`) || /alert|outage|streams/.test(name)) named.add(code);
    }
  }
  const causes = readFileSync(new URL("src/model/trading_state.ts", root), "utf8")
    .split("RestrictionCause =")[1].split("export interface")[0].matchAll(
      /\| "([a-z_]+)"\s*[;\n]/g,
    );
  for (const [, cause] of causes) named.add(`…_${cause}`);
  assert.ok(named.size > 30, [...named].join(" "));
  const missing = [...named].filter((code) => !listed.includes(`\`${code}\``));
  assert.deepEqual(missing, []);
});
