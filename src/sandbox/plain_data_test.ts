import assert from "node:assert/strict";
import { plainData } from "./plain_data.ts";

Deno.test("Plain data stays what it is", () => {
  const value = { a: 1, b: [true, null, "text", { c: -0.5 }], d: "" };
  assert.deepEqual(plainData(value), value);
});

Deno.test("What JSON cannot hold becomes text, or is left out", () => {
  const given = {
    nan: NaN,
    big: 12n,
    date: new Date(0),
    error: new Error("why"),
    map: new Map<unknown, unknown>([["a", 1], [2, () => 3]]),
    set: new Set([1]),
    column: new Float64Array([1, 2]),
    none: undefined,
    call: () => 1,
    symbol: Symbol("s"),
  };
  assert.deepEqual(plainData(given), {
    nan: "NaN",
    big: "12",
    date: "1970-01-01T00:00:00.000Z",
    error: "why",
    map: { a: 1 },
    set: [1],
    column: [1, 2],
  });
});

Deno.test("A getter is read once, and what it throws comes out", () => {
  let reads = 0;
  const given = {
    get qty() {
      return ++reads;
    },
  };
  assert.deepEqual(plainData(given), { qty: 1 });
  assert.equal(reads, 1);
  const trap = {
    get qty(): number {
      throw new TypeError("trap");
    },
  };
  assert.throws(() => plainData(trap), TypeError);
});

Deno.test("Circles, depth and size are cut", () => {
  const circle: Record<string, unknown> = { a: 1 };
  circle.self = circle;
  assert.deepEqual(plainData(circle), { a: 1, self: "…" });
  let deep: unknown = 1;
  for (let i = 0; i < 20; i++) deep = [deep];
  assert.equal(JSON.stringify(plainData(deep)), `${"[".repeat(8)}"…"${"]".repeat(8)}`);
  assert.ok((plainData(new Array(1e6).fill(1)) as unknown[]).length <= 10_000);
  assert.equal(plainData("x".repeat(20_000)), "x".repeat(10_000) + "…");
});

Deno.test("An endless array or map is cut too", () => {
  const endless = new Proxy([], { get: (_, key) => key === "length" ? Infinity : 1 });
  assert.ok((plainData(endless) as unknown[]).length <= 10_001);
});

Deno.test("A property named __proto__ is a property", () => {
  const copy = plainData(JSON.parse('{"__proto__": {"a": 1}}')) as Record<string, unknown>;
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  assert.deepEqual(Object.keys(copy), ["__proto__"]);
});
