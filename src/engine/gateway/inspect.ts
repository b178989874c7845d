/** What a gateway holds and has open, for who looks at it. */
import type { OpenOrder } from "../../model/open_order.ts";
import type { OpenPosition } from "../../model/open_position.ts";
import { plain } from "../../util/decimal.ts";
import { openPositions } from "./leaving.ts";
import { restingLegs } from "./protection.ts";
import type { GatewayState } from "./state.ts";
import { type ChildOrder, compare, liveChild, type Work } from "./work.ts";

interface Inspected {
  positions: OpenPosition[];
  openOrders: OpenOrder[];
  external: { symbol: string; qty: string }[];
}

export function inspect(state: GatewayState): Inspected {
  const openOrders: OpenOrder[] = [];
  const external: Inspected["external"] = [];
  const desks = [...state.desks.values()].sort((a, b) => compare(a.symbol, b.symbol));
  for (const desk of desks) {
    for (const work of desk.works) openOrders.push(ofWork(work));
    for (const { groups } of desk.protections.values()) {
      for (const leg of groups.flatMap(restingLegs)) openOrders.push(ofLeg(state, leg));
    }
  }
  for (const [symbol, qty] of state.book.externals()) {
    if (!qty.isZero) external.push({ symbol, qty: plain(qty) });
  }
  return { positions: openPositions(state), openOrders, external };
}

function ofWork(work: Work): OpenOrder {
  const { symbol, strategy, side, kind, qty, filledQty, sinceUs } = work;
  const { type, limitPrice, triggerPrice } = work.terms;
  return {
    symbol,
    strategy,
    side,
    kind,
    type,
    qty: plain(qty),
    filledQty: plain(filledQty),
    limitPrice,
    triggerPrice,
    status: liveChild(work)?.status ?? "waiting",
    sinceUs,
  };
}

function ofLeg(state: GatewayState, leg: ChildOrder): OpenOrder {
  const { symbol, side, kind, qty, filledQty, status, sentUs, runId } = leg;
  const prices = state.desk(symbol).protections.get(runId);
  return {
    symbol,
    strategy: state.runs.get(runId)?.strategy ?? `run ${runId}`,
    side,
    kind,
    type: kind === "target" ? "limit" : "stop",
    qty: plain(qty),
    filledQty: plain(filledQty),
    limitPrice: kind === "target" ? prices?.targetPrice ?? null : null,
    triggerPrice: kind === "stop" ? prices?.stopPrice ?? null : null,
    status,
    sinceUs: sentUs,
  };
}
