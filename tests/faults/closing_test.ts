/** Exits of what the broker does not hold any more, and has not told of. */
import assert from "node:assert/strict";
import { FaultWorld, SYMBOL, textOf } from "./world.ts";

const RECONCILE = { inFlightMs: 5000, openOrdersMs: 30_000, positionsMs: 60_000 };

const EXITS = {
  "the strategy's": (world: FaultWorld) => void world.send({ action: "sell", qty: 10 }),
  "a liquidation": (world: FaultWorld) =>
    world.gateway.fromMain({
      type: "liquidate",
      id: 1,
      scope: "all",
      assetClasses: ["us_equity"],
      reason: "test",
      deadlineUs: Infinity,
    }),
};

for (const [what, exit] of Object.entries(EXITS)) {
  Deno.test(`fault 37: an exit (${what}) of what the broker has closed and told nobody opens no short`, async () => {
    await using world = await FaultWorld.open({ gateway: { reconcile: RECONCILE } });
    world.send({ action: "buy", qty: 10 });
    await world.position(10, { minutes: 3 });
    const forced = world.inject({ kind: "forced_liquidation", told: false });
    await world.minutes();
    await forced.injected();
    assert.equal(world.exchangeQty(), 0);
    exit(world);
    await world.settled();
    await world.minutes(2);
    assert.equal(world.exchangeQty(), 0);
    await world.logged(/position intent mismatch/, "error");
    // The books are compared at once, not after a minute.
    await world.networkMs(12_000);
    await world.position(0);
    assert.equal(world.gateway.book.net(SYMBOL).toFixed(), "0");
    const told = world.logs.heard.filter(({ properties }) =>
      properties?.alert === "position_closed_outside"
    );
    assert.equal(told.length, 1, told.map(textOf).join("\n"));
    await world.minutes(2);
    await world.networkMs(120_000);
    assert.equal(world.ownOrders().length, 1);
    await world.check({ orders: 1 });
  });
}

Deno.test("an exit says that it closes, but where another run holds more on the other side", async () => {
  await using world = await FaultWorld.open();
  const intents = () => world.ownOrders().map(({ side, positionIntent }) => [side, positionIntent]);
  world.send({ action: "buy", qty: 10 });
  await world.position(10, { minutes: 3 });
  world.send({ action: "short", qty: 4, runId: 2 });
  await world.position(-4, { runId: 2, minutes: 3 });
  world.send({ action: "sell", qty: 10 });
  // 6 close the account's position, 4 open the short that run 2 has.
  await world.position(0, { minutes: 6 });
  world.send({ action: "cover", qty: 4, runId: 2 });
  await world.position(0, { runId: 2, minutes: 3 });
  assert.deepEqual(intents(), [
    ["buy", "buy_to_open"],
    ["sell", "sell_to_close"],
    ["sell", "sell_to_close"],
    ["sell", "sell_to_open"],
    ["buy", "buy_to_close"],
  ]);
  await world.networkMs(5000);
  await world.check();
});
