import type { MainToGateway } from "../../protocol.ts";
import type { GatewayState } from "./state.ts";

/** Asks the broker what can be traded, and tells main. */
export async function readAssets(
  state: GatewayState,
  { id, assetClass }: Extract<MainToGateway, { type: "assets" }>,
  signal: AbortSignal,
): Promise<void> {
  const { broker, toMain } = state.options;
  const assets = await broker.assets(assetClass, signal);
  for (const asset of assets) state.addAsset(asset);
  toMain({ type: "assets", id, assets });
}
