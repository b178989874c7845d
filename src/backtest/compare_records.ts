/** Which decisions differ between two backtests of the same plan. */
import { isSame, type RecordedDecision, type RecordedKind } from "./decision_record.ts";

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
   * first: nothing differed before. own: something did, but nothing of this strategy in this
   * symbol. following: what comes after a difference in the same strategy and symbol.
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
}

/** In the order of time. */
export function compareRecords(
  full: readonly RecordedDecision[],
  other: readonly RecordedDecision[],
  { fromUs, untilUs, kinds, share }: Comparison,
): Difference[] {
  const isCompared = ({ timeUs, kind }: RecordedDecision) =>
    timeUs >= fromUs && timeUs <= untilUs && kinds.includes(kind);
  const byKey = (decisions: readonly RecordedDecision[]) =>
    Map.groupBy(
      decisions.filter(isCompared),
      ({ timeUs, by, symbol }) => JSON.stringify([timeUs, by, symbol]),
    );
  const [ofFull, ofOther] = [byKey(full), byKey(other)];
  const found: Omit<Difference, "order">[] = [];
  for (const key of new Set([...ofFull.keys(), ...ofOther.keys()])) {
    const [a, b] = [ofFull.get(key) ?? [], ofOther.get(key) ?? []];
    for (let i = 0; i < Math.max(a.length, b.length); i++) {
      const [x = null, y = null] = [a[i], b[i]];
      if (x !== null && y !== null && isSame(x, y, share)) continue;
      const { timeUs, by, symbol } = (x ?? y)!;
      found.push({ timeUs, by, symbol, place: x?.place ?? y?.place ?? null, full: x, other: y });
    }
  }
  return ordered(found.sort((a, b) => a.timeUs - b.timeUs));
}

function ordered(found: Omit<Difference, "order">[]): Difference[] {
  const firstUs = found[0]?.timeUs;
  const seen = new Map<string, number>();
  return found.map((one) => {
    const key = JSON.stringify([one.by, one.symbol]);
    const sinceUs = seen.get(key) ?? one.timeUs;
    seen.set(key, sinceUs);
    if (sinceUs < one.timeUs) return { ...one, order: "following" };
    return { ...one, order: one.timeUs === firstUs ? "first" : "own" };
  });
}
