/** What trading took: executions, fees, slippage, exposure, denials. */
import type { TradeRow } from "../contracts/store.ts";
import type { OrderFigures } from "./report_types.ts";
import type { Selection } from "./selection.ts";
import { sum } from "./trade_figures.ts";

export function orderFigures(
  selection: Selection,
  known: {
    hasFees: boolean;
    meanEquity: number | null;
    /** Gross value held over time, with the share of the account that it was; null: not known. */
    exposure: { timeUs: readonly number[]; gross: readonly number[]; equity: readonly number[] };
    hasEquity: boolean;
    sessions: readonly { openUs: number; closeUs: number }[];
  },
): OrderFigures {
  const { trades, denials, figures } = selection;
  const notional = sum(trades.map(({ qty, price }) => Math.abs(Number(qty) * Number(price))));
  const costs = [...figures.values()].flatMap(({ costs }) => costs === null ? [] : [costs]);
  const counts = Map.groupBy(denials, ({ by, code }) => JSON.stringify([by, code]));
  return {
    executions: trades.length,
    notional,
    turnover: known.meanEquity !== null && known.meanEquity > 0
      ? notional / known.meanEquity
      : null,
    fees: sum(trades.map(({ fee }) => Number(fee))),
    hasFees: known.hasFees,
    costs: costs.length === 0 || selection.isPart ? null : {
      borrow: sum(costs.map(({ borrow }) => borrow)),
      interest: sum(costs.map(({ interest }) => interest)),
    },
    slippage: slippageOf(trades),
    ...exposureOf(known),
    denials: [...counts].map(([key, rows]) => {
      const [by, code] = JSON.parse(key) as [string, string];
      return { by, code, count: rows.length };
    }).sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1)),
  };
}

/** (price − price at the decision) × quantity, for a sale with the sign turned: > 0 is a cost. */
function slippageOf(trades: readonly TradeRow[]): OrderFigures["slippage"] {
  let [amount, notional, executions] = [0, 0, 0];
  for (const { operation, qty, price, decisionPrice } of trades) {
    if (decisionPrice === null || decisionPrice === undefined) continue;
    const isBuy = operation === "buy" || operation === "buy_short";
    amount += (Number(price) - Number(decisionPrice)) * Number(qty) * (isBuy ? 1 : -1);
    notional += Number(decisionPrice) * Number(qty);
    executions++;
  }
  return executions === 0 ? null : { amount, bps: 10_000 * amount / notional, executions };
}

/** Between two points of the curve what was held at the first of them is held. */
function exposureOf(
  { exposure: { timeUs, gross, equity }, hasEquity, sessions }: {
    exposure: { timeUs: readonly number[]; gross: readonly number[]; equity: readonly number[] };
    hasEquity: boolean;
    sessions: readonly { openUs: number; closeUs: number }[];
  },
): Pick<OrderFigures, "timeInMarket" | "exposure"> {
  let [open, held, weighted] = [0, 0, 0];
  let at = 0;
  for (let i = 0; i + 1 < timeUs.length; i++) {
    while (at < sessions.length && sessions[at].closeUs <= timeUs[i]) at++;
    let us = 0;
    for (let n = at; n < sessions.length && sessions[n].openUs < timeUs[i + 1]; n++) {
      const from = Math.max(sessions[n].openUs, timeUs[i]);
      us += Math.max(0, Math.min(sessions[n].closeUs, timeUs[i + 1]) - from);
    }
    open += us;
    if (gross[i] > 0) held += us;
    if (gross[i] > 0 && equity[i] > 0) weighted += us * gross[i] / equity[i];
  }
  return {
    timeInMarket: open > 0 ? held / open : null,
    exposure: open > 0 && hasEquity ? weighted / open : null,
  };
}
