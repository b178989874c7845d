/**
 * The gateway's memory that outlives it: one append-only segment per batch.
 * Invariant: no order leaves that is not in the journal, durably.
 */
import type { Split } from "../../model/split.ts";
import type { OrderAction } from "../../contracts/decision.ts";
import type { Execution, OrderRequest, OrderStatus, OrderType, Side } from "../../model/order.ts";
import type { Intent, RunInfo } from "../../protocol.ts";
import type { Soon } from "../../util/soon.ts";
import type { OrderKind, OrderTerms } from "./work.ts";

/** First of a segment, and again at each start of the trader that goes on with it. */
export interface SessionRecord {
  type: "session";
  /** Of what is written here: another is not read. */
  version: 1;
  batchId: string;
  /** The account, and where it is. */
  accountId: string;
  host: string;
  /** Of the plan, its files and the number of consumers: another plan begins another batch. */
  planDigest: string;
  /** The exchange's days, by class of assets. */
  dates: Record<string, string>;
  /** When the last of its sessions is over; null: when it is stopped. Market time. */
  endsUs: number | null;
  timeUs: number;
  /** The account's when the batch began, decimal text; missing: not known. */
  cash?: string;
  /** No order of it from here on has a smaller number. */
  sequence: number;
  /** The batch whose positions were taken over: its records follow. */
  refBatchId: string | null;
}

/** What an order is part of, as far as its request and its intent do not say it. */
export interface JournalWork {
  /** The number of its first order. */
  id: number;
  strategy: string;
  action: OrderAction;
  qty: string;
  terms: OrderTerms;
  stopPrice: string | null;
  targetPrice: string | null;
  referencePrice: number;
  reason: string;
  sinceUs: number;
}

/** An order that the broker made of another: a leg of a bracket, or what took a leg's place. */
export interface JournalLeg {
  brokerOrderId: string;
  clientOrderId: string;
  side: Side;
  type: OrderType;
  qty: string | null;
}

export interface DayRecord {
  type: "day";
  /** Account currency. */
  firstEquity: number;
  highestEquity: number;
  /** null: no limit has been reached on this day. */
  loss: string | null;
  timeUs: number;
}

export type JournalRecord =
  | SessionRecord
  /** `continued`: what these runs held is the new ones' from here on. */
  | { type: "runs"; runs: RunInfo[]; continued: { from: number; to: number }[] }
  /** Before its POST. `intent` is null where no strategy asked for it. */
  | {
    type: "order";
    /** The number in the client order id; never given twice in a batch. */
    sequence: number;
    runId: number;
    kind: OrderKind;
    intent: Intent | null;
    request: OrderRequest;
    /** null: an exit that rests by itself. */
    work: JournalWork | null;
    timeUs: number;
  }
  /** The broker has taken it in. */
  | { type: "accepted"; clientOrderId: string; brokerOrderId: string; legs: JournalLeg[] }
  | { type: "refused"; clientOrderId: string; code: string; message: string }
  /** Of an order of a batch before, or told of later than its parent's answer. */
  | { type: "leg"; parentClientOrderId: string; leg: JournalLeg }
  /** `runId` null: not of any run (EXTERNAL). */
  | { type: "execution"; runId: number | null; execution: Execution }
  | { type: "final"; brokerOrderId: string; clientOrderId: string; status: OrderStatus }
  /** Stop and target of a run's position, from here on. */
  | {
    type: "protection";
    runId: number;
    symbol: string;
    stopPrice: string | null;
    targetPrice: string | null;
  }
  /** The broker does not have a run's position any more, by no order of Liu's: closed here. */
  | { type: "closed"; runId: number; execution: Execution; reason: string }
  /** Of a batch before, in which it closed what it was about: told of again, it is not new. */
  | { type: "known"; execution: Execution }
  /** What the account holds that is nobody's, when that was found to have changed. */
  | { type: "external"; symbol: string; qty: string }
  /** What is held of its symbol became other shares. `isWhole`: without parts of shares. */
  | { type: "split"; split: Split; isWhole: boolean }
  /** Splits to this date of the exchange's were looked for. */
  | { type: "splits_done"; to: string }
  /** What losses of the account are measured from, and the limit for them that was reached. */
  | DayRecord
  /** `liu resume`: what was closed by somebody else before this was looked at by a person. */
  | { type: "resumed"; timeUs: number }
  /** The session has ended in order. */
  | { type: "end"; timeUs: number };

export interface Journal {
  /** False: nobody will read it back, so that no records are made for it. */
  readonly isKept: boolean;
  /** Done when the records, and all that were noted before them, are durable. */
  append(records: JournalRecord[]): Soon<void>;
  /** In order with the others; durable with the next append or at close. */
  note(record: JournalRecord): void;
  /** What was in the segment when it was opened. */
  readonly restored: readonly JournalRecord[];
  /** After an append that failed: tries to write all that is not on disk; false: it still cannot. */
  repair(): Promise<boolean>;
  close(): Promise<void>;
}

/** For tests: what was written can be looked at. */
export class MemoryJournal implements Journal {
  readonly isKept = true;
  readonly records: JournalRecord[] = [];

  constructor(readonly restored: readonly JournalRecord[] = []) {}

  /** As on disk, where a copy is read back. */
  get all(): JournalRecord[] {
    return [...this.restored, ...this.records];
  }

  append(records: JournalRecord[]): void {
    this.records.push(...records);
  }

  note(record: JournalRecord): void {
    this.records.push(record);
  }

  repair(): Promise<boolean> {
    return Promise.resolve(true);
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

  repair(): Promise<boolean> {
    return Promise.resolve(true);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
