/** Orders and assets of the broker in memory. */
import type { Asset } from "../../model/asset.ts";
import type { OrderRequest } from "../../model/order.ts";

export function isOco({ type, limitPrice, takeProfit, stopLoss }: OrderRequest): boolean {
  return type === "limit" && takeProfit !== null && stopLoss !== null &&
    takeProfit.limitPrice === limitPrice;
}

export function outsideRequest(symbol: string, side: "buy" | "sell", qty: string): OrderRequest {
  return {
    clientOrderId: `hand-${symbol}-${side}-${qty}`,
    symbol,
    side,
    qty,
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
}

export function opposite(request: OrderRequest): OrderRequest {
  return {
    ...request,
    side: request.side === "buy" ? "sell" : "buy",
    limitPrice: null,
    triggerPrice: null,
    takeProfit: null,
    stopLoss: null,
  };
}

export function testAsset(symbol: string): Asset {
  return {
    symbol,
    assetClass: "us_equity",
    name: symbol,
    exchange: "X",
    tradable: symbol !== "D",
    shortable: true,
    easyToBorrow: true,
    fractionable: true,
    minOrderQty: "0.000000001",
    qtyIncrement: "0.000000001",
    priceIncrement: null,
  };
}
