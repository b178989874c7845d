/** Figures of a report as texts: the same in the terminal and on a page. "–": there is none. */
import { exchangeDate } from "../model/calendar.ts";
import type { Cell } from "../util/table.ts";
import type { Report } from "./report_types.ts";

export type Figure = [name: string, value: Cell];

export function figuresOf(report: Report): Figure[] {
  const { account, returns, trades, orders, market, period } = report;
  const { maxDrawdown: fall } = returns;
  const length = fall === null
    ? "–"
    : duration(fall.days) + (fall.recoveredUs === null ? " …" : "");
  const slippage = orders.slippage === null
    ? "–"
    : `${money(orders.slippage.amount)} (${orders.slippage.bps.toFixed(1)} bps)`;
  const figures: Figure[] = [
    ["equity", account.endEquity === null ? "–" : money(account.endEquity)],
    ["gain", signed(account.gain, money(account.gain, "+"))],
    ["return", signed(returns.total, percent(returns.total, "+"))],
    ["return a year", percent(returns.cagr, "+")],
    ["days", String(period.days)],
    ["volatility a year", percent(returns.volatility)],
    ["Sharpe", ratio(returns.sharpe)],
    ["Sortino", ratio(returns.sortino)],
    ["Calmar", ratio(returns.calmar)],
    ["max drawdown", fall === null ? "–" : percent(-fall.share)],
    ["its length", length],
    ["best day", percent(returns.bestDay?.return ?? null, "+")],
    ["worst day", percent(returns.worstDay?.return ?? null, "+")],
    ["trades", String(trades.count)],
    ["win rate", percent(trades.winRate)],
    ["profit factor", ratio(trades.profitFactor)],
    ["expectancy", trades.expectancy === null ? "–" : money(trades.expectancy, "+")],
    ["expectancy in r", trades.expectancyR === null ? "–" : ratio(trades.expectancyR, "+")],
    ["mean win", trades.averageWin === null ? "–" : money(trades.averageWin, "+")],
    ["mean loss", trades.averageLoss === null ? "–" : money(trades.averageLoss)],
    ["median length", trades.medianMinutes === null ? "–" : duration(trades.medianMinutes / 1440)],
    ["executions", String(orders.executions)],
    ["turnover", orders.turnover === null ? "–" : `${orders.turnover.toFixed(2)} ×`],
    ["time in market", percent(orders.timeInMarket)],
    ["exposure", percent(orders.exposure)],
    ["fees", orders.hasFees ? money(orders.fees) : "–"],
    ["slippage", slippage],
    ["denied, refused", String(orders.denials.reduce((sum, { count }) => sum + count, 0))],
  ];
  if (returns.ruinedUs !== null) figures.push(["ruined", exchangeDate(returns.ruinedUs)]);
  if (orders.costs !== null && orders.costs.borrow + orders.costs.interest !== 0) {
    figures.push(["borrow, interest", money(orders.costs.borrow + orders.costs.interest)]);
  }
  if (market !== null) {
    figures.push(["greatest lag", `${market.lagSecondsMax.toFixed(2)} s`]);
    figures.push(["rows lost", `${market.dropped + market.rowsLost} of ${market.rows}`]);
  }
  return figures;
}

export function money(value: number, plus: "" | "+" = ""): string {
  const text = Math.abs(value).toFixed(2).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return (Number(value.toFixed(2)) < 0 ? "-" : plus) + text;
}

export function percent(share: number | null, plus: "" | "+" = ""): string {
  if (share === null || !Number.isFinite(share)) return "–";
  const text = (100 * share).toFixed(2);
  return `${Number(text) > 0 ? plus : ""}${text === "-0.00" ? "0.00" : text}%`;
}

export function ratio(value: number | null, plus: "" | "+" = ""): string {
  if (value === null || !Number.isFinite(value)) return "–";
  return (value > 0 ? plus : "") + value.toFixed(2);
}

/** "35 s", "12 min", "3.5 h", "12 d" of days of 24 hours. */
export function duration(days: number): string {
  const minutes = days * 1440;
  if (minutes < 1) return `${Math.round(minutes * 60)} s`;
  if (minutes < 120) return `${Math.round(minutes)} min`;
  return minutes < 2 * 1440 ? `${(minutes / 60).toFixed(1)} h` : `${Math.round(days)} d`;
}

export function signed(value: number | null, text: string): Cell {
  if (value === null || value === 0) return text;
  return { text, tone: value > 0 ? "good" : "bad" };
}
