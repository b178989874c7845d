/**
 * How much worse than the market's price an execution is.
 * Invariants: never better than without it; never beyond the order's limit; what it has moved is on
 * the tick, rounded against the order.
 *
 * The impact follows the square-root law of B. Tóth, Y. Lempérière, C. Deremble, J. de Lataillade,
 * J. Kockelkoren and J.-P. Bouchaud, "Anomalous Price Impact and the Critical Nature of Liquidity in
 * Financial Markets", Physical Review X 1, 021006 (2011): an order of Q shares moves the price by
 *
 *     ΔP / P = Y · σ · √(Q / V)
 *
 * with the daily volatility σ (a share: 0.02 is 2 %), the daily volume V (shares) and a number Y
 * near 1. Q is all that has filled of the order, so that an order in many executions pays for its
 * size too.
 */
import { tickSize } from "../model/asset.ts";
import { type Liquidity, NO_SLIPPAGE, type SlippageSettings } from "../model/trading_costs.ts";
import { Decimal, decimal, roundToTick } from "../util/decimal.ts";
import { ConfigError } from "../util/errors.ts";
import type { SymbolMarket } from "./market.ts";
import type { OrderState } from "./order_state.ts";
import type { ExchangeOptions } from "./types.ts";

/** null: executions are at the market's own prices. */
export function slippageOf(
  { slippage, liquidityOf = () => null }: Pick<ExchangeOptions, "slippage" | "liquidityOf">,
  marketOf: (symbol: string) => SymbolMarket,
): Slippage | null {
  const { perShare, ticks, spreadShare, impact } = { ...NO_SLIPPAGE, ...slippage };
  if (perShare === 0 && ticks === 0 && spreadShare === 0 && impact === 0) return null;
  return new Slippage(slippage!, marketOf, liquidityOf);
}

/** Decimals that are kept of the impact, a root, before it is rounded to the tick. */
const IMPACT_DECIMALS = 10;
const ZERO = decimal(0);

export class Slippage {
  readonly #settings: SlippageSettings;
  readonly #perShare: Decimal;
  readonly #ticks: Decimal;
  readonly #spreadShare: Decimal;

  constructor(
    settings: Partial<SlippageSettings>,
    private readonly marketOf: (symbol: string) => SymbolMarket,
    /** null: nothing is known of the symbol's days. */
    private readonly liquidityOf: (symbol: string) => Liquidity | null,
  ) {
    this.#settings = { ...NO_SLIPPAGE, ...settings };
    this.#perShare = decimal(this.#settings.perShare);
    this.#ticks = decimal(this.#settings.ticks);
    this.#spreadShare = decimal(this.#settings.spreadShare);
  }

  /** The price of an execution of `qty` that the market gives at `price`. */
  worse(order: OrderState, price: Decimal, qty: Decimal): Decimal {
    const asset = order.terms.asset;
    const tick = tickSize(asset, price.toNumber());
    let move = this.#perShare.plus(this.#ticks.times(tick));
    if (!this.#spreadShare.eq(ZERO)) move = move.plus(this.#spread(order, price));
    if (this.#settings.impact > 0) move = move.plus(this.#impact(order, price, qty));
    if (move.eq(ZERO)) return price;
    const isBuy = order.side === "buy";
    const moved = isBuy ? price.plus(move) : price.minus(move);
    // Below a tick there is no price.
    const least = price.lt(tick) ? price : decimal(tick);
    if (moved.lt(least)) return within(order, least);
    const movedTick = tickSize(asset, moved.toNumber());
    const onTick = roundToTick(moved, movedTick, isBuy ? "up" : "down");
    return within(order, onTick);
  }

  #spread(order: OrderState, price: Decimal): Decimal {
    const market = this.marketOf(order.symbol);
    if (market.source === "quotes") return ZERO;
    const { bidPrice, askPrice } = market;
    if (bidPrice > 0 && askPrice >= bidPrice) {
      return decimal(askPrice).minus(decimal(bidPrice)).times(this.#spreadShare);
    }
    const { spreadBps } = this.#settings;
    if (spreadBps !== null) {
      return price.times(decimal(spreadBps)).times("0.0001").times(this.#spreadShare);
    }
    throw new ConfigError(
      `Cannot work out the slippage of ${order.symbol}: no quote is known, and the spread is not ` +
        `given. Say spread_bps = 2 beside spread_share, or give quotes`,
    );
  }

  #impact(order: OrderState, price: Decimal, qty: Decimal): Decimal {
    const known = this.liquidityOf(order.symbol);
    const volume = known?.volume ?? this.#settings.dailyVolume;
    const volatility = known?.volatility ?? this.#settings.dailyVolatility;
    if (volume === null || volatility === null || !(volume > 0)) {
      throw new ConfigError(
        `Cannot work out the impact of an order in ${order.symbol}: no whole day before this one ` +
          "is known. Give data that begins earlier, or daily_volume and daily_volatility",
      );
    }
    const filled = order.filledQty.plus(qty).toNumber();
    const share = this.#settings.impact * volatility * Math.sqrt(filled / volume);
    return price.times(decimal(share).round(IMPACT_DECIMALS, Decimal.roundHalfUp));
  }
}

function within(order: OrderState, price: Decimal): Decimal {
  const limit = order.terms.limitPrice;
  if (limit === null) return price;
  return (order.side === "buy" ? price.gt(limit) : price.lt(limit)) ? limit : price;
}
