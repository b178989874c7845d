/**
 * Faults, one after the other, again and again, into the orders of a gateway that trades all day:
 * what is wrong afterwards is counted.
 */
import type { FaultInput } from "../../src/config/fault_kinds.ts";
import { Random } from "../../src/simulator/random.ts";
import { type Problems, problemsOf } from "../faults/check.ts";
import { FaultWorld } from "../faults/world.ts";

export interface StormResult extends Problems {
  /** How often, by the place of the fault among those that were asked for. */
  injected: number[];
  orders: number;
  /** Days that were traded. */
  days: number;
}

const SYMBOLS = ["AAA", "BBB", "CCC"];
const MINUTES = 380;
const DAYS_MAX = 12;
/** After the last fault: all that is repaired by looking again is repaired by then. */
const CALM_MINUTES = 5;
const CALM_MS = 90_000;
/** What the network's time goes on by in each minute of the market. */
const NETWORK_MS = 1500;
const RECONCILE = { inFlightMs: 2000, openOrdersMs: 15_000, positionsMs: 30_000 };

/** Trades days until each of the faults, one after the other, was injected so often. */
export async function storm(
  faults: readonly FaultInput[],
  { injections, seed }: { injections: number; seed: number },
): Promise<StormResult> {
  const result: StormResult = {
    injected: faults.map(() => 0),
    orders: 0,
    days: 0,
    duplicates: [],
    lostFills: [],
    mismatches: [],
    unprotected: [],
    others: [],
  };
  while (result.injected.some((count) => count < injections) && result.days < DAYS_MAX) {
    const day = ++result.days;
    await tradeDay(faults, injections, new Random(seed, day), result);
  }
  return result;
}

async function tradeDay(
  faults: readonly FaultInput[],
  injections: number,
  random: Random,
  result: StormResult,
): Promise<void> {
  const bars = Object.fromEntries(SYMBOLS.map((symbol) => [symbol, walk(random)]));
  const runs = [1, 2].map((runId) => ({
    runId,
    strategy: `s${runId}`,
    consumer: 0,
    dayTrade: true,
  }));
  await using world = await FaultWorld.open({
    bars,
    runs,
    seed: random.uint32(),
    gateway: { reconcile: RECONCILE },
  });
  const left = faults.map((fault, i) => ({ fault, i }))
    .filter(({ i }) => result.injected[i] < injections);
  let minute = 0;
  for (const { fault, i } of left) {
    const before = result.injected[i];
    const { fault: live, remove } = world.inject(fault);
    for (; minute < MINUTES && before + live.injected < injections; minute++) {
      for (const { runId } of runs) {
        for (const symbol of SYMBOLS) {
          decide(world, { runId, symbol, price: bars[symbol](minute) }, random);
        }
      }
      await world.minutes();
      await world.networkMs(NETWORK_MS);
    }
    remove();
    result.injected[i] += live.injected;
    // What a liquidation restricts is lifted by somebody who has looked.
    world.gateway.fromMain({ type: "lift", cause: "liquidated" });
  }
  await world.networkMs(CALM_MS);
  await world.minutes(CALM_MINUTES);
  await world.networkMs(CALM_MS);
  await world.settled();
  result.orders += world.ownOrders().length;
  const problems = problemsOf(world, { isOpen: true });
  for (const [name, found] of Object.entries(problems)) {
    result[name as keyof Problems].push(...found);
  }
}

/** Brackets in, a part or all of it out, limits that rest and are taken back. */
function decide(
  world: FaultWorld,
  { runId, symbol, price }: { runId: number; symbol: string; price: number },
  random: Random,
): void {
  const report = world.report(runId, symbol);
  const chance = random.between(0, 1);
  if (report?.openOrder != null) {
    if (chance < 0.4) world.cancel(runId, symbol);
    return;
  }
  if (chance < 0.5) return;
  const qty = report?.position?.qty ?? 0;
  const order = { runId, symbol, referencePrice: price };
  if (qty > 0) {
    const part = random.int(1, qty);
    return void world.send({ ...order, action: "sell", qty: chance < 0.8 ? part : qty });
  }
  const legs = {
    stopPrice: Math.round(price * 99) / 100,
    targetPrice: Math.round(price * 101) / 100,
  };
  const limit = chance < 0.75 ? {} : { limitPrice: Math.round(price * 99.5) / 100 };
  world.send({ ...order, ...legs, ...limit, action: "buy", qty: random.int(2, 20) });
}

/** A price that wanders by a third of a per cent a minute; the same, whenever it is asked. */
function walk(random: Random): (minute: number) => number {
  const prices = [100];
  for (let i = 1; i <= MINUTES + 30; i++) {
    prices.push(Math.max(50, prices[i - 1] * (1 + random.normal() / 300)));
  }
  return (minute) => prices[Math.min(minute, prices.length - 1)];
}
