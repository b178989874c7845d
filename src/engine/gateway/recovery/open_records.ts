import { type Decimal, decimal } from "../../../util/decimal.ts";
import { type Split, splitIncrement, splitShares } from "../../../model/split.ts";
import type { JournalRecord } from "../journal.ts";

const ZERO = decimal(0);

/** One symbol, as far as it must be known to say that nothing is open any more. */
class SymbolRecords {
  readonly records: JournalRecord[] = [];
  readonly #positions = new Map<number, Decimal>();
  /** Client order ids, and broker's ids of legs. */
  readonly #open = new Set<string>();

  add(record: JournalRecord): void {
    this.records.push(record);
    switch (record.type) {
      case "order":
        return void this.#open.add(record.request.clientOrderId);
      case "accepted":
        for (const { brokerOrderId } of record.legs) this.#open.add(brokerOrderId);
        return;
      case "leg":
        return void this.#open.add(record.leg.brokerOrderId);
      case "refused":
        return void this.#open.delete(record.clientOrderId);
      case "final":
        this.#open.delete(record.clientOrderId);
        return void this.#open.delete(record.brokerOrderId);
      case "execution":
      case "closed": {
        const { runId, execution: { side, qty } } = record;
        if (runId === null) return;
        const before = this.#positions.get(runId) ?? ZERO;
        const after = side === "buy" ? before.plus(qty) : before.minus(qty);
        if (after.isZero) this.#positions.delete(runId);
        else this.#positions.set(runId, after);
        return;
      }
      case "split":
        return this.#split(record.split, record.isWhole);
      default:
    }
  }

  #split(split: Split, isWhole: boolean): void {
    const runIds = [...this.#positions.keys()];
    const before = [...this.#positions.values()];
    const after = splitShares(before, split, splitIncrement(isWhole));
    for (const [i, runId] of runIds.entries()) {
      if (after[i].isZero) this.#positions.delete(runId);
      else this.#positions.set(runId, after[i]);
    }
  }

  carry(from: number, to: number): void {
    const moved = this.#positions.get(from);
    if (moved === undefined) return;
    this.#positions.delete(from);
    const sum = moved.plus(this.#positions.get(to) ?? ZERO);
    if (sum.isZero) this.#positions.delete(to);
    else this.#positions.set(to, sum);
  }

  get isOver(): boolean {
    return this.#positions.size + this.#open.size === 0;
  }
}

/**
 * The records that another batch begins with: of each symbol in which something is open those since
 * nothing was, and of runs all. What is read back of them is what was open at the end.
 */
export function openRecords(records: readonly JournalRecord[]): JournalRecord[] {
  const symbols = new Map<string, SymbolRecords>();
  const symbolOf = new Map<string, string>();
  const places = new Map<JournalRecord, number>();
  const runs: JournalRecord[] = [];
  let splitsDone: JournalRecord[] = [];
  for (const [place, record] of records.entries()) {
    places.set(record, place);
    if (record.type === "runs") {
      runs.push(record);
      for (const { from, to } of record.continued) {
        for (const one of symbols.values()) one.carry(from, to);
      }
      continue;
    }
    if (record.type === "splits_done") splitsDone = [record];
    const symbol = symbolNamed(record, symbolOf);
    if (symbol === undefined) continue;
    let one = symbols.get(symbol);
    if (one === undefined) symbols.set(symbol, one = new SymbolRecords());
    one.add(record);
    if (one.isOver && record.type !== "protection") symbols.delete(symbol);
  }
  const open = [...symbols.values()].filter((one) => !one.isOver);
  if (open.length === 0) return [];
  return [...runs, ...splitsDone, ...open.flatMap((one) => one.records)]
    .sort((a, b) => places.get(a)! - places.get(b)!);
}

/** A broker lists executions of so many orders back at most, when what is open is asked for. */
const KNOWN_MAX = 5000;

/** The executions that `open` leaves out, as what is told of them again must be known by. */
export function knownRecords(
  records: readonly JournalRecord[],
  open: readonly JournalRecord[],
): JournalRecord[] {
  const kept = new Set(open);
  const known: JournalRecord[] = [];
  for (const record of records) {
    const { type } = record;
    if (type !== "execution" && type !== "closed" && type !== "known") continue;
    if (!kept.has(record)) known.push({ type: "known", execution: record.execution });
  }
  return known.slice(-KNOWN_MAX);
}

/** undefined: of no symbol, or of one whose records are lost. */
function symbolNamed(record: JournalRecord, known: Map<string, string>): string | undefined {
  switch (record.type) {
    case "order":
      known.set(record.request.clientOrderId, record.request.symbol);
      return record.request.symbol;
    case "execution":
    case "closed":
      return record.execution.symbol;
    case "protection":
      return record.symbol;
    case "split":
      return record.split.symbol;
    case "accepted": {
      const symbol = known.get(record.clientOrderId);
      if (symbol === undefined) return undefined;
      known.set(record.brokerOrderId, symbol);
      for (const { brokerOrderId } of record.legs) known.set(brokerOrderId, symbol);
      return symbol;
    }
    case "leg": {
      const symbol = known.get(record.parentClientOrderId);
      if (symbol !== undefined) known.set(record.leg.brokerOrderId, symbol);
      return symbol;
    }
    case "refused":
      return known.get(record.clientOrderId);
    case "final":
      return known.get(record.clientOrderId) ?? known.get(record.brokerOrderId);
    case "session":
    case "runs":
    case "external":
    case "known":
    case "splits_done":
    case "day":
    case "resumed":
    case "end":
      return undefined;
    default:
      return record satisfies never;
  }
}
