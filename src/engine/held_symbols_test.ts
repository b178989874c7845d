import assert from "node:assert/strict";
import { HeldSymbols } from "./held_symbols.ts";

Deno.test("what is held comes first, in the order given, until it is flat to the last fraction", () => {
  const held = new HeldSymbols();
  held.start([{ symbol: "C", qty: "-3" }]);
  held.onTrade({ symbol: "B", operation: "buy", qty: "0.1" });
  held.onTrade({ symbol: "B", operation: "buy", qty: "0.2" });
  assert.deepEqual(held.first(["A", "B", "C", "D"]), ["B", "C", "A", "D"]);
  held.onTrade({ symbol: "B", operation: "sell", qty: "0.3" });
  held.onTrade({ symbol: "C", operation: "buy_short", qty: "2" });
  assert.deepEqual(held.first(["A", "B", "C", "D"]), ["C", "A", "B", "D"]);
  held.onTrade({ symbol: "C", operation: "buy_short", qty: "1" });
  held.onTrade({ symbol: "A", operation: "sell_short", qty: "1" });
  assert.deepEqual(held.first(["D", "C", "A"]), ["A", "D", "C"]);
});
