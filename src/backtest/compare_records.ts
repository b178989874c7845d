/** Which decisions differ between two backtests of the same plan. */
import {
  isSame,
  type RecordedDecision,
  type RecordedKind,
  type RunRecord,
} from "./decision_record.ts";

export interface Difference {
  timeUs: number;
  by: string;
  symbol: string;
  /** The line that decided, in the full run where it did. */
  place: string | null;
  /** null: it decided nothing there. */
  full: RecordedDecision | null;
  other: RecordedDecision | null;
  /**
   * first: nothing differed before. own: something did, but this strategy in this symbol was in
   * step with the full run again. following: it was not.
   */
  order: "first" | "own" | "following";
}

export interface Comparison {
  fromUs: number;
  untilUs: number;
  /** What is compared. */
  kinds: readonly RecordedKind[];
  /** Of an amount that it may differ by. */
  share: number;
  /** `differenceKey`s of what is not told. */
  except?: ReadonlySet<string>;
}

/** When it was, of whom, in which symbol. */
export function differenceKey(
  { timeUs, by, symbol }: Pick<RecordedDecision, "timeUs" | "by" | "symbol">,
): string {
  return JSON.stringify([timeUs, by, symbol]);
}

/** In the order of time. */
export function compareRecords(
  full: readonly RecordedDecision[],
  other: Pick<RunRecord, "decisions" | "failure">,
  { fromUs, untilUs, kinds, share, except = new Set() }: Comparison,
): Difference[] {
  if (other.failure !== undefined) return [ofFailure(other.failure, fromUs)];
  const isCompared = ({ timeUs, kind }: RecordedDecision) =>
    timeUs >= fromUs && timeUs <= untilUs && kinds.includes(kind);
  const byKey = (decisions: readonly RecordedDecision[]) =>
    Map.groupBy(decisions.filter(isCompared), differenceKey);
  const [ofFull, ofOther] = [byKey(full), byKey(other.decisions)];
  const moments = [...new Set([...ofFull.keys(), ...ofOther.keys()])]
    .map((key) => ({ key, a: ofFull.get(key) ?? [], b: ofOther.get(key) ?? [] }))
    .sort((x, y) => timeOf(x) - timeOf(y));
  const found: Difference[] = [];
  /** Strategies in symbols whose decisions differ since they last agreed. */
  const apart = new Set<string>();
  let firstUs = Infinity;
  for (const moment of moments) {
    const different = differencesOf(moment, share);
    const { timeUs, by, symbol } = moment.a[0] ?? moment.b[0];
    const whose = JSON.stringify([by, symbol]);
    if (different.length === 0) apart.delete(whose);
    else {
      firstUs = Math.min(firstUs, timeUs);
      const order = apart.has(whose) ? "following" : timeUs === firstUs ? "first" : "own";
      apart.add(whose);
      if (except.has(moment.key)) continue;
      for (const { x, y } of different) {
        const place = x?.place ?? y?.place ?? null;
        found.push({ timeUs, by, symbol, place, full: x, other: y, order });
      }
    }
  }
  return found;
}

/** Of a backtest that cannot be run any more: no line has decided anything else. */
function ofFailure(text: string, timeUs: number): Difference {
  const whose = { timeUs, by: "backtest", symbol: "", place: null };
  const other: RecordedDecision = { kind: "failed", ...whose, text, amounts: {} };
  return { ...whose, full: null, other, order: "first" };
}

interface Moment {
  a: readonly RecordedDecision[];
  b: readonly RecordedDecision[];
}

function timeOf({ a, b }: Moment): number {
  return (a[0] ?? b[0]).timeUs;
}

function differencesOf({ a, b }: Moment, share: number) {
  const pairs = Array.from(
    { length: Math.max(a.length, b.length) },
    (_, i) => ({ x: a[i] ?? null, y: b[i] ?? null }),
  );
  return pairs.filter(({ x, y }) => x === null || y === null || !isSame(x, y, share));
}
