import type { ConsumerToMain, StateCheckpoint } from "../../protocol.ts";
import type { Calls } from "./calls.ts";
import type { Slot, StrategyRun } from "./slot.ts";
import { copyState } from "./state_copy.ts";
import { MINUTE_US } from "./symbol_state.ts";

/**
 * Tells what strategies keep, at each minute's end and whenever one has decided something or heard of
 * an order, for a consumer that takes the place of this one, and a trader that is started after this.
 */
export class Checkpoints {
  readonly #strategies: readonly StrategyRun[];
  readonly #calls: Calls;
  readonly #toMain: (message: ConsumerToMain) => void;
  #minute = 0;

  constructor(
    options: { strategies: readonly StrategyRun[]; toMain(message: ConsumerToMain): void },
    calls: Calls,
  ) {
    this.#strategies = options.strategies;
    this.#toMain = options.toMain;
    this.#calls = calls;
  }

  /** To be called when rows have been worked off. */
  look(nowUs: number): void {
    const minute = Math.floor(nowUs / MINUTE_US);
    if (minute === this.#minute) return;
    this.#minute = minute;
    this.takeAll();
  }

  /** At once, before nothing more is decided. */
  takeAll(): void {
    const states: StateCheckpoint[] = [];
    for (const run of this.#strategies) {
      for (const slot of run.slots.values()) this.#add(slot, states);
    }
    this.#send(states);
  }

  /** At once: it has decided something, or heard of an order, and must not forget that. */
  take(slot: Slot): void {
    const states: StateCheckpoint[] = [];
    this.#add(slot, states);
    this.#send(states);
  }

  #add({ run, tick, symbol: { symbol } }: Slot, states: StateCheckpoint[]): void {
    const state = this.#calls.call(run, () => copyState(tick.state)) ?? null;
    if (state !== null) states.push({ runId: run.runId, symbol, state });
  }

  #send(states: StateCheckpoint[]): void {
    if (states.length > 0) this.#toMain({ type: "checkpoint", states });
  }
}
