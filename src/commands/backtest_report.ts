/** A backtest's result in words, as JSON, and its equity curve as CSV. */
import type { BacktestResult } from "../backtest/result.ts";
import { exchangeDate } from "../model/calendar.ts";
import { formatRfc3339 } from "../wire/rfc3339.ts";

/** One object; amounts are numbers, times RFC 3339. */
export function backtestJson(result: BacktestResult): Record<string, unknown> {
  return {
    batch_id: result.batchId,
    from: formatRfc3339(result.fromUs),
    to: formatRfc3339(result.endUs),
    end_reason: result.endReason,
    initial_cash: Number(result.initialCash),
    cash: Number(result.cash),
    final_equity: Number(result.finalEquity),
    total_return: result.totalReturn,
    fees: Number(result.fees),
    commission: Number(result.costs.commission),
    regulatory_fees: Number(result.costs.regulatoryFees),
    borrow_cost: Number(result.costs.borrow),
    interest: Number(result.costs.interest),
    slippage: Number(result.costs.slippage),
    max_drawdown: result.maxDrawdown,
    sharpe: result.sharpe,
    ruined_at: result.ruinedUs === null ? null : formatRfc3339(result.ruinedUs),
    trades: result.trades.map(({ symbol, operation, qty, price, timeUs, fee, strategy }) => ({
      symbol,
      side: operation === "buy" || operation === "buy_short" ? "buy" : "sell",
      operation,
      qty: Number(qty),
      price: Number(price),
      time: formatRfc3339(timeUs),
      fee: Number(fee),
      strategy,
    })),
    open_positions: result.openPositions.map(({ symbol, qty, averagePrice, marketPrice }) => ({
      symbol,
      qty: Number(qty),
      average_price: Number(averagePrice),
      market_price: Number(marketPrice),
    })),
  };
}

export function backtestSummary(result: BacktestResult): string {
  const {
    fromUs,
    endUs,
    initialCash,
    finalEquity,
    totalReturn,
    fees,
    maxDrawdown,
    costs,
    ruinedUs,
  } = result;
  const cents = (text: string) => Number(text).toFixed(2);
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  const lines = [
    ["from", exchangeDate(fromUs)],
    ["to", exchangeDate(endUs - 1)],
    ["initial cash", Number(initialCash).toFixed(2)],
    ["cash", cents(result.cash)],
    ["final equity", Number(finalEquity).toFixed(2)],
    ["total return", percent(totalReturn)],
    [
      "fees",
      `${cents(fees)} (commission ${cents(costs.commission)}, ` +
      `regulatory ${cents(costs.regulatoryFees)})`,
    ],
    ["borrow cost", cents(costs.borrow)],
    ...(Number(costs.interest) === 0 ? [] : [["interest", cents(costs.interest)]]),
    ["slippage", `${cents(costs.slippage)} (in the prices)`],
    ["max drawdown", percent(maxDrawdown)],
    ["Sharpe ratio", result.sharpe === null ? "–" : result.sharpe.toFixed(2)],
    ...(ruinedUs === null
      ? []
      : [["ruined", `${exchangeDate(ruinedUs)}: the account's value was 0 or less`]]),
    ["executions", String(result.trades.length)],
    ["open positions", String(result.openPositions.length)],
  ];
  return lines.map(([name, value]) => `${name.padEnd(15)}${value}\n`).join("");
}

export function equityCsv({ equity }: BacktestResult): string {
  return curveCsv(equity);
}

export function curveCsv(
  { timeUs, equity }: { timeUs: ArrayLike<number>; equity: ArrayLike<number> },
): string {
  const lines = Array.from(timeUs, (us, i) => `${formatRfc3339(us)},${equity[i]}`);
  return ["time,equity", ...lines, ""].join("\n");
}
