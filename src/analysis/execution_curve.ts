/**
 * The value of an account over time, worked out from executions: what it began with, what they did to
 * its cash, and what is held at the last price that was known.
 */
import type { TradeRow } from "../contracts/store.ts";
import type { Curve } from "./thin_curve.ts";
import type { PriceBook } from "./price_book.ts";

export interface ExecutionCurve extends Curve {
  /** Gross value of what is held, at the same times. */
  exposure: number[];
  /** Symbols that were held at a day's end without a price newer than their last execution. */
  unpriced: string[];
}

interface Held {
  qty: number;
  price: number;
  /** Since when the price is known. */
  sinceUs: number;
}

/**
 * `timesUs`: the times, ascending, at which the curve has points; `dayEndsUs`: those of them at which a
 * missing price is told. `before`: executions that opened what was held at the start: what is held is
 * worth what it cost then, unless prices say better. All executions in the order of time.
 */
export function executionCurve(options: {
  startEquity: number;
  before: readonly TradeRow[];
  trades: readonly TradeRow[];
  timesUs: readonly number[];
  dayEndsUs: readonly number[];
  prices: PriceBook;
}): ExecutionCurve {
  const { startEquity, before, trades, timesUs, prices } = options;
  const held = new Map<string, Held>();
  const dayEnds = new Set(options.dayEndsUs);
  const unpriced = new Set<string>();
  let cash = startEquity;
  const apply = (row: TradeRow) => {
    const isBuy = row.operation === "buy" || row.operation === "buy_short";
    const qty = Number(row.qty) * (isBuy ? 1 : -1);
    const price = Number(row.price);
    cash -= qty * price + Number(row.fee);
    const one = held.get(row.symbol) ?? { qty: 0, price, sinceUs: row.tradeUs };
    one.qty += qty;
    // What sums of float64 leave of nothing.
    if (Math.abs(one.qty) < 1e-9) one.qty = 0;
    [one.price, one.sinceUs] = [price, row.tradeUs];
    held.set(row.symbol, one);
  };
  for (const row of before) apply(row);
  const values = (us: number) => {
    let [net, gross] = [0, 0];
    for (const [symbol, one] of held) {
      if (one.qty === 0) {
        held.delete(symbol);
        continue;
      }
      const known = prices.at(symbol, us);
      if (known !== null && known.sinceUs >= one.sinceUs) {
        [one.price, one.sinceUs] = [known.price, known.sinceUs];
      } else if (dayEnds.has(us) && us - one.sinceUs > STALE_US) unpriced.add(symbol);
      net += one.qty * one.price;
      gross += Math.abs(one.qty * one.price);
    }
    return { net, gross };
  };
  // What was carried over is part of what the account began with.
  if (before.length > 0) cash = startEquity - values(timesUs[0] ?? 0).net;
  const curve: ExecutionCurve = { timeUs: [], equity: [], exposure: [], unpriced: [] };
  let next = 0;
  for (const us of timesUs) {
    while (next < trades.length && trades[next].tradeUs <= us) apply(trades[next++]);
    const { net, gross } = values(us);
    curve.timeUs.push(us);
    curve.equity.push(cash + net);
    curve.exposure.push(gross);
  }
  curve.unpriced = [...unpriced].sort();
  return curve;
}

/** A price of the day's last minutes is as good as its close. */
const STALE_US = 30 * 60e6;

/** Times of a curve: of executions, of days' ends, and evenly in the hours of trade, at most about `pointsMax`. */
export function curveTimes(options: {
  fromUs: number;
  toUs: number;
  trades: readonly TradeRow[];
  sessions: readonly { openUs: number; closeUs: number }[];
  dayEndsUs: readonly number[];
  pointsMax: number;
}): number[] {
  const { fromUs, toUs, trades, sessions, dayEndsUs, pointsMax } = options;
  const times = new Set<number>([fromUs, ...dayEndsUs]);
  const every = Math.max(1, Math.ceil(trades.length / pointsMax));
  for (let i = 0; i < trades.length; i += every) times.add(trades[i].tradeUs);
  if (trades.length > 0) times.add(trades.at(-1)!.tradeUs);
  const open = sessions.reduce((sum, { openUs, closeUs }) => sum + closeUs - openUs, 0);
  const stepUs = Math.max(60e6, Math.ceil(open / pointsMax / 60e6) * 60e6);
  for (const { openUs, closeUs } of sessions) {
    for (let us = openUs + stepUs; us <= closeUs; us += stepUs) {
      if (us > fromUs && us < toUs) times.add(us);
    }
  }
  times.add(toUs);
  return [...times].filter((us) => us >= fromUs).sort((a, b) => a - b);
}
