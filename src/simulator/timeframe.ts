import type { BarColumns } from "../model/bars.ts";
import { addDays, cryptoSession, exchangeDate } from "../model/calendar.ts";
import { barsOf, MINUTE_US, rowOf } from "../recorded/market_data.ts";

/** Hours are minutes, weeks begin on Mondays. */
export interface Timeframe {
  count: number;
  unit: "minute" | "day" | "week" | "month";
}

/** Alpaca's words: [1–59]Min, [1–23]Hour, 1Day, 1Week, [1 2 3 4 6 12]Month; null for any other. */
export function parseTimeframe(text: string): Timeframe | null {
  const match = /^(\d{1,2})(Min|T|Hour|H|Day|D|Week|W|Month|M)$/.exec(text);
  if (match === null) return null;
  const count = Number(match[1]);
  switch (match[2]) {
    case "Min":
    case "T":
      return count >= 1 && count <= 59 ? { count, unit: "minute" } : null;
    case "Hour":
    case "H":
      return count >= 1 && count <= 23 ? { count: count * 60, unit: "minute" } : null;
    case "Day":
    case "D":
      return count === 1 ? { count, unit: "day" } : null;
    case "Week":
    case "W":
      return count === 1 ? { count, unit: "week" } : null;
    default:
      return [1, 2, 3, 4, 6, 12].includes(count) ? { count, unit: "month" } : null;
  }
}

/** The first `length` bars put together: first, max, min, last, sums; VWAP by volume. */
export function bucketBars(bars: BarColumns, length: number, timeframe: Timeframe): BarColumns {
  const rows: number[][] = [];
  let dollars = 0;
  for (let i = 0; i < length; i++) {
    const startUs = bucketStartUs(bars.timeUs[i], timeframe);
    let row = rows.at(-1);
    if (row === undefined || row[0] !== startUs) {
      dollars = bars.vwap[i] * bars.volume[i];
      row = rowOf(bars, i);
      row[0] = startUs;
      rows.push(row);
      continue;
    }
    dollars += bars.vwap[i] * bars.volume[i];
    row[2] = Math.max(row[2], bars.high[i]);
    row[3] = Math.min(row[3], bars.low[i]);
    row[4] = bars.close[i];
    row[5] += bars.volume[i];
    row[6] = row[5] > 0 ? dollars / row[5] : row[4];
    row[7] += bars.trades[i];
  }
  return barsOf(rows);
}

function bucketStartUs(us: number, { count, unit }: Timeframe): number {
  if (unit === "minute") return Math.floor(us / (count * MINUTE_US)) * count * MINUTE_US;
  const date = exchangeDate(us);
  if (unit === "week") {
    const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
    return cryptoSession(addDays(date, -((weekday + 6) % 7))).openUs;
  }
  const month = Math.floor((Number(date.slice(5, 7)) - 1) / count) * count + 1;
  return cryptoSession(`${date.slice(0, 5)}${String(month).padStart(2, "0")}-01`).openUs;
}
