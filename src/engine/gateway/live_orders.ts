import type { Desk } from "./desk.ts";
import type { GatewayState } from "./state.ts";
import { type ChildOrder, isLive } from "./work.ts";

/** Orders at the broker that can still fill, of all that is open or protected. */
export function liveOrders(state: GatewayState): ChildOrder[] {
  return state.board.busy.list.flatMap(liveOrdersOf);
}

export function liveOrdersOf({ works, protections }: Desk): ChildOrder[] {
  const live = works.flatMap(({ children }) => children.filter(isLive));
  for (const { groups } of protections.values()) {
    for (const { legs } of groups) live.push(...legs.filter(isLive));
  }
  return live;
}
