import type { Asset } from "../model/asset.ts";
import type { AlpacaAsset } from "../wire/alpaca_types.ts";
import { uuidOf } from "./accounts.ts";
import { assetOfData } from "../recorded/asset_of_data.ts";
import type { MarketData } from "../recorded/market_data.ts";

/** The symbols of the exchange, as assets. */
export class Assets {
  readonly #bySymbol = new Map<string, { asset: Asset; wire: AlpacaAsset }>();
  /** Asset ids, and crypto's older names ("BTCUSD"), to symbols. */
  readonly #aliases = new Map<string, string>();

  constructor(data: MarketData) {
    for (const symbol of data.values()) {
      const asset = assetOfData(symbol);
      const wire = toWire(asset);
      this.#bySymbol.set(asset.symbol, { asset, wire });
      this.#aliases.set(wire.id, asset.symbol);
      if (asset.assetClass === "crypto") {
        this.#aliases.set(asset.symbol.replace("/", ""), asset.symbol);
      }
    }
  }

  /** The symbol that a symbol, an asset id or an older name stands for. */
  resolve(name: string): string {
    return this.#bySymbol.has(name) ? name : this.#aliases.get(name) ?? name;
  }

  assetOf(symbol: string): Asset | null {
    return this.#bySymbol.get(symbol)?.asset ?? null;
  }

  wireOf(symbol: string): AlpacaAsset | null {
    return this.#bySymbol.get(symbol)?.wire ?? null;
  }

  all(): AlpacaAsset[] {
    return [...this.#bySymbol.values()].map(({ wire }) => wire);
  }
}

function toWire(asset: Asset): AlpacaAsset {
  const isCrypto = asset.assetClass === "crypto";
  const isMarginable = asset.shortable;
  return {
    id: uuidOf(`asset ${asset.symbol}`),
    class: asset.assetClass,
    exchange: asset.exchange,
    symbol: asset.symbol,
    name: asset.name,
    status: "active",
    tradable: asset.tradable,
    marginable: isMarginable,
    shortable: asset.shortable,
    easy_to_borrow: asset.easyToBorrow,
    borrow_status: asset.easyToBorrow
      ? "easy_to_borrow"
      : asset.shortable
      ? "hard_to_borrow"
      : "not_borrowable",
    fractionable: asset.fractionable,
    maintenance_margin_requirement: isMarginable ? 30 : 100,
    margin_requirement_long: isMarginable ? "30" : "100",
    margin_requirement_short: isMarginable ? "30" : "100",
    ...(isCrypto
      ? {
        min_order_size: asset.minOrderQty,
        min_trade_increment: asset.qtyIncrement,
        price_increment: asset.priceIncrement!,
      }
      : {}),
    attributes: [],
  };
}
