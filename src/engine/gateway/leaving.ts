/** What a gateway that stops leaves behind. */
import type { OpenPosition } from "../../model/open_position.ts";
import { decimal, plain } from "../../util/decimal.ts";
import { coveredBy, type Protection, restingLegs } from "./protection.ts";
import type { GatewayState } from "./state.ts";

const PRICE_DECIMALS = 6;
const ZERO = decimal(0);

/**
 * Orders have ended (`keepsOrders`: or are at the broker, where they stay), and what is to rest has
 * been put to rest.
 */
export function isSettled(state: GatewayState, keepsOrders: boolean): boolean {
  const { dirty, busy, openOrders } = state.board;
  if (dirty.list.length > 0 || (openOrders > 0 && !keepsOrders)) return false;
  if (busy.list.some(({ sending }) => sending > 0)) return false;
  return busy.list.every((desk) =>
    [...desk.protections.values()].every(({ groups }) =>
      groups.flatMap(restingLegs).every((leg) => !leg.isSending && leg.cancel === "none")
    )
  );
}

/** By symbol, then run; of these runs, or of all. */
export function openPositions(
  state: GatewayState,
  isWanted: (runId: number) => boolean = () => true,
): OpenPosition[] {
  const all = [...state.book.all()].filter(({ runId }) => isWanted(runId));
  return all.map(({ symbol, runId, position }) => {
    const protection = state.desk(symbol).protections.get(runId);
    const covered = isLeaving(protection) ? ZERO : coveredBy(protection);
    return {
      symbol,
      strategy: state.runs.get(runId)?.strategy ?? `run ${runId}`,
      qty: plain(position.qty),
      averagePrice: plain(position.cost.div(position.qty.abs()).round(PRICE_DECIMALS)),
      protection: covered.gte(position.qty.abs())
        ? "rests"
        : covered.gt(0)
        ? "rests in part"
        : hasPrices(protection)
        ? "watched only"
        : "none",
    };
  });
}

/** Cancels are on their way, of which nobody will hear what became. */
function isLeaving(protection: Protection | undefined): boolean {
  const legs = protection?.groups.flatMap(restingLegs) ?? [];
  return legs.some(({ cancel, status }) => cancel === "requested" || status === "pending_cancel");
}

function hasPrices(protection: Protection | undefined): boolean {
  return (protection?.stopPrice ?? null) !== null || (protection?.targetPrice ?? null) !== null;
}
