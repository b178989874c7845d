import type { Asset, AssetClass } from "../model/asset.ts";

/** What of some assets can be traded, and sold short: worked out once, however many scans ask. */
export class AssetLists {
  readonly #assets: ReadonlyMap<string, Asset>;
  readonly #tradable = new Map<AssetClass | null, string[]>();
  readonly #shortable = new Map<AssetClass | null, string[]>();

  /** `assets` do not change any more. */
  constructor(assets: ReadonlyMap<string, Asset>) {
    this.#assets = assets;
  }

  /** Symbols that can be traded, of the class or of all; in their order. */
  tradable(assetClass: AssetClass | null): string[] {
    return listed(this.#tradable, assetClass, () =>
      [...this.#assets.values()]
        .filter((asset) =>
          asset.tradable && (assetClass === null || asset.assetClass === assetClass)
        )
        .map(({ symbol }) => symbol).sort());
  }

  /** Those of them that can be sold short. */
  shortable(assetClass: AssetClass | null): string[] {
    return listed(
      this.#shortable,
      assetClass,
      () => this.tradable(assetClass).filter((symbol) => this.#assets.get(symbol)!.shortable),
    );
  }
}

function listed<K>(known: Map<K, string[]>, key: K, make: () => string[]): string[] {
  let list = known.get(key);
  if (list === undefined) known.set(key, list = make());
  return list;
}
