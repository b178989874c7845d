/** A night with a split, between two gateways. */
import assert from "node:assert/strict";
import type { RunInfo } from "../../../protocol.ts";
import type { Split } from "../../../model/split.ts";
import { decimal } from "../../../util/decimal.ts";
import { OperationError } from "../../../util/errors.ts";
import { MemoryJournal } from "../journal.ts";
import { OPEN_US, testIntent, World } from "../test_world.ts";
import { openRecords } from "./open_records.ts";

const RUNS: RunInfo[] = [{ runId: 1, strategy: "alpha", consumer: 0, dayTrade: false }];
const DAY_US = 24 * 60 * 60e6;
const RECOVERY = { fromBatchId: "batch", unknownPositions: "external", damage: null } as const;
const FORWARD: Split = { symbol: "A", newShares: "4", oldShares: "1", date: "2022-01-04" };

/** What the exchange's side does overnight. */
interface Night {
  split: Split;
  /** After it, at the broker. */
  qty: string;
  asked?: string[];
}

function knowsSplits(world: World, answer: () => Promise<Split[]>, asked: string[] = []): void {
  Object.assign(world.broker, {
    splits: (symbols: string[], from: string, to: string) => {
      asked.push(`${symbols} ${from} ${to}`);
      return answer();
    },
  });
}

/** Holds 10 of A at 100, its stop at 95 and its target at 110. */
async function firstDay(): Promise<World> {
  const world = await World.open({
    runs: RUNS,
    stepping: false,
    before: (broker) => Object.assign(broker, { splits: () => Promise.resolve([]) }),
  });
  world.send(testIntent({ action: "buy", symbol: "A", stopPrice: 95, targetPrice: 110 }));
  await world.settled();
  world.broker.fill(world.broker.open("A")[0], "10", "100");
  await world.settled();
  return world;
}

async function nextDay(after: World, { split, qty, asked }: Night, days = 1): Promise<World> {
  const { broker } = after;
  const startUs = OPEN_US + days * DAY_US;
  broker.nowUs = startUs;
  broker.shifts.set("A", decimal(qty).minus(10));
  knowsSplits(after, () => Promise.resolve([split]), asked);
  const hours = { openUs: startUs, closeUs: startUs + 390 * 60e6 };
  broker.say({ state: "connected" });
  const journal = new MemoryJournal(openRecords(after.journal.all));
  const world = await World.open({
    runs: RUNS.map((run) => ({ ...run, runId: 10 + days })),
    stepping: false,
    after,
    journal,
    recovery: RECOVERY,
  });
  world.gateway.fromMain({ type: "session", assetClass: "us_equity", ...hours });
  await world.settled();
  return world;
}

const resting = (world: World) =>
  world.broker.open("A").map(({ type, qty, limitPrice, triggerPrice }) =>
    `${type} ${qty} ${type === "limit" ? limitPrice : triggerPrice}`
  ).sort();

Deno.test("fault 45: quantities, stop and target are rescaled overnight, also what rests", async () => {
  const first = await firstDay();
  assert.deepEqual(resting(first), ["limit 10 110", "stop 10 95"]);
  const asked: string[] = [];
  const second = await nextDay(first, { split: FORWARD, qty: "40", asked });
  assert.deepEqual(asked, ["A 2022-01-04 2022-01-04"]);
  const { position } = second.lastReport(11, "A")!;
  assert.deepEqual([position?.qty, position?.averagePrice], [40, 25]);
  assert.deepEqual([position?.stopPrice, position?.targetPrice], [23.75, 27.5]);
  assert.match(second.logs.join("\n"), /4.*1.*2022-01-04|rescaled/);
  assert.deepEqual(resting(second), ["limit 40 27.5", "stop 40 23.75"]);

  // And not once more, neither on the same day nor on the next.
  const again = await nextDay(second, { split: FORWARD, qty: "40" }, 1);
  assert.equal(again.gateway.book.net("A").toFixed(), "40");
  const third = await nextDay(again, { split: FORWARD, qty: "40" }, 2);
  assert.equal(third.gateway.book.net("A").toFixed(), "40");
  assert.doesNotMatch(third.logs.join("\n"), /still has the old quantity/);
});

Deno.test("fault 45: of a reverse split what is no whole share is paid out", async () => {
  const first = await firstDay();
  const split = { ...FORWARD, newShares: "1", oldShares: "4" };
  const second = await nextDay(first, { split, qty: "2" });
  const { position } = second.lastReport(11, "A")!;
  assert.deepEqual([position?.qty, position?.averagePrice], [2, 400]);
  assert.deepEqual([position?.stopPrice, position?.targetPrice], [380, 440]);
  assert.equal(second.gateway.book.external("A").toFixed(), "0");
});

Deno.test("fault 45: a split that the broker has not made is told, and made at the next start", async () => {
  const first = await firstDay();
  const second = await nextDay(first, { split: FORWARD, qty: "10" });
  assert.equal(second.lastReport(11, "A")!.position!.qty, 10);
  assert.match(second.logs.join("\n"), /error.*still has the old quantity/);
  const third = await nextDay(second, { split: FORWARD, qty: "40" }, 1);
  assert.equal(third.gateway.book.net("A").toFixed(), "40");
  assert.equal(third.gateway.book.external("A").toFixed(), "0");
});

Deno.test("fault 45: where splits are not known, the broker's quantity shows it", async () => {
  const first = await firstDay();
  first.broker.nowUs = OPEN_US + DAY_US;
  knowsSplits(first, () => Promise.reject(new OperationError("not in your subscription")));
  first.broker.say({ state: "connected" });
  const second = await World.open({
    runs: RUNS.map((run) => ({ ...run, runId: 11 })),
    stepping: false,
    after: first,
    recovery: RECOVERY,
  });
  assert.match(second.logs.join("\n"), /error Splits since .* are not known/);
  assert.equal(second.gateway.book.net("A").toFixed(), "10");
});
