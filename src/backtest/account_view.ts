import type { AccountFigures } from "../protocol.ts";

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
