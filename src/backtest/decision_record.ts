/** What was decided in a backtest, as plain data that two runs can be compared by. */
import type { AccountAtOpen } from "./options.ts";

export type RecordedKind =
  /** Of strategies. */
  | "order"
  | "cancel"
  | "reject"
  /** The strategy was stopped because it threw. */
  | "failed"
  /** Of scanners: what one scan picked. */
  | "pick"
  /** Of the exchange and the gateway. */
  | "fill"
  | "denial";

export interface RecordedDecision {
  kind: RecordedKind;
  /** The step in which it was made: market time, µs. */
  timeUs: number;
  /** Strategy or scanner. */
  by: string;
  /** "" for a scan's. */
  symbol: string;
  /** What it says but for its amounts: "buy", "sell gtc", a reason, symbols. */
  text: string;
  /** Quantity and prices. */
  amounts: Readonly<Record<string, number>>;
  /** "sma_cross.ts:31:14"; null where no line of a strategy says it. */
  place: string | null;
}

export interface RunRecord {
  decisions: RecordedDecision[];
  sessions: RecordedSession[];
  /** Why it could not be run to its end, which only a run on other data has. */
  failure?: string;
}

export interface RecordedSession extends AccountAtOpen {
  /** The exchange date, and its midnight in µs. */
  date: string;
  dayUs: number;
}

/** "buy qty 10 limitPrice 101.5" */
export function decisionText({ kind, text, amounts }: RecordedDecision): string {
  const figures = Object.entries(amounts).map(([name, value]) =>
    ` ${WORDS[name] ?? name} ${Number(value.toPrecision(9))}`
  );
  const head = kind === "order" ? "" : kind === "failed" ? "stopped: " : `${kind} `;
  return `${head}${text}${figures.join("")}`.trim();
}

const WORDS: Readonly<Record<string, string>> = {
  limitPrice: "limit",
  triggerPrice: "trigger",
  stopPrice: "stop",
  targetPrice: "target",
};

/** `share`: of an amount that it may differ by. */
export function isSame(a: RecordedDecision, b: RecordedDecision, share: number): boolean {
  if (a.kind !== b.kind || a.text !== b.text) return false;
  const names = new Set([...Object.keys(a.amounts), ...Object.keys(b.amounts)]);
  for (const name of names) {
    const [x, y] = [a.amounts[name] ?? NaN, b.amounts[name] ?? NaN];
    if (!(Math.abs(x - y) <= share * Math.max(Math.abs(x), Math.abs(y)))) return false;
  }
  return true;
}
