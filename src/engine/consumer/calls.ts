/**
 * Calls of user code. Invariant: whatever a strategy throws, returns or loops on stops that strategy and nothing else,
 * and the supervisor can see from outside which strategy runs and since when.
 */
import type { Decision } from "../../contracts/decision.ts";
import { type Collection, type PortfolioView, Strategy } from "../../contracts/strategy.ts";
import type { ConsumerToMain, OrderReport } from "../../protocol.ts";
import type { Slot, StrategyRun } from "./slot.ts";

/** More decisions than this from one runAll are a mistake. */
const DECISIONS_MAX = 10_000;

export class Calls {
  readonly #control: Int32Array;
  readonly #toMain: (message: ConsumerToMain) => void;
  readonly #describe: (error: unknown, strategy: string) => { message: string; stack: string };

  constructor(options: {
    control: Int32Array;
    toMain(message: ConsumerToMain): void;
    describeThrown(error: unknown, strategy: string): { message: string; stack: string };
  }) {
    this.#control = options.control;
    this.#toMain = options.toMain;
    this.#describe = options.describeThrown;
  }

  /** `run` of the slot's strategy: the hot call, without a closure. */
  run(slot: Slot): Decision | void {
    const control = this.#control;
    const { run } = slot;
    control[0] = run.index + 1;
    control[1]++;
    try {
      return run.instance.run(slot.tick);
    } catch (error) {
      this.failed(run, error);
    } finally {
      control[0] = 0;
    }
  }

  /** User code of the strategy runs from here to `end`: what it throws is for `failed`. */
  begin(run: StrategyRun): void {
    this.#control[0] = run.index + 1;
    this.#control[1]++;
  }

  end(): void {
    this.#control[0] = 0;
  }

  /** `onFill` or `onDenied`, where the strategy has one. */
  report({ run, tick }: Slot, { symbol, fill, denial, position }: OrderReport): void {
    if (run.isStopped) return;
    const { instance } = run;
    this.#control[0] = run.index + 1;
    this.#control[1]++;
    try {
      // What is not of the strategy's own does nothing.
      if (fill !== null && instance.onFill !== Strategy.prototype.onFill) {
        instance.onFill({ symbol, ...fill, positionQty: position?.qty ?? 0 }, tick);
      }
      if (denial !== null && instance.onDenied !== Strategy.prototype.onDenied) {
        instance.onDenied({ symbol, ...denial }, tick);
      }
    } catch (error) {
      this.failed(run, error);
    } finally {
      this.#control[0] = 0;
    }
  }

  /** Any other call; undefined where it threw or the strategy is stopped. */
  call<T>(run: StrategyRun, call: () => T): T | undefined {
    if (run.isStopped) return undefined;
    this.#control[0] = run.index + 1;
    this.#control[1]++;
    try {
      return call();
    } catch (error) {
      this.failed(run, error);
      return undefined;
    } finally {
      this.#control[0] = 0;
    }
  }

  /** `runAll`, with what it yields read inside of the same guard. */
  runAll(run: StrategyRun, portfolio: PortfolioView): [string, Decision][] {
    const slots = run.slots;
    const first = slots.values().next().value as Slot;
    const collection: Collection = {
      symbols: [...slots.keys()],
      time: first.tick.time,
      portfolio,
      get: (symbol) => slots.get(symbol)?.tick,
      [Symbol.iterator]: () => slots.values().map(({ tick }) => tick),
    };
    return this.call(run, () => {
      const decisions: [string, Decision][] = [];
      for (const [symbol, decision] of run.instance.runAll(collection)) {
        decisions.push([String(symbol), decision]);
        if (decisions.length > DECISIONS_MAX) {
          throw new RangeError(`runAll gave more than ${DECISIONS_MAX} decisions`);
        }
      }
      return decisions;
    }) ?? [];
  }

  /** A strategy fails once: what it throws after that (promises can go on) is not told. */
  failed(run: StrategyRun, error: unknown): void {
    if (run.isStopped) return;
    run.isStopped = true;
    const { message, stack } = this.#describe(error, run.name);
    this.#toMain({ type: "strategyFailed", runId: run.runId, message, stack });
  }
}
