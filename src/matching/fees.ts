/**
 * What executions cost: an order's fee is worked out for all that has filled of it, and an execution
 * is charged what that adds. So many small executions cost no more than one.
 */
import type { AssetClass } from "../model/asset.ts";
import type { Side } from "../model/order.ts";
import { type FeeSchedule, NO_FEES } from "../model/trading_costs.ts";
import { Decimal, decimal } from "../util/decimal.ts";

const CENTS = 2;
const CRYPTO_DECIMALS = 8;
const ZERO = decimal(0);

/** What an order has been charged. */
export interface OrderFees {
  /** The broker's: percentages and per share. */
  commission: Decimal;
  /** The authorities': SEC and FINRA. */
  regulatory: Decimal;
}

/** All that has filled of an order. */
export interface Filled {
  assetClass: AssetClass;
  side: Side;
  qty: Decimal;
  notional: Decimal;
}

export const NOTHING_CHARGED: OrderFees = { commission: ZERO, regulatory: ZERO };

export class Fees {
  /** Nothing costs anything. */
  readonly isFree: boolean;
  readonly #rates: Record<keyof FeeSchedule, Decimal>;
  readonly #hasTafMax: boolean;

  constructor(schedule: Partial<FeeSchedule> = {}) {
    const { tafMax, ...rates } = { ...NO_FEES, ...schedule };
    this.isFree = Object.values(rates).every((rate) => rate === 0);
    this.#hasTafMax = tafMax !== null;
    const entries = Object.entries({ ...rates, tafMax: tafMax ?? 0 });
    this.#rates = Object.fromEntries(
      entries.map(([name, rate]) => [name, decimal(rate)]),
    ) as Record<keyof FeeSchedule, Decimal>;
  }

  /** The fees of an order of which so much has filled. */
  of(filled: Filled): OrderFees {
    if (this.isFree) return NOTHING_CHARGED;
    const { assetClass, side, qty, notional } = filled;
    const rates = this.#rates;
    const sideBps = side === "buy" ? rates.buyBps : rates.sellBps;
    if (assetClass === "crypto") {
      const commission = notional.times(rates.cryptoBps.plus(sideBps)).times("0.0001");
      return {
        commission: commission.round(CRYPTO_DECIMALS, Decimal.roundHalfUp),
        regulatory: ZERO,
      };
    }
    const share = notional.times(rates.equityBps.plus(sideBps)).times("0.0001");
    const perShare = qty.times(rates.perShare);
    const commission = share.plus(perShare.gt(rates.perShareMin) ? perShare : rates.perShareMin);
    return {
      commission: commission.round(CENTS, Decimal.roundHalfUp),
      regulatory: side === "sell" ? this.#regulatory(qty, notional) : ZERO,
    };
  }

  /** Each of the two is rounded up to a whole cent. */
  #regulatory(qty: Decimal, notional: Decimal): Decimal {
    const { secPerMillion, tafPerShare, tafMax } = this.#rates;
    const sec = notional.times(secPerMillion).times("0.000001").round(CENTS, Decimal.roundUp);
    const taf = qty.times(tafPerShare).round(CENTS, Decimal.roundUp);
    return sec.plus(this.#hasTafMax && taf.gt(tafMax) ? tafMax : taf);
  }
}
