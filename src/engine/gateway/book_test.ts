import assert from "node:assert/strict";
import fc from "fast-check";
import { decimal } from "../../util/decimal.ts";
import type { Execution } from "../../model/order.ts";
import { Book } from "./book.ts";

function execution(n: number, side: "buy" | "sell", qty: string, price: string): Execution {
  return {
    brokerOrderId: `b${n}`,
    clientOrderId: `c${n}`,
    symbol: "A",
    side,
    qty: decimal(qty),
    price: decimal(price),
    cumulativeQty: decimal(qty),
    executionId: `x${n}`,
    timeUs: n,
    fee: decimal("0.1"),
  };
}

Deno.test("a repeated execution is known by its order and quantity, and by its id", () => {
  const book = new Book();
  const first = execution(1, "buy", "5", "10");
  assert.ok(book.apply(1, first));
  assert.equal(book.apply(1, { ...first, executionId: null, cumulativeQty: decimal("5.0") }), null);
  assert.equal(book.apply(1, { ...first, brokerOrderId: "b2" }), null);
  assert.equal(book.net("A").toFixed(), "5");
});

Deno.test("of an order that was forgotten nothing is applied, of newer ones all is", () => {
  const book = new Book();
  book.apply(1, execution(5, "buy", "5", "10"));
  book.forget("b5");
  assert.equal(book.isForgotten(execution(5, "buy", "5", "10")), true);
  assert.equal(book.isForgotten(execution(4, "buy", "5", "10")), true);
  assert.equal(book.isForgotten(execution(6, "buy", "5", "10")), false);
  book.apply(1, execution(3, "buy", "1", "10"));
  assert.equal(book.isForgotten(execution(3, "buy", "1", "10")), false, "it is kept in mind");
});

Deno.test("gains are exact: thirds of a position add up to its whole gain", () => {
  const book = new Book();
  book.apply(1, execution(1, "sell", "3", "10.01"));
  const gains = [2, 3, 4].map((n) => book.apply(1, execution(n, "buy", "1", "9"))!.gain!);
  const sum = gains.reduce((a, b) => a.plus(b)).round(12).toFixed();
  // 30.03 − 27 − four fees of 0.1.
  assert.equal(sum, "2.63");
  assert.equal(book.position(1, "A"), null);
});

Deno.test("position is the sum of distinct executions, gains are the cash", () => {
  const one = fc.record({
    run: fc.constantFrom(1, 2, null),
    isBuy: fc.boolean(),
    qty: fc.integer({ min: 1, max: 50 }),
    price: fc.integer({ min: 1, max: 9999 }),
    repeats: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(fc.property(fc.array(one, { maxLength: 40 }), (items) => {
    const book = new Book();
    const sums = new Map<number | null, number>();
    const cash = new Map<number | null, number>();
    const gains = new Map<number | null, number>();
    items.forEach(({ run, isBuy, qty, price, repeats }, n) => {
      const item = execution(n, isBuy ? "buy" : "sell", String(qty / 10), String(price / 100));
      for (let i = 0; i < repeats; i++) {
        const entry = book.apply(run, item);
        assert.equal(entry === null, i > 0);
        gains.set(run, (gains.get(run) ?? 0) + Number(entry?.gain ?? 0));
      }
      const signed = (isBuy ? qty : -qty) / 10;
      sums.set(run, (sums.get(run) ?? 0) + signed);
      cash.set(run, (cash.get(run) ?? 0) - signed * price / 100 - 0.1);
    });
    for (const run of [1, 2]) {
      const position = book.position(run, "A");
      const qty = Number(position?.qty ?? 0);
      assert.ok(Math.abs(qty - (sums.get(run) ?? 0)) < 1e-9);
      if (position === null) {
        assert.ok(Math.abs((gains.get(run) ?? 0) - (cash.get(run) ?? 0)) < 1e-6);
      }
    }
    const total = [...sums.values()].reduce((a, b) => a + b, 0);
    assert.ok(book.net("A").minus(decimal(total)).abs().lt(1e-9));
  }));
});
