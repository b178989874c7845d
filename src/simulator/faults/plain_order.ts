import type { ExchangeOrderRequest } from "../../matching/types.ts";

/** A market order of somebody else than the trader, but for symbol, side and quantity. */
export const NO_TERMS: Omit<ExchangeOrderRequest, "symbol" | "side"> = {
  clientOrderId: null,
  qty: null,
  notional: null,
  type: "market",
  timeInForce: "day",
  limitPrice: null,
  triggerPrice: null,
  trailPrice: null,
  trailPercent: null,
  extendedHours: false,
  takeProfit: null,
  stopLoss: null,
};
