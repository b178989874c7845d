import assert from "node:assert/strict";
import fc from "fast-check";
import {
  correlation,
  type Returns,
  returnsOf,
  similarSymbols,
} from "./stock_cluster_correlation.ts";

const options = { overlapMin: 3, correlationMin: 0.5, countMax: 2, onProgress: () => {} };

Deno.test("a correlation is that of a worked example", () => {
  // Anscombe's first set: r = 0.81642…
  const x = Float64Array.of(10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5);
  const y = Float64Array.of(8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68);
  assert.ok(Math.abs(correlation(x, y, 2) - 0.81642051634484) < 1e-12);
  assert.ok(Number.isNaN(correlation(x, y, 12)), "too few");
  assert.ok(Number.isNaN(correlation(x, y.map(() => 1), 2)), "it stands still");
});

Deno.test("returns are those of sessions that follow each other", () => {
  assert.deepEqual([...returnsOf(Float64Array.of(100, 110, NaN, 99, 49.5))], [
    NaN,
    110 / 100 - 1,
    NaN,
    NaN,
    -0.5,
  ]);
});

Deno.test("lists hold the nearest, equal ones by the alphabet, and both ways", () => {
  const values = Float64Array.of(0.01, -0.02, 0.03, 0.01);
  const all: Returns[] = ["D", "B", "C", "A"].map((symbol) => ({ symbol, values }));
  all.push({ symbol: "X", values: values.map((value) => -value) });
  all.push({ symbol: "FLAT", values: values.map(() => 0.01) });
  const lists = similarSymbols(all, options);
  const symbols = (of: string) => lists.get(of)!.map(({ symbol }) => symbol);
  assert.deepEqual(["A", "B", "C", "D", "X", "FLAT"].map(symbols), [
    ["B", "C"],
    ["A", "C"],
    ["A", "B"],
    ["A", "B"],
    [],
    [],
  ]);
});

Deno.test("a symbol with gaps is compared over the days that both have", () => {
  const a = { symbol: "A", values: Float64Array.of(0.01, -0.02, 0.03, 0.01, 0.5) };
  const b = { symbol: "B", values: Float64Array.of(0.02, -0.04, 0.06, 0.02, NaN) };
  const few = { symbol: "C", values: Float64Array.of(NaN, NaN, NaN, 0.01, 0.5) };
  const lists = similarSymbols([few, b, a], options);
  assert.ok(Math.abs(lists.get("A")![0]!.correlation - 1) < 1e-12);
  assert.equal(lists.get("A")!.length, 1);
  assert.deepEqual(lists.get("C"), []);
});

Deno.test("the quick way for whole rows gives what the plain one does, in any order", () => {
  const value = fc.double({ min: -0.1, max: 0.1, noNaN: true });
  const rows = fc.array(
    fc.array(fc.oneof({ weight: 9, arbitrary: value }, fc.constant(NaN)), {
      minLength: 8,
      maxLength: 8,
    }),
    { minLength: 2, maxLength: 6 },
  );
  fc.assert(fc.property(rows, (rows) => {
    const all = rows.map((row, i) => ({ symbol: `S${i}`, values: Float64Array.from(row) }));
    const wide = { ...options, correlationMin: -1, countMax: 10 };
    const lists = similarSymbols(all, wide);
    assert.deepEqual(similarSymbols(all.toReversed(), wide), lists);
    for (const { symbol, values } of all) {
      for (const other of lists.get(symbol)!) {
        const plain = correlation(
          values,
          all.find((one) => one.symbol === other.symbol)!.values,
          wide.overlapMin,
        );
        assert.ok(Math.abs(plain - other.correlation) < 1e-6, `${plain} ${other.correlation}`);
      }
    }
  }));
});
