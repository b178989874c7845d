export type AssetClass = "us_equity" | "crypto";

/** What an order for a symbol must respect. */
export interface Asset {
  symbol: string;
  assetClass: AssetClass;
  name: string;
  exchange: string;
  tradable: boolean;
  shortable: boolean;
  easyToBorrow: boolean;
  /** Known to a simulated exchange alone: none is left to borrow, whatever its list says. */
  isLentOut?: boolean;
  fractionable: boolean;
  /** Decimal text, > 0: crypto's minimum; "1" or "0.000000001" for equities. */
  minOrderQty: string;
  /** Decimal text, > 0: quantities are multiples of it. */
  qtyIncrement: string;
  /** Decimal text, > 0, or null where the tick follows the price (US equities). */
  priceIncrement: string | null;
}

/** Crypto pairs are written with a slash ("BTC/USD"); everything else is a US equity ("BRK.B"). */
export function assetClassOf(symbol: string): AssetClass {
  return symbol.includes("/") ? "crypto" : "us_equity";
}

/** Smallest price step at `price`, decimal text. US equities: 0.01 from $1 on, 0.0001 below (SEC rule 612). */
export function tickSize(asset: Pick<Asset, "priceIncrement">, price: number): string {
  return asset.priceIncrement ?? (price >= 1 ? "0.01" : "0.0001");
}
