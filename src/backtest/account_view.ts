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
 * The gateway may read the account as late as it likes: what it would have seen before, nobody asks
 * for. A loss limit counts each reading; what fills or is refused within a step is told to a
 * strategy that has a handler for it, which sees the account as the step began.
 */
export function mayReadAccountLate(
  { risk, fillModel }: Pick<BacktestOptions, "risk" | "fillModel">,
  strategies: readonly StrategyRun[],
): boolean {
  return risk.maxDailyLoss === null && fillModel !== "close" &&
    !strategies.some(({ instance }) => hasOwn(instance, "onFill") || hasOwn(instance, "onDenied"));
}

/** Of the strategy's own. Looked for, not read: reading can run user code. */
function hasOwn(instance: Strategy, name: "onFill" | "onDenied"): boolean {
  for (let at: object = instance; at !== Strategy.prototype; at = Object.getPrototypeOf(at)) {
    if (at === null || Object.hasOwn(at, name)) return true;
  }
  return false;
}
