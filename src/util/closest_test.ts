import assert from "node:assert/strict";
import { closest } from "./closest.ts";

Deno.test("the closest word is found for slips of the finger, and none for another word", () => {
  const keys = ["portfolio_value", "events", "risk", "start", "duration"];
  const cases: [string, string | null][] = [
    ["portfolio_valu", "portfolio_value"],
    ["portfoliovalue", "portfolio_value"],
    ["evnets", "events"],
    ["Risk", "risk"],
    ["strat", "start"],
    ["durration", "duration"],
    ["colour", null],
    ["x", null],
  ];
  for (const [word, expected] of cases) assert.equal(closest(word, keys), expected, word);
});
