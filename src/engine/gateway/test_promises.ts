/** What holds whatever happened to orders. */
import assert from "node:assert/strict";
import { type Decimal, decimal } from "../../util/decimal.ts";
import type { World } from "./test_world.ts";

/** After everything has been closed. */
export function checkLife(world: World): void {
  const { broker } = world;
  const told = world.logs.slice(-30).join("\n");
  assert.deepEqual(world.ofMain("liquidated").map(({ flat }) => flat), [true], told);
  assert.deepEqual(broker.open(), [], "every order has ended");
  assert.equal(world.ofMain("status").at(-1)?.openOrders, 0, "every work has ended");
  assert.equal(world.gateway.reserved, 0, "no capital is promised");
  for (const name of new Set(broker.fills.map(({ symbol }) => symbol))) {
    assert.equal(broker.net(name).toFixed(), "0", `${name} is flat`);
  }
  assert.deepEqual(alertsOf(world, "position_difference"), [], "book = broker");
  assert.deepEqual(alertsOf(world, "reversal"), [], "no run goes through flat");
  assert.deepEqual(alertsOf(world, "external_trade"), [], "all executions are some run's");
  // Each execution once, and none that was not.
  const key = (
    row: { brokerOrderId: string; qty: string | Decimal; cumulativeQty: string | Decimal },
  ) => `${row.brokerOrderId} ${decimal(row.qty.toString())} ${row.cumulativeQty}`;
  assert.deepEqual(world.trades().map(key).sort(), broker.fills.map(key).sort());
  checkNoneCrosses(world);
  checkIntents(world);
  checkBroker(world);
}

function alertsOf({ logs }: World, alert: string): string[] {
  return logs.filter((line) => line.includes(`"alert":"${alert}"`));
}

/** In the order in which the exchange filled. */
function checkNoneCrosses(world: World): void {
  const runOf = new Map(world.trades().map((row) => [row.brokerOrderId, row.algoRunId]));
  const held = new Map<string, Decimal>();
  for (const { brokerOrderId, symbol, side, qty } of world.broker.fills) {
    const place = `${runOf.get(brokerOrderId)} ${symbol}`;
    const before = held.get(place) ?? decimal(0);
    const after = before.plus(side === "buy" ? qty : qty.neg());
    const crosses = !before.isZero && !after.isZero && before.s !== after.s;
    assert.ok(!crosses, `run ${place} goes from ${before} to ${after}`);
    held.set(place, after);
  }
  for (const [place, qty] of held) assert.equal(qty.toFixed(), "0", `run ${place} ends flat`);
}

/** Of one intent never more is filled than was wanted, and never two orders are open. */
function checkIntents({ journal, broker }: World): void {
  const filled = new Map<string, Decimal>();
  for (const { clientOrderId, qty } of broker.fills) {
    filled.set(clientOrderId, (filled.get(clientOrderId) ?? decimal(0)).plus(qty));
  }
  const sums = new Map<string, { wanted: number; filled: Decimal }>();
  for (const record of journal.records) {
    if (record.type !== "order" || record.intent === null) continue;
    const { runId, seq, qty } = record.intent;
    const sum = sums.get(`${runId} ${seq}`) ?? { wanted: qty!, filled: decimal(0) };
    sum.filled = sum.filled.plus(filled.get(record.request.clientOrderId) ?? 0);
    sums.set(`${runId} ${seq}`, sum);
  }
  for (const [intent, { wanted, filled }] of sums) {
    assert.ok(filled.lte(wanted), `${intent}: ${filled} filled of ${wanted}`);
  }
  const ids = broker.orders.map(({ clientOrderId }) => clientOrderId);
  assert.equal(new Set(ids).size, ids.length, "no id twice");
}

/** Capital is given once: the broker never had to say that there is too little. */
function checkBroker({ broker }: World): void {
  const rules = broker.refusals.filter((why) => why !== "by chance");
  assert.deepEqual(rules, []);
}
