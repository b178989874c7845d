import assert from "node:assert/strict";
// @ts-types="npm:@types/big.js@7.0.0"
import Big from "big.js";
import fc from "fast-check";
import { Decimal, decimal, plain, roundToTick } from "./decimal.ts";

const RUNS = 3000;
const SAFE = 2n ** 53n;

/** Texts of decimals: prices, quantities, long ones, and those around the end of the safe integers. */
const near = fc.tuple(
  fc.constantFrom(0n, 1n, SAFE, SAFE / 2n, SAFE / 10n, SAFE * 10n, 94906266n, 10n ** 15n),
  fc.bigInt({ min: -3n, max: 3n }),
).map(([base, by]) => base + by);
const digits = fc.oneof(
  fc.bigInt({ min: 0n, max: 1000n }),
  fc.bigInt({ min: 0n, max: 10n ** 7n }),
  fc.bigInt({ min: 0n, max: 10n ** 16n }),
  fc.bigInt({ min: 0n, max: 10n ** 40n }),
  near,
  fc.tuple(fc.bigInt({ min: 1n, max: 999n }), fc.nat(18)).map(([n, zeros]) =>
    n * 10n ** BigInt(zeros)
  ),
);
const scale = fc.oneof(fc.constantFrom(0, 2), fc.nat(12), fc.nat(30));
const text = fc.tuple(digits, scale, fc.boolean()).map(([n, places, isNegative]) => {
  const size = (n < 0n ? -n : n).toString().padStart(places + 1, "0");
  const whole = size.slice(0, size.length - places);
  const fraction = size.slice(size.length - places);
  return `${isNegative ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
});
const float = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e25, max: 1e25 }),
  fc.integer({ min: -(10 ** 9), max: 10 ** 9 }).map((n) => n / 100),
  fc.integer({ min: -(10 ** 9), max: 10 ** 9 }).map((n) => n / 10_000),
  fc.integer({ min: -(10 ** 9), max: 10 ** 9 }).map((n) => n / 1e9),
  fc.maxSafeInteger(),
);
const ROUNDINGS = [
  [Decimal.roundDown, Big.roundDown],
  [Decimal.roundHalfUp, Big.roundHalfUp],
  [Decimal.roundHalfEven, Big.roundHalfEven],
  [Decimal.roundUp, Big.roundUp],
] as const;

function same(decimal: Decimal, big: Big): void {
  assert.equal(decimal.toFixed(), big.toFixed());
  assert.equal(decimal.toNumber(), big.toNumber() + 0);
  // It is usable: what it was made of does not show.
  assert.equal(decimal.cmp(big.toFixed()), 0);
}

Deno.test("sums, differences, products, remainders and comparisons are big.js's", () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      const [x, y, bigX, bigY] = [decimal(a), decimal(b), new Big(a), new Big(b)];
      same(x, bigX);
      same(x.plus(y), bigX.plus(bigY));
      same(x.minus(y), bigX.minus(bigY));
      same(x.times(y), bigX.times(bigY));
      same(x.abs(), bigX.abs());
      same(x.neg(), bigX.neg());
      if (!bigY.eq(0)) same(x.mod(y), bigX.mod(bigY));
      assert.equal(x.cmp(y), bigX.cmp(bigY));
      for (const name of ["eq", "gt", "gte", "lt", "lte"] as const) {
        assert.equal(x[name](y), bigX[name](bigY), name);
      }
      assert.equal(x.s < 0, bigX.lt(0));
      assert.equal(x.isZero, bigX.eq(0));
      assert.equal(x.isPositive, bigX.gt(0));
      assert.equal(x.isWhole, bigX.round(0).eq(bigX));
    }),
    { numRuns: RUNS },
  );
});

Deno.test("what is added and taken away again leaves the same", () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      assert.ok(decimal(a).plus(b).minus(b).eq(a));
      assert.ok(decimal(a).times(b).eq(decimal(b).times(a)));
      if (!decimal(b).isZero) assert.ok(decimal(a).times(b).div(b).minus(a).abs().lte("1e-20"));
    }),
    { numRuns: RUNS },
  );
});

Deno.test("quotients have 20 decimal places, half up, as big.js's", () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      fc.pre(!decimal(b).isZero);
      same(decimal(a).div(b), new Big(a).div(b));
    }),
    { numRuns: RUNS },
  );
});

Deno.test("a quotient is rounded once, to the places that are asked for", () => {
  fc.assert(
    fc.property(text, text, fc.nat(20), fc.constantFrom(...ROUNDINGS), (a, b, places, modes) => {
      fc.pre(!decimal(b).isZero);
      const rounded = decimal(a).quotient(b, places, modes[0]);
      // Checked by multiplication, which is exact: |a − rounded × b| against |b| × 10^−places.
      const rest = new Big(a).minus(new Big(rounded.toFixed()).times(b)).abs();
      const unit = new Big(b).abs().times(new Big(10).pow(-places));
      const isHalf = modes[0] === "half_up" || modes[0] === "half_even";
      assert.ok(isHalf ? rest.times(2).lte(unit) : rest.lt(unit));
      const grew = new Big(rounded.toFixed()).times(b).abs().cmp(new Big(a).abs());
      if (modes[0] === "down") assert.ok(grew <= 0);
      if (modes[0] === "up") assert.ok(grew >= 0);
      if (isHalf && rest.times(2).eq(unit)) {
        const isOdd = !new Big(rounded.toFixed()).times(new Big(10).pow(places)).mod(2).eq(0);
        assert.ok(modes[0] === "half_up" ? grew > 0 : !isOdd);
      }
    }),
    { numRuns: RUNS },
  );
});

Deno.test("rounding to decimal places is big.js's, in all its modes", () => {
  fc.assert(
    fc.property(text, fc.nat(25), fc.constantFrom(...ROUNDINGS), (a, places, [mode, bigMode]) => {
      same(decimal(a).round(places, mode), new Big(a).round(places, bigMode));
      same(decimal(a).round(places), new Big(a).round(places));
    }),
    { numRuns: RUNS },
  );
});

Deno.test("halves are rounded up, or to even, on both sides of zero", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -SAFE, max: SAFE }),
      fc.integer({ min: 1, max: 12 }),
      fc.constantFrom(...ROUNDINGS),
      (n, places, [mode, bigMode]) => {
        const half = `${n}.${"0".repeat(places - 1)}5`;
        same(decimal(half).round(places - 1, mode), new Big(half).round(places - 1, bigMode));
      },
    ),
    { numRuns: RUNS },
  );
});

Deno.test("a price rounded to a tick is the multiple that is next", () => {
  const tick = fc.constantFrom("0.01", "0.0001", "1", "0.000000001", "0.05", "0.25", "3", "1e-25");
  const modes = fc.constantFrom("nearest", "down", "up" as const);
  fc.assert(
    fc.property(text, tick, modes, (value, tick, mode) => {
      const rounded = new Big(roundToTick(value, tick, mode as "nearest").toFixed());
      assert.ok(rounded.mod(tick).eq(0));
      const off = rounded.abs().minus(new Big(value).abs());
      if (mode === "down") assert.ok(off.lte(0) && off.abs().lt(tick));
      if (mode === "up") assert.ok(off.gte(0) && off.lt(tick));
      if (mode === "nearest") {
        assert.ok(off.abs().times(2).lte(tick));
        if (off.abs().times(2).eq(tick)) assert.ok(off.gt(0));
      }
    }),
    { numRuns: RUNS },
  );
});

Deno.test("a float64 is the shortest decimal that reads back as it", () => {
  fc.assert(
    fc.property(float, (value) => {
      same(decimal(value), new Big(value));
      assert.equal(decimal(value).toNumber(), value + 0);
    }),
    { numRuns: 10 * RUNS },
  );
});

Deno.test("texts are read as big.js reads them, or refused", () => {
  const character = fc.constantFrom(..."0123456789.-+e ");
  fc.assert(
    fc.property(fc.oneof(text, fc.array(character, { maxLength: 6 })), (given) => {
      const text = typeof given === "string" ? given : given.join("");
      // A leading plus is a number too.
      const big = attempt(() => new Big(text.replace(/^\+(?=[\d.])/, "")).toFixed());
      assert.equal(attempt(() => plain(text)), big);
    }),
    { numRuns: 10 * RUNS },
  );
  for (const text of ["", "-", ".", "abc", "1,5", "0x10", "1e999999999", "NaN", "--1", "1."]) {
    assert.equal(attempt(() => plain(text)), text === "1." ? "1" : null, text);
  }
  for (const value of [NaN, Infinity, -Infinity]) assert.throws(() => decimal(value));
});

Deno.test("what is divided by zero is an error", () => {
  assert.throws(() => decimal(1).div(0), RangeError);
  assert.throws(() => decimal(1).mod("0.00"), RangeError);
});

Deno.test("money of every size adds up to the last place", () => {
  const cents = decimal("1000000000000.01");
  const coins = decimal("0.000000001");
  assert.equal(cents.plus(coins).toFixed(), "1000000000000.010000001");
  assert.equal(cents.plus(coins).minus(cents).toFixed(), "0.000000001");
  assert.equal(decimal("700000").times("0.000000001").toFixed(), "0.0007");
  assert.equal(decimal(2 ** 53 - 1).plus(1).plus(1).toFixed(), "9007199254740993");
  assert.equal(decimal("9007199254740993").minus(2).toFixed(), "9007199254740991");
  assert.equal(decimal("0.1").plus(0.2).toFixed(), "0.3");
  assert.equal(JSON.stringify({ price: decimal("10.50") }), '{"price":"10.5"}');
});

function attempt(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}
