/**
 * A split of a symbol: positions, and all prices from now on.
 * Invariant: what a position is worth stays the same, to the rounding of prices.
 */
import type { BarColumns } from "../../model/bars.ts";
import type { SymbolData } from "../../recorded/market_data.ts";
import { countUpTo } from "../history.ts";
import type { AdversaryWorld } from "./world.ts";

/** `ratio`: new shares for an old one. */
export function splitSymbol(world: AdversaryWorld, symbol: string, ratio: number): void {
  const { exchange, accounts, hand, history } = world;
  const nowUs = exchange.nowUs;
  history.noteSplit(symbol, nowUs, ratio, (data) => splitData(data, nowUs, ratio));
  for (const accountId of accounts.ids()) {
    // Alpaca cancels what rests: its prices are of the old shares.
    for (const { id } of exchange.orders(accountId, { symbols: [symbol], limit: 500 })) {
      hand.end(accountId, id, "canceled");
    }
    hand.splitPosition(accountId, symbol, ratio);
  }
  const market = exchange.market(symbol);
  market.setLast(market.lastPrice / ratio, market.lastUs);
  market.setQuote(market.bidPrice / ratio, market.askPrice / ratio, nowUs);
}

/** What is still to come is of the new shares. */
function splitData(data: SymbolData, nowUs: number, ratio: number): void {
  for (const bars of [data.secondBars, data.minuteBars, data.dailyBars]) {
    splitBars(bars, countUpTo(bars.timeUs, nowUs - 1), bars.timeUs.length, ratio);
  }
  const { trades, quotes } = data;
  scale([trades.price], [trades.size], countUpTo(trades.timeUs, nowUs), ratio);
  const { bidPrice, askPrice, bidSize, askSize } = quotes;
  scale([bidPrice, askPrice], [bidSize, askSize], countUpTo(quotes.timeUs, nowUs), ratio);
}

/** Of rows [from, to), in place. */
export function splitBars(bars: BarColumns, from: number, to: number, ratio: number): void {
  const { open, high, low, close, vwap, volume } = bars;
  scale([open, high, low, close, vwap], [volume], from, ratio, to);
}

function scale(
  prices: Float64Array[],
  sizes: Float64Array[],
  from: number,
  ratio: number,
  to = Infinity,
): void {
  for (const column of prices) {
    for (let i = from; i < Math.min(to, column.length); i++) column[i] /= ratio;
  }
  for (const column of sizes) {
    for (let i = from; i < Math.min(to, column.length); i++) column[i] *= ratio;
  }
}
