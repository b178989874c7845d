/** A gateway outside of steps, whose time the test moves, for tests of what goes wrong. */
import type { SubmitResult } from "../../contracts/broker.ts";
import type { OrderRequest } from "../../model/order.ts";
import type { RunInfo } from "../../protocol.ts";
import { testIntent, type Wish, World } from "./test_world.ts";

const RUNS: RunInfo[] = [
  { runId: 1, strategy: "alpha", consumer: 0, dayTrade: true },
  { runId: 2, strategy: "beta", consumer: 0, dayTrade: false },
];
export const PERIODS = { inFlightMs: 5000, openOrdersMs: 30_000, positionsMs: 60_000 };

export function openLive(reconcile: typeof PERIODS | undefined = PERIODS): Promise<World> {
  return World.open({ runs: RUNS, stepping: false, isTimed: true, reconcile });
}

export async function sent(world: World, ...wishes: Wish[]): Promise<void> {
  for (const wish of wishes) world.send(wish);
  await world.settled();
}

export const buy = testIntent({ action: "buy", symbol: "A", qty: 10 });
export const limitBuy = testIntent({ action: "buy", symbol: "A", qty: 10, limitPrice: 99 });

/** What a person is told. */
export function alerts({ logs }: World): string[] {
  return logs.filter((line) => line.startsWith("error"));
}

/** The ids that are sent, with answers given by the test; null: the broker's own. */
export function answered(
  world: World,
  answer: (request: OrderRequest, attempt: number) => SubmitResult | null,
): string[] {
  const ids: string[] = [];
  world.broker.answer = (request, attempt) => {
    ids.push(request.clientOrderId);
    return answer(request, attempt);
  };
  return ids;
}

export function liquidate(world: World): void {
  world.gateway.fromMain({
    type: "liquidate",
    id: 1,
    scope: "all",
    assetClasses: ["us_equity"],
    reason: "test",
    deadlineUs: Infinity,
  });
}
