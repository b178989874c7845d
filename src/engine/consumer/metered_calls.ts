import type { Decision } from "../../contracts/decision.ts";
import { Calls } from "./calls.ts";
import type { HeapMeter } from "./heap_meter.ts";
import type { Slot, StrategyRun } from "./slot.ts";

/** Calls of a consumer whose heap is looked at: those of a backtest know nothing of it. */
export class MeteredCalls extends Calls {
  readonly #meter: HeapMeter;

  constructor(options: ConstructorParameters<typeof Calls>[0], meter: HeapMeter) {
    super(options);
    this.#meter = meter;
  }

  override run(slot: Slot): Decision | void {
    if (!this.#meter.isOn) return super.run(slot);
    this.#meter.begin();
    try {
      return super.run(slot);
    } finally {
      this.#meter.end(slot.run.index);
    }
  }

  override call<T>(run: StrategyRun, call: () => T): T | undefined {
    if (!this.#meter.isOn) return super.call(run, call);
    this.#meter.begin();
    try {
      return super.call(run, call);
    } finally {
      this.#meter.end(run.index);
    }
  }
}
