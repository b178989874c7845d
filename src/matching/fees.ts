import type { AssetClass } from "../model/asset.ts";
import type { Side } from "../model/order.ts";
import { Decimal, decimal } from "../util/decimal.ts";
import type { FeeSchedule } from "./types.ts";

export const NO_FEES: FeeSchedule = {
  equityBps: 0,
  cryptoBps: 0,
  perShare: 0,
  secPerMillion: 0,
  tafPerShare: 0,
  tafMax: 0,
  buyBps: 0,
  sellBps: 0,
};

const CENTS = 2;
const CRYPTO_DECIMALS = 8;

/** The fee of one execution in account currency, rounded half up: to cents, for crypto to 1e-8. */
export function feeOf(
  fees: FeeSchedule,
  execution: { assetClass: AssetClass; side: Side; qty: Decimal; price: Decimal },
): Decimal {
  const { qty, side } = execution;
  const notional = qty.times(execution.price);
  const sideBps = side === "buy" ? fees.buyBps : fees.sellBps;
  if (execution.assetClass === "crypto") {
    const fee = notional.times(decimal(fees.cryptoBps).plus(sideBps)).times("0.0001");
    return fee.round(CRYPTO_DECIMALS, Decimal.roundHalfUp);
  }
  let fee = notional.times(decimal(fees.equityBps).plus(sideBps)).times("0.0001");
  fee = fee.plus(qty.times(decimal(fees.perShare)));
  if (side === "sell") {
    const taf = qty.times(decimal(fees.tafPerShare));
    const tafMax = decimal(fees.tafMax);
    fee = fee.plus(notional.times(decimal(fees.secPerMillion)).times("0.000001"));
    fee = fee.plus(taf.gt(tafMax) ? tafMax : taf);
  }
  return fee.round(CENTS, Decimal.roundHalfUp);
}
