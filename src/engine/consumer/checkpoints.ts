import type { ConsumerToMain, StateCheckpoint } from "../../protocol.ts";
import type { Calls } from "./calls.ts";
import type { StrategyRun } from "./slot.ts";
import { copyState } from "./state_copy.ts";
import { MINUTE_US } from "./symbol_state.ts";

/** Tells at each minute's end what strategies keep, for a consumer that takes the place of this one. */
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
    const states: StateCheckpoint[] = [];
    for (const run of this.#strategies) {
      for (const [symbol, { tick }] of run.slots) {
        const state = this.#calls.call(run, () => copyState(tick.state)) ?? null;
        if (state !== null) states.push({ runId: run.runId, symbol, state });
      }
    }
    if (states.length > 0) this.#toMain({ type: "checkpoint", states });
  }
}
