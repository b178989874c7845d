import type { PortfolioView, SizeView } from "../../contracts/strategy.ts";
import type { SymbolState } from "./symbol_state.ts";

/** Quantities at the last price of a symbol. */
export class SlotSizeView implements SizeView {
  readonly #symbol: SymbolState;
  readonly #portfolio: PortfolioView;

  constructor(symbol: SymbolState, portfolio: PortfolioView) {
    this.#symbol = symbol;
    this.#portfolio = portfolio;
  }

  byRisk(risk: number, stopPrice: number): number {
    const perShare = Math.abs(this.#symbol.last - stopPrice);
    return perShare > 0 ? this.#bounded(risk / perShare) : 0;
  }

  byNotional(amount: number): number {
    return this.#bounded(amount / this.#symbol.last);
  }

  byShareOfPortfolio(share: number): number {
    return this.byNotional(this.#portfolio.value * share);
  }

  #bounded(qty: number): number {
    const affordable = this.#portfolio.buyingPower / this.#symbol.last;
    const bounded = Math.min(qty, affordable);
    if (!(bounded > 0) || !Number.isFinite(bounded)) return 0;
    const { assetClass, qtyIncrement } = this.#symbol.asset;
    if (assetClass === "us_equity") return Math.floor(bounded);
    const increment = Number(qtyIncrement);
    // Counted in increments and divided once, so that 0.25 is not 0.24999999900000003.
    const perUnit = increment < 1 ? Math.round(1 / increment) : 1 / increment;
    return Math.floor(bounded * perUnit + 1e-6) / perUnit;
  }
}
