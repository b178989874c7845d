import type { Asset } from "../model/asset.ts";
import type { SymbolData } from "./market_data.ts";

/** A symbol of recorded data as an asset. What the data cannot say is decided here. */
export function assetOfData(data: SymbolData): Asset {
  const price = firstPrice(data);
  const isCrypto = data.assetClass === "crypto";
  // Shares below a dollar are neither lent nor split into fractions.
  const isOrdinary = price >= 1;
  return {
    symbol: data.symbol,
    assetClass: data.assetClass,
    name: data.name,
    exchange: isCrypto ? "CRYPTO" : "NASDAQ",
    tradable: true,
    shortable: !isCrypto && isOrdinary,
    easyToBorrow: !isCrypto && isOrdinary,
    isLentOut: data.isLentOut,
    fractionable: isCrypto || isOrdinary,
    minOrderQty: isCrypto ? "0.00001" : isOrdinary ? "0.000000001" : "1",
    qtyIncrement: isCrypto || isOrdinary ? "0.000000001" : "1",
    priceIncrement: isCrypto ? price >= 100 ? "0.01" : price >= 1 ? "0.0001" : "0.00000001" : null,
  };
}

function firstPrice(data: SymbolData): number {
  return data.minuteBars.open[0] ?? data.trades.price[0] ?? data.quotes.bidPrice[0] ??
    data.dailyBars.open[0] ?? 1;
}
