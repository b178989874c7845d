import assert from "node:assert/strict";
import fc from "fast-check";
import type { BrokerAccount } from "../../contracts/broker.ts";
import { Account } from "./account.ts";
import type { Work } from "./work.ts";

const FUNDS = 1000;

/** What the broker knows of a work at the moment at which it is asked. */
interface Order {
  work: Work;
  amount: number;
  state: "unknown" | "open" | "over";
}

type Action = { do: "reserve"; amount: number } | { do: "know" | "end"; pick: number } | {
  do: "read";
};

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ do: fc.constant("reserve" as const), amount: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ do: fc.constantFrom("know" as const, "end" as const), pick: fc.nat(9) }),
  fc.record({ do: fc.constant("read" as const) }),
);

function accountWith(buyingPower: number): BrokerAccount {
  return {
    accountId: "test",
    currency: "USD",
    cash: String(buyingPower),
    equity: "1000",
    buyingPower: String(buyingPower),
    tradingBlocked: false,
    shortingEnabled: true,
  };
}

Deno.test("buying power is given once, and all of it is there when nothing is open", async () => {
  await fc.assert(fc.asyncProperty(fc.array(action), async (actions) => {
    const account = new Account();
    const orders: Order[] = [];
    const held = () =>
      orders.filter(({ state }) => state === "open").reduce((sum, { amount }) => sum + amount, 0);
    const isKnown = (work: Work) => orders.find((one) => one.work === work)!.state !== "unknown";
    await account.refresh(() => accountWith(FUNDS), isKnown);
    for (const step of [...actions, { do: "read" as const }]) {
      const order = "pick" in step ? orders[step.pick % Math.max(1, orders.length)] : undefined;
      switch (step.do) {
        case "reserve":
          if (step.amount > account.available(false)) break;
          orders.push({ work: {} as Work, amount: step.amount, state: "unknown" });
          account.reserve(orders.at(-1)!.work, step.amount);
          break;
        case "know":
          if (order?.state === "unknown") order.state = "open";
          break;
        case "end":
          // Refused before it was open: nothing holds it.
          if (order?.state === "unknown") account.release(order.work);
          if (order) order.state = "over";
          break;
        case "read":
          await account.refresh(() => Promise.resolve(accountWith(FUNDS - held())), isKnown);
          break;
        default:
          step satisfies never;
      }
      const wanted = orders.filter(({ state }) => state !== "over");
      const promised = wanted.reduce((sum, { amount }) => sum + amount, 0);
      assert.ok(promised <= FUNDS, `${promised} given of ${FUNDS}`);
      assert.ok(account.available(false) <= FUNDS - promised, "none is given twice");
    }
    for (const order of orders) {
      if (order.state === "unknown") account.release(order.work);
      order.state = "over";
    }
    await account.refresh(() => accountWith(FUNDS), isKnown);
    assert.equal(account.reserved, 0);
    assert.equal(account.available(false), FUNDS);
  }));
});
