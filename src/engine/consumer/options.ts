/** What a consumer is made with: its ports, its clock and its strategies are passed in. */
import type { Clock } from "../../contracts/clock.ts";
import type { Decision } from "../../contracts/decision.ts";
import type { ConsumerToGateway, ConsumerToMain } from "../../protocol.ts";
import type { HeapMeter } from "./heap_meter.ts";
import type { ReadDecision, Slot, StrategyRun } from "./slot.ts";

export interface ConsumerOptions {
  index: number;
  clock: Clock & { readonly rate: number; advanceTo(us: number): void };
  stepping: boolean;
  events: readonly ("second" | "minute" | "trade" | "quote")[];
  portfolioValue: number;
  strategies: StrategyRun[];
  /** Float64 at 0: the producer's newest sequence number for this consumer. */
  sequence: Float64Array;
  /** Int32 at 0: what runs; at 1: calls so far. */
  control: Int32Array;
  toGateway(message: ConsumerToGateway): void;
  toMain(message: ConsumerToMain, transfer?: ArrayBuffer[]): void;
  /** What user code threw, with the author's lines. */
  describeThrown(error: unknown, strategy: string): { message: string; stack: string };
  /** It comes in the place of another, whose runs it continues. */
  replaces?: boolean;
  /** Measures the heap; null: nobody looks at it. */
  meter?: HeapMeter;
  /** What strategies keep is told at each minute's end. */
  checkpoints?: boolean;
  /** Hears of each decision, as it has been read; for checks. */
  onDecision?(slot: Slot, decision: Decision, read: ReadDecision, timeUs: number): void;
}
