import assert from "node:assert/strict";
import fc from "fast-check";
import { nameOfSymbol, symbolOfName } from "./file_name.ts";

Deno.test("usual symbols have readable names", () => {
  const names = ["AAPL", "BRK.B", "BTC/USD", "BAC-PRK", "PRN", "con"].map(nameOfSymbol);
  assert.deepEqual(names, ["AAPL", "BRK.B", "BTC_USD", "BAC-PRK", "PRN_", "%63%6F%6E"]);
});

Deno.test("any symbol comes back from its name, and two never share one", () => {
  const symbol = fc.oneof(
    fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom(..."ACNOPR/._-%a1") }),
    fc.string({ minLength: 1, unit: "grapheme" }),
  );
  fc.assert(fc.property(symbol, symbol, (a, b) => {
    const name = nameOfSymbol(a);
    assert.equal(symbolOfName(name), a.toWellFormed());
    assert.match(name, /^[A-Z0-9%][A-Z0-9.%_-]*$/);
    if (a !== b) assert.notEqual(name.toLowerCase(), nameOfSymbol(b).toLowerCase());
  }));
});
