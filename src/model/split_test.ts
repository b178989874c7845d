import assert from "node:assert/strict";
import fc from "fast-check";
import { type Decimal, decimal } from "../util/decimal.ts";
import { type Split, splitPrice, splitShares } from "./split.ts";

const ONE = decimal(1);
const split = (newShares: number, oldShares: number): Split => ({
  symbol: "AAPL",
  newShares: String(newShares),
  oldShares: String(oldShares),
  date: "2022-01-04",
});
const shares = (qtys: number[], by: Split, increment = ONE) =>
  splitShares(qtys.map((qty) => decimal(qty)), by, increment).map((qty) => qty.toNumber());
const sum = (qtys: Decimal[]) => qtys.reduce((total, qty) => total.plus(qty), decimal(0));

Deno.test("fault 45: quantities are multiplied, prices divided", () => {
  assert.deepEqual(shares([10, -3], split(4, 1)), [40, -12]);
  assert.deepEqual(shares([30], split(1, 10)), [3]);
  assert.equal(splitPrice("100", split(4, 1)).toFixed(), "25");
  assert.equal(splitPrice("1.23", split(1, 10)).toFixed(), "12.3");
  assert.equal(splitPrice("10", split(3, 1)).toFixed(), "3.3333333333");
});

Deno.test("fault 45: what is no whole share together is paid out, and the nearest get the rest", () => {
  // 7/3 and 8/3 are 5 together.
  assert.deepEqual(shares([7, 8], split(1, 3)), [2, 3]);
  assert.deepEqual(shares([1, 1, 1], split(1, 2)), [1, 0, 0]);
  assert.deepEqual(shares([-7, -8], split(1, 3)), [-2, -3]);
  assert.deepEqual(shares([7], split(1, 3), decimal("0.000000001")), [2.333333333]);
});

Deno.test("fault 45: all runs together have what the broker has, each to less than a share", () => {
  const numbers = fc.integer({ min: 1, max: 50 });
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: 5 }),
    fc.boolean(),
    numbers,
    numbers,
    (sizes, isShort, newShares, oldShares) => {
      const qtys = sizes.map((size) => decimal(isShort ? -size : size));
      const by = split(newShares, oldShares);
      const after = splitShares(qtys, by, ONE);
      const atBroker = sum(qtys).times(newShares).div(oldShares).round(10).roundTo(1, "down");
      assert.equal(sum(after).toFixed(), atBroker.toFixed());
      for (const [i, qty] of after.entries()) {
        assert.ok(qty.isWhole);
        assert.ok(qty.isZero || qty.s === qtys[i]!.s);
        const exact = qtys[i]!.times(newShares).div(oldShares);
        assert.ok(exact.minus(qty).abs().lt(1), `${exact} became ${qty}`);
      }
    },
  ));
});

Deno.test("fault 45: a split and its reverse leave what was, and worth is kept", () => {
  fc.assert(fc.property(
    fc.integer({ min: -10_000, max: 10_000 }),
    fc.integer({ min: 1, max: 100_000 }),
    fc.integer({ min: 2, max: 20 }),
    (size, cents, ratio) => {
      const [after] = splitShares([decimal(size)], split(ratio, 1), ONE);
      const [back] = splitShares([after!], split(1, ratio), ONE);
      assert.equal(back!.toFixed(), decimal(size).toFixed());
      const price = decimal(cents).div(100);
      const worth = after!.times(splitPrice(price, split(ratio, 1)));
      assert.ok(worth.minus(price.times(size)).abs().lt("0.0001"));
    },
  ));
});
