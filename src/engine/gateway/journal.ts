/**
 * The gateway's memory that outlives it: one append-only segment per batch.
 * Invariant: no order leaves that is not in the journal, durably.
 */
import type { Execution, OrderRequest, OrderStatus } from "../../model/order.ts";
import type { Intent } from "../../protocol.ts";
import type { Soon } from "../../util/soon.ts";
import type { OrderKind } from "./work.ts";

export type JournalRecord =
  /** Before its POST. `intent` is null where no strategy asked for it. */
  | {
    type: "order";
    /** The number in the client order id; never given twice in a batch. */
    sequence: number;
    runId: number;
    kind: OrderKind;
    intent: Intent | null;
    request: OrderRequest;
    timeUs: number;
  }
  /** The broker has taken it in; legs of a bracket are orders of their own. */
  | { type: "accepted"; clientOrderId: string; brokerOrderId: string; legs: string[] }
  | { type: "refused"; clientOrderId: string; code: string; message: string }
  /** `runId` null: not of any run (EXTERNAL). */
  | { type: "execution"; runId: number | null; execution: Execution }
  /** All that was run `from`'s is run `to`'s from here on. */
  | { type: "handOver"; from: number; to: number; timeUs: number }
  | { type: "final"; brokerOrderId: string; clientOrderId: string; status: OrderStatus };

export interface Journal {
  /** False: nobody will read it back, so that no records are made for it. */
  readonly isKept: boolean;
  /** Done when the records, and all that were noted before them, are durable. */
  append(records: JournalRecord[]): Soon<void>;
  /** In order with the others; durable with the next append or at close. */
  note(record: JournalRecord): void;
  /** What was in the segment when it was opened. */
  readonly restored: readonly JournalRecord[];
  close(): Promise<void>;
}

/** For tests: what was written can be looked at. */
export class MemoryJournal implements Journal {
  readonly isKept = true;
  readonly records: JournalRecord[] = [];

  constructor(readonly restored: readonly JournalRecord[] = []) {}

  append(records: JournalRecord[]): void {
    this.records.push(...records);
  }

  note(record: JournalRecord): void {
    this.records.push(record);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** For backtests: nothing of them outlives the process, and nothing is sent to anybody. */
export class NoJournal implements Journal {
  readonly isKept = false;
  readonly restored: readonly JournalRecord[] = [];

  append(): void {}

  note(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }
}
