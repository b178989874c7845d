import { Strategy } from "../contracts/strategy.ts";
import type { StrategyRun } from "../engine/consumer/slot.ts";
import type { AccountFigures } from "../protocol.ts";
import type { BacktestOptions } from "./options.ts";

/**
 * The account as strategies see it: worked out when it is first read after `expire`, so that steps
 * in which nobody looks cost nothing.
 */
export class LazyAccount implements AccountFigures {
  #figures: AccountFigures | null = null;
  readonly #read: () => AccountFigures;

  constructor(read: () => AccountFigures) {
    this.#read = read;
  }

  expire(): void {
    this.#figures = null;
  }

  /** Figures that somebody has read already. */
  set(figures: AccountFigures): void {
    this.#figures = figures;
  }

  get cash(): number {
    return (this.#figures ??= this.#read()).cash;
  }
  get equity(): number {
    return (this.#figures ??= this.#read()).equity;
  }
  get buyingPower(): number {
    return (this.#figures ??= this.#read()).buyingPower;
  }
}

/**
 * Whether the gateway may read the account as late as it likes: what it would have seen before,
 * nobody asks for. A loss limit counts each reading; what fills or is refused within a step is told
 * to a strategy that has a handler for it, which sees the account as the step began.
 */
export class AccountTiming {
  #mayBeLate: boolean;
  #instances: readonly Strategy[] = [];

  constructor({ risk, fillModel }: Pick<BacktestOptions, "risk" | "fillModel">) {
    const limitsLoss = risk.maxDailyLoss !== null || (risk.maxDrawdown ?? null) !== null;
    this.#mayBeLate = !limitsLoss && fillModel !== "close";
  }

  /** The strategies are there. */
  see(strategies: readonly StrategyRun[]): void {
    this.#instances = strategies.map(({ instance }) => instance);
    if (this.#instances.some(hasHandler)) this.#mayBeLate = false;
  }

  get mayBeLate(): boolean {
    if (!this.#mayBeLate) return false;
    // A handler can be put on a strategy at any time.
    for (const instance of this.#instances) {
      if (Object.hasOwn(instance, "onFill") || Object.hasOwn(instance, "onDenied")) {
        return this.#mayBeLate = false;
      }
    }
    return true;
  }
}

/** Of the strategy's own class. Looked for, not read: reading can run user code. */
function hasHandler(instance: Strategy): boolean {
  for (let at: object | null = instance; at !== Strategy.prototype;) {
    if (at === null || Object.hasOwn(at, "onFill") || Object.hasOwn(at, "onDenied")) return true;
    at = Object.getPrototypeOf(at);
  }
  return false;
}
