/**
 * Market data of Alpaca, or of a simulated exchange: equities of the feed that is set, and crypto.
 * @see AlpacaSettings for what it is started with
 */
import type { DataProvider, TicksQuery } from "../contracts/provider.ts";
import type { AssetClass } from "../model/asset.ts";
import { readAssets } from "../wire/alpaca_assets.ts";
import { AlpacaDataStream } from "../wire/alpaca_data_stream.ts";
import { readBars, readQuotes, readSnapshots, readTrades } from "../wire/alpaca_history.ts";
import { AlpacaRest } from "../wire/alpaca_rest.ts";
import { parseAlpacaSettings } from "../wire/alpaca_settings.ts";
import type { ClientContext } from "../wire/client_context.ts";
import { createOutbound } from "../wire/outbound.ts";

/** The free part of the delayed feed: what is younger is refused. */
const FEED_DELAY_US = 15 * 60e6;

export function createProvider(
  settings: Record<string, string>,
  context: ClientContext,
): DataProvider {
  const { keys, urls, feed, acksSteps } = parseAlpacaSettings(settings);
  const outbound = createOutbound(urls.hosts);
  const rest = (origin: string) => new AlpacaRest({ ...context, keys, origin, outbound });
  const data = rest(urls.data);
  const trading = urls.trading === urls.data ? data : rest(urls.trading);
  const streamPath: Record<AssetClass, string> = {
    us_equity: `/v2/${feed}`,
    crypto: "/v1beta3/crypto/us",
  };
  const upToNow = <Query extends TicksQuery>(query: Query): Query => {
    const latestUs = feed === "delayed_sip" ? context.clock.nowUs() - FEED_DELAY_US : Infinity;
    return { ...query, toUs: Math.min(query.toUs, latestUs) };
  };
  return {
    name: "alpaca",
    hosts: urls.hosts,
    assetClasses: ["us_equity", "crypto"],
    async openStream({ signal, ...wanted }) {
      const stream = new AlpacaDataStream({
        ...context,
        ...wanted,
        url: urls.dataStream + streamPath[wanted.assetClass],
        keys,
        outbound,
        acksSteps,
      });
      await stream.open(signal);
      return stream;
    },
    bars: (query, signal) => readBars(data, feed, upToNow(query), signal),
    trades: (query, signal) => readTrades(data, feed, upToNow(query), signal),
    quotes: (query, signal) => readQuotes(data, feed, upToNow(query), signal),
    snapshots: (symbols, signal) =>
      readSnapshots(data, feed, symbols, context.clock.nowUs(), signal),
    assets: (assetClass, signal) => readAssets(trading, assetClass, signal),
  };
}
