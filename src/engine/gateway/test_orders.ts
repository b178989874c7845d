/** Orders and assets of the broker in memory. */
import type { BrokerCapabilities } from "../../contracts/broker.ts";
import type { Asset } from "../../model/asset.ts";
import type { OrderRequest } from "../../model/order.ts";
import { decimal } from "../../util/decimal.ts";
import type { TestBroker, TestOrder } from "./test_broker.ts";

export const CAPABILITIES: BrokerCapabilities = {
  brackets: ["us_equity"],
  fractional: ["us_equity", "crypto"],
  short: ["us_equity"],
  notional: [],
  extendedHours: true,
  requestsPerMinute: 200,
  requestsReservedForCancels: 20,
  tellsOnce: false,
};

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

/** An order by hand. */
export function limitOf(
  symbol: string,
  side: "buy" | "sell",
  qty: string,
  limitPrice: string,
): OrderRequest {
  return { ...outsideRequest(symbol, side, qty), type: "limit", limitPrice };
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

/**
 * The broker nets: it refuses wash trades, orders through flat, and quantities that open orders
 * hold.
 */
export function problemWith(broker: TestBroker, request: OrderRequest): string | null {
  const open = broker.open(request.symbol);
  const isComplex = request.takeProfit !== null || request.stopLoss !== null;
  const isSimple = (order: TestOrder) => order.parent === null && order.legs.length === 0;
  if (open.some((order) => order.side !== request.side && isSimple(order) && !isComplex)) {
    return "wash trade";
  }
  const net = broker.net(request.symbol);
  const reduces = request.side === "buy" ? net.lt(0) : net.gt(0);
  if (!reduces) {
    const cost = decimal(request.qty!).times(request.limitPrice ?? "100");
    if (request.side === "buy" && cost.gt(broker.buyingPower)) return "buying power";
    if (isOco(request)) return "oco orders must be exit orders";
    if (request.side === "sell" && !decimal(request.qty!).mod(1).eq(0)) return "fractional short";
    const held = open.some((order) => order.parent !== null && order.side === request.side);
    return held ? "legs are open" : null;
  }
  const heldQty = broker.held(request.symbol, request.side);
  const available = net.abs().minus(heldQty);
  if (decimal(request.qty!).lte(available)) return null;
  return heldQty.gt(0) ? "insufficient qty available" : "through flat";
}
