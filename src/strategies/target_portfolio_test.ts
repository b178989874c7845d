import assert from "node:assert/strict";
import { check } from "liu/testing";
import { exchangeUs } from "../model/calendar.ts";
import TargetPortfolio from "./target_portfolio.ts";

const target = (weight: number | null, expire = "2022-02-01") => ({
  id: "momentum",
  asOf: "2021-12-31",
  size: 20_000,
  expireUs: exchangeUs(expire, "24:00"),
  stocks: weight === null ? [] : [{ symbol: "TEST", weight }],
});
const flat = (price: number, minutes = 120) => Array.from({ length: minutes }, () => price);
const run = (options: Parameters<typeof check>[1]) => {
  const { orders, positionQty } = check(TargetPortfolio, { bars: flat(100), ...options });
  return {
    orders: orders.map(({ time, action, qty, indicators }) => [time, action, qty, indicators?.why]),
    left: positionQty(),
  };
};

Deno.test("it buys what is missing, once, half an hour after the open", () => {
  assert.deepEqual(run({ targetPortfolio: target(0.1) }), {
    orders: [["10:00:00", "buy", 20, "rebalance"]],
    left: 20,
  });
});

Deno.test("what is near its target is left alone, what is not is brought there by one order", () => {
  const at = (qty: number) =>
    run({ targetPortfolio: target(0.1), position: { qty, averagePrice: 90 } });
  assert.deepEqual(at(17).orders, []);
  assert.deepEqual(at(24).orders, []);
  assert.deepEqual(at(30), { orders: [["09:45:00", "sell", 10, "rebalance"]], left: 20 });
  assert.deepEqual(at(10), { orders: [["10:00:00", "buy", 10, "rebalance"]], left: 20 });
});

Deno.test("what is in the target no more is sold whole, first", () => {
  const position = { qty: 7, averagePrice: 90 };
  assert.deepEqual(run({ targetPortfolio: target(null), position }), {
    orders: [["09:45:00", "sell", 7, "exit"]],
    left: 0,
  });
});

Deno.test("without a target, or with one that has expired, what is held is left as it is", () => {
  const position = { qty: 7, averagePrice: 90 };
  assert.deepEqual(run({ position }).orders, []);
  const expired = target(0.1, "2022-01-02");
  assert.deepEqual(run({ position, targetPortfolio: expired }).orders, []);
  assert.deepEqual(run({ targetPortfolio: expired }).orders, []);
  const params = { onExpiry: "exit" };
  assert.deepEqual(run({ position, targetPortfolio: expired, params }), {
    orders: [["09:45:00", "sell", 7, "exit"]],
    left: 0,
  });
});

Deno.test("an order that is denied is tried again a few times, later", () => {
  const { orders } = run({
    targetPortfolio: target(0.1),
    deny: () => ({ by: "risk", code: "x", message: "no" }),
  });
  assert.deepEqual(orders.map(([time]) => time), ["10:00:00", "10:10:00", "10:20:00"]);
});

Deno.test("orders that are too small are not worth it, and shorts are not its own", () => {
  assert.deepEqual(run({ targetPortfolio: target(0.004) }).orders, []);
  const short = { qty: -5, averagePrice: 100 };
  assert.deepEqual(run({ targetPortfolio: target(0.1), position: short }).orders, []);
});

Deno.test("it buys in its schedule only", () => {
  const schedule = [{ start: 60, duration: 5 }];
  assert.deepEqual(run({ targetPortfolio: target(0.1), schedule }).orders, [
    ["10:30:00", "buy", 20, "rebalance"],
  ]);
});
