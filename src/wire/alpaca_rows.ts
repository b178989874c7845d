/**
 * One parsed market-data message as a row: the plain way, for what the reader of alpaca_reader.ts
 * leaves over. Both give the same rows for the same text.
 */
import type { MarketSink } from "../contracts/provider.ts";
import { RowKind, TradingStatus } from "../model/market_batch.ts";
import { parseRfc3339Us } from "./rfc3339.ts";

export type StreamMessage = Record<string, unknown>;

/** "other": no row (a success, an error, a step). "bad": a row that lacks something. */
export type RowOutcome = "row" | "unwanted" | "other" | "bad";

export function putRow(message: StreamMessage, sink: MarketSink): RowOutcome {
  switch (message.T) {
    case "b":
      return putBar(message, RowKind.minuteBar, sink);
    case "u":
      return putBar(message, RowKind.updatedBar, sink);
    case "d":
      return putBar(message, RowKind.dailyBar, sink);
    case "t":
      return put(message, sink, RowKind.trade, message.p, message.s, message.i ?? 0);
    case "q":
      return put(message, sink, RowKind.quote, message.bp, message.bs, message.ap, message.as);
    case "s": {
      const status = tradingStatusOf(message.sc, message.rc);
      if (status === null) return "unwanted";
      return put(message, sink, RowKind.status, status);
    }
    case "l":
      return put(message, sink, RowKind.luld, message.u, message.d);
    case "c": {
      const { oi, op, os, ci, cp, cs } = message;
      return put(message, sink, RowKind.correction, oi, op, os, ci, cp, cs);
    }
    case "x":
      return put(message, sink, RowKind.cancelTrade, message.i, message.p, message.s);
    default:
      return "other";
  }
}

function putBar(message: StreamMessage, kind: RowKind, sink: MarketSink): RowOutcome {
  const { o, h, l, c, v, n = 0, vw = c } = message;
  return put(message, sink, kind, o, h, l, c, v, n, vw);
}

function put(
  message: StreamMessage,
  sink: MarketSink,
  kind: RowKind,
  ...values: unknown[]
): RowOutcome {
  if (typeof message.S !== "string" || typeof message.t !== "string") return "bad";
  const timeUs = parseRfc3339Us(message.t);
  if (Number.isNaN(timeUs)) return "bad";
  for (const value of values) if (typeof value !== "number") return "bad";
  const symbol = sink.find(message.S);
  if (symbol < 0) return "unwanted";
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0] = values as number[];
  if (!isPossible(kind, a, b, c, d, e, g)) return "bad";
  sink.row(kind, symbol, timeUs, a, b, c, d, e, f, g);
  return "row";
}

/**
 * Prices above 0 that are finite, within the bar's range; sizes not below 0. A quote without one
 * side has 0 there. JSON has no NaN, but numbers beyond float64 are read as infinite.
 */
export function isPossible(
  kind: RowKind,
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  vwap: number,
): boolean {
  switch (kind) {
    case RowKind.minuteBar:
    case RowKind.updatedBar:
    case RowKind.dailyBar: {
      const isRange = c > 0 && b < Infinity && a >= c && a <= b && d >= c && d <= b;
      return isRange && e >= 0 && e < Infinity && vwap >= 0 && vwap < Infinity;
    }
    case RowKind.trade:
      return a > 0 && a < Infinity && b >= 0 && b < Infinity;
    case RowKind.quote:
      return a >= 0 && a < Infinity && b >= 0 && b < Infinity && c >= 0 && c < Infinity &&
        d >= 0 && d < Infinity;
    default:
      return a < Infinity && b < Infinity && c < Infinity && d < Infinity && e < Infinity;
  }
}

/** null: a code that neither halts nor resumes trading. */
export function tradingStatusOf(statusCode: unknown, reasonCode: unknown): TradingStatus | null {
  const reason = typeof reasonCode === "string" ? reasonCode : "";
  switch (statusCode) {
    // Tapes A and B: halt. Tape C: halt, pause.
    case "2":
    case "H":
    case "P":
      if (/^MWC[123]$/.test(reason)) return TradingStatus.marketWideHalt;
      return reason === "M" || reason === "LUDP" || reason === "LUDS"
        ? TradingStatus.luldPause
        : TradingStatus.halted;
    case "3":
    case "Q":
    case "T":
      return TradingStatus.trading;
    default:
      return null;
  }
}
