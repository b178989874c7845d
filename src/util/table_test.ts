import assert from "node:assert/strict";
import fc from "fast-check";
import { table } from "./table.ts";

Deno.test("numbers stand to the right, text to the left, totals below a rule", () => {
  assert.equal(
    table(
      ["symbol", "gain", "why"],
      [["AAPL", { text: "1,234.50", tone: "good" }, "target"], ["F", "-3", ""]],
      { width: 80, hasColors: false, foot: [["total", "1,231.50", ""]] },
    ),
    `symbol      gain  why
──────  ────────  ──────
AAPL    1,234.50  target
F             -3
──────  ────────  ──────
total   1,231.50
`,
  );
});

Deno.test("text is cut where the terminal is narrow, numbers never", () => {
  assert.equal(
    table(["id", "reason"], [["12345678", "a long story about a trade"]], {
      width: 20,
      hasColors: false,
    }),
    "      id  reason\n────────  ──────────\n12345678  a long st…\n",
  );
});

Deno.test("colours change nothing but the colour", () => {
  const rows = [[{ text: "+1%", tone: "good" as const }], [{ text: "-12%", tone: "bad" as const }]];
  const coloured = table(["gain"], rows, { width: 80, hasColors: true });
  assert.ok(coloured.includes("\x1b[32m+1%\x1b[39m"));
  assert.equal(
    // deno-lint-ignore no-control-regex
    coloured.replace(/\x1b\[\d+m/g, ""),
    table(["gain"], rows, { width: 80, hasColors: false }),
  );
});

Deno.test("a table of text never exceeds the terminal", () => {
  const cell = fc.stringMatching(/^[a-z ]{0,40}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell)), fc.integer({ min: 20, max: 90 }), (rows, width) => {
      for (const line of table(["one", "two"], rows, { width, hasColors: false }).split("\n")) {
        assert.ok([...line].length <= width);
      }
    }),
  );
});
