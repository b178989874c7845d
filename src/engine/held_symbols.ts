import type { TradeLine } from "../protocol.ts";
import { type Decimal, decimal } from "../util/decimal.ts";

/** What is held, as main hears of it: where not all symbols can have data, these come first. */
export class HeldSymbols {
  readonly #qty = new Map<string, Decimal>();

  /** What the account had before, all that was told until then included. */
  start(positions: readonly { symbol: string; qty: string }[]): void {
    this.#qty.clear();
    for (const { symbol, qty } of positions) this.#add(symbol, decimal(qty));
  }

  onTrade({ symbol, operation, qty }: Pick<TradeLine, "symbol" | "operation" | "qty">): void {
    const isBuy = operation === "buy" || operation === "buy_short";
    this.#add(symbol, isBuy ? decimal(qty) : decimal(qty).neg());
  }

  has(symbol: string): boolean {
    return this.#qty.has(symbol);
  }

  /** The held ones first, else in the order in which they are given. */
  first(symbols: string[]): string[] {
    const [held, others] = [true, false].map((isHeld) =>
      symbols.filter((symbol) => this.has(symbol) === isHeld)
    );
    return [...held, ...others];
  }

  #add(symbol: string, qty: Decimal): void {
    const sum = (this.#qty.get(symbol) ?? decimal(0)).plus(qty);
    if (sum.isZero) this.#qty.delete(symbol);
    else this.#qty.set(symbol, sum);
  }
}
