import assert from "node:assert/strict";
import fc from "fast-check";
import { sortFew } from "./sort_few.ts";

type Pair = [key: number, place: number];

Deno.test("few or many, sorted as Array.sort does: what is equal keeps its order", () => {
  const keys = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 40 });
  fc.assert(fc.property(keys, (keys) => {
    const list = keys.map((key, place): Pair => [key, place]);
    const byKey = ([a]: Pair, [b]: Pair) => a - b;
    const expected = list.toSorted(byKey);
    sortFew(list, byKey);
    assert.deepEqual(list, expected);
  }));
});
