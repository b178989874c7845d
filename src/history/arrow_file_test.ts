import assert from "node:assert/strict";
import { tableFromIPC } from "apache-arrow";
import fc from "fast-check";
import { type ArrowFile, decodeArrow, encodeArrow } from "./arrow_file.ts";

const file: fc.Arbitrary<ArrowFile> = fc.record({
  rows: fc.array(
    fc.record({
      time: fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
      // Any bits at all: negative zero, subnormals, NaN with a payload.
      bits: fc.bigInt(0n, 2n ** 64n - 1n),
      price: fc.double(),
    }),
    { maxLength: 300 },
  ),
  metadata: fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: "grapheme" })),
}).map(({ rows, metadata }) => ({
  columns: [
    { name: "time", type: "time", values: Float64Array.from(rows, ({ time }) => time) },
    {
      name: "bits",
      type: "float64",
      values: new Float64Array(BigUint64Array.from(rows, ({ bits }) => bits).buffer),
    },
    { name: "price", type: "float64", values: Float64Array.from(rows, ({ price }) => price) },
  ],
  metadata,
}));

Deno.test("what is written comes back to the last bit", () => {
  fc.assert(fc.property(file, (given) => {
    const { columns, metadata } = decodeArrow(encodeArrow(given));
    assert.deepEqual({ ...metadata }, { ...given.metadata });
    columns.forEach(({ name, type, values }, i) => {
      const expected = given.columns[i]!;
      assert.deepEqual([name, type], [expected.name, expected.type]);
      assert.deepEqual(bytesOf(values), bytesOf(expected.values));
    });
  }));
});

Deno.test("apache-arrow reads the files: names, types, times, values, metadata", () => {
  fc.assert(
    fc.property(file, (given) => {
      const table = tableFromIPC(encodeArrow(given));
      assert.deepEqual(
        table.schema.fields.map(({ name, type }) => `${name} ${type}`),
        ["time Timestamp<MICROSECOND, UTC>", "bits Float64", "price Float64"],
      );
      assert.equal(table.numRows, given.columns[0]!.values.length);
      assert.deepEqual(Object.fromEntries(table.schema.metadata), { ...given.metadata });
      for (const { name, type, values } of given.columns) {
        const read = table.getChild(name)!.toArray();
        if (type === "time") assert.deepEqual(Array.from(read, Number), [...values]);
        else assert.deepEqual(bytesOf(read), bytesOf(values));
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("a file that is cut short, at whatever byte, is refused", () => {
  const bytes = encodeArrow({
    columns: [{ name: "time", type: "time", values: Float64Array.of(1, 2, 3) }],
    metadata: { a: "b" },
  });
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeArrow(bytes.slice(0, length)), RangeError);
  }
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  assert.throws(() => decodeArrow(longer), /not a whole Arrow file/);
});

Deno.test("damaged bytes are refused or read, and nothing else happens", () => {
  const bytes = encodeArrow({
    columns: [
      { name: "time", type: "time", values: Float64Array.of(1, 2, 3) },
      { name: "close", type: "float64", values: Float64Array.of(1, 2, 3) },
    ],
    metadata: { a: "b" },
  });
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const damaged = bytes.slice();
      damaged[at] = byte;
      try {
        decodeArrow(damaged);
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
    }),
    { numRuns: 3000 },
  );
});

function bytesOf(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
