import { z } from "zod";
import type { Asset, AssetClass } from "../model/asset.ts";
import { positive } from "./amount_text.ts";
import type { AlpacaRest } from "./alpaca_rest.ts";

const increment = positive.nullish();
const assetSchema = z.object({
  symbol: z.string().min(1),
  class: z.string(),
  name: z.string().nullish(),
  exchange: z.string(),
  tradable: z.boolean(),
  shortable: z.boolean(),
  easy_to_borrow: z.boolean().nullish(),
  borrow_status: z.string().nullish(),
  fractionable: z.boolean(),
  min_order_size: increment,
  min_trade_increment: increment,
  price_increment: increment,
});

/** Alpaca's smallest quantity of a fractionable share. */
const FRACTION = "0.000000001";

/** All active assets of a class. */
export async function readAssets(
  rest: AlpacaRest,
  assetClass: AssetClass,
  signal: AbortSignal,
): Promise<Asset[]> {
  const query = { status: "active", asset_class: assetClass };
  const request = { path: "/v2/assets", query };
  const { body } = await rest.get(z.array(assetSchema), request, signal);
  return body.map((asset) => {
    const smallest = asset.fractionable ? FRACTION : "1";
    const isCrypto = assetClass === "crypto";
    return {
      symbol: symbolOf(asset.symbol, asset.class),
      assetClass,
      name: asset.name ?? "",
      exchange: asset.exchange,
      tradable: asset.tradable,
      shortable: asset.shortable,
      easyToBorrow: asset.easy_to_borrow ?? asset.borrow_status === "easy_to_borrow",
      fractionable: asset.fractionable,
      minOrderQty: isCrypto ? asset.min_order_size ?? FRACTION : smallest,
      qtyIncrement: isCrypto ? asset.min_trade_increment ?? FRACTION : smallest,
      priceIncrement: isCrypto ? asset.price_increment ?? FRACTION : null,
    };
  });
}

/** Crypto pairs with their slash, which Alpaca's positions lack ("BTCUSD"). */
export function symbolOf(symbol: string, assetClass?: string): string {
  if (assetClass !== "crypto" || symbol.includes("/")) return symbol;
  const quote = ["USDT", "USDC", "USD", "BTC"].find((quote) =>
    symbol.endsWith(quote) && symbol.length > quote.length
  );
  return quote ? `${symbol.slice(0, -quote.length)}/${quote}` : symbol;
}
