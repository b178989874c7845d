/** What a day of trading held, counted from what was stored: the demo shows it, its test asserts it. */
import type { DenialRow, RunRow, TradeRow } from "../contracts/store.ts";
import { decimal } from "../util/decimal.ts";

export interface DayCounts {
  fills: number;
  symbols: number;
  /** Executions that opened or added to a long, or a short, position. */
  longEntries: number;
  shortEntries: number;
  /** Executions of orders that were filled in more than one. */
  partialFills: number;
  /** Orders that took a part of a position off and left the rest. */
  scaleOuts: number;
  refusedByBroker: number;
  deniedByRisk: number;
  /** Symbols in which one strategy was long while another was short. */
  longAndShortSymbols: number;
}

export function dayCounts(
  trades: readonly TradeRow[],
  denials: readonly DenialRow[],
  runs: readonly Pick<RunRow, "algoRunId" | "algoName">[],
): DayCounts {
  const byOrder = Map.groupBy(trades, ({ brokerOrderId }) => brokerOrderId);
  return {
    fills: trades.length,
    symbols: new Set(trades.map(({ symbol }) => symbol)).size,
    longEntries: trades.filter(({ operation }) => operation === "buy").length,
    shortEntries: trades.filter(({ operation }) => operation === "sell_short").length,
    partialFills: [...byOrder.values()].filter(({ length }) => length > 1)
      .reduce((count, { length }) => count + length, 0),
    scaleOuts: countScaleOuts(trades),
    refusedByBroker: denials.filter(({ by }) => by === "broker").length,
    deniedByRisk: denials.filter(({ by }) => by === "risk").length,
    longAndShortSymbols: countLongAndShort(trades, runs),
  };
}

/** Signed change of a position. */
function change({ operation, qty }: TradeRow) {
  return operation === "buy" || operation === "buy_short" ? decimal(qty) : decimal(qty).times(-1);
}

function countScaleOuts(trades: readonly TradeRow[]): number {
  let count = 0;
  const positions = Map.groupBy(trades, (row) => JSON.stringify([row.algoRunId, row.symbol]));
  for (const rows of positions.values()) {
    let position = decimal(0);
    for (const [i, row] of rows.entries()) {
      position = position.plus(change(row));
      const reduces = row.operation === "sell" || row.operation === "buy_short";
      const isLastOfOrder = rows[i + 1]?.brokerOrderId !== row.brokerOrderId;
      if (reduces && isLastOfOrder && !position.eq(0)) count++;
    }
  }
  return count;
}

function countLongAndShort(
  trades: readonly TradeRow[],
  runs: readonly Pick<RunRow, "algoRunId" | "algoName">[],
): number {
  const strategyOf = new Map(runs.map(({ algoRunId, algoName }) => [algoRunId, algoName]));
  const found = new Set<string>();
  const positions = new Map<string, Map<string, ReturnType<typeof decimal>>>();
  for (const row of trades) {
    const ofSymbol = positions.get(row.symbol) ?? new Map();
    positions.set(row.symbol, ofSymbol);
    const strategy = strategyOf.get(row.algoRunId) ?? "";
    ofSymbol.set(strategy, (ofSymbol.get(strategy) ?? decimal(0)).plus(change(row)));
    const held = [...ofSymbol.values()];
    if (held.some((qty) => qty.gt(0)) && held.some((qty) => qty.lt(0))) found.add(row.symbol);
  }
  return found.size;
}
