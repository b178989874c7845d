/**
 * What each trade gained, in the order of their ends, what is open at the end as if it were closed
 * at the last price.
 * Invariant: their sum is what the account gained, exactly.
 */
import type { BacktestResult } from "../backtest/result.ts";
import type { SymbolResult } from "../fincalcs/trade_analysis.ts";
import { Decimal, decimal, plain } from "../util/decimal.ts";

const SHARE_DECIMALS = 12;

interface Trade {
  side: "long" | "short";
  endUs: number;
  gain: Decimal;
  /** What a night's costs are shared by: notional times the time it was held. */
  weight: number;
}

type Ran = Pick<BacktestResult, "endUs" | "openPositions" | "trades" | "costs">;

/** Decimal texts, account currency, all costs in them. */
export function tradeGains(results: readonly SymbolResult[], ran: Ran): string[] {
  const prices = lastPrices(ran);
  const trades = results.flatMap(({ symbol, trips, open }): Trade[] => {
    const closed = trips.map(({ side, startUs, endUs, gainValue, openingNotional }) => ({
      side,
      endUs,
      gain: decimal(gainValue),
      weight: Number(openingNotional) * (endUs - startUs),
    }));
    if (open === null) return closed;
    const { side, startUs, qty, cost, fees, realisedValue } = open;
    const value = decimal(qty).times(prices.get(symbol)!);
    const unrealised = side === "long" ? value.minus(cost) : decimal(cost).minus(value);
    const { endUs } = ran;
    const gain = unrealised.minus(fees).plus(realisedValue);
    return [...closed, { side, endUs, gain, weight: Number(cost) * (endUs - startUs) }];
  }).sort((a, b) => a.endUs - b.endUs);
  const shorts = trades.filter(({ side }) => side === "short");
  charge(shorts.length > 0 ? shorts : trades, ran.costs.borrow);
  charge(trades, ran.costs.interest);
  return trades.map(({ gain }) => plain(gain));
}

/** Of what the account holds, the price that it is valued at; else that of the last execution. */
function lastPrices({ trades, openPositions }: Ran): Map<string, string> {
  return new Map([
    ...trades.map(({ symbol, price }) => [symbol, price] as const),
    // What strategies hold against each other in a symbol is worth nothing at any price.
    ...openPositions.map(({ symbol, marketPrice }) => [symbol, marketPrice] as const),
  ]);
}

/** Costs by night are the account's: each trade bears a share by what was held, and how long. */
function charge(trades: readonly Trade[], cost: string): void {
  const last = trades.at(-1);
  let rest = decimal(cost);
  if (last === undefined || rest.eq(0)) return;
  const all = trades.reduce((sum, { weight }) => sum + weight, 0);
  for (const trade of trades) {
    const part = Number(cost) * trade.weight / all;
    const share = trade === last || !(all > 0)
      ? rest
      : decimal(part.toFixed(SHARE_DECIMALS)).round(SHARE_DECIMALS, Decimal.roundHalfUp);
    trade.gain = trade.gain.minus(share);
    rest = rest.minus(share);
  }
}
