import type { Settings } from "../config/environment.ts";
import type { Clock } from "../contracts/clock.ts";
import type { DataProvider } from "../contracts/provider.ts";
import { brokers } from "../brokers/registry.ts";
import type { Remote } from "../history/history.ts";
import { providers } from "../providers/registry.ts";
import { ConfigError } from "../util/errors.ts";
import { logger } from "../util/log.ts";
import { alpacaUrls } from "../wire/alpaca_urls.ts";
import { systemMonotonic } from "../wire/monotonic.ts";

/** What provider and broker of Alpaca are started with. */
export function alpacaSettings(settings: Settings): Record<string, string> {
  const { keyId, secretKey, baseUrl, streamUrl, dataFeed } = settings.alpaca;
  return {
    keyId: keyId?.reveal() ?? "",
    secretKey: secretKey?.reveal() ?? "",
    baseUrl,
    streamUrl: streamUrl ?? "",
    feed: dataFeed,
    acksSteps: String(!new URL(baseUrl).hostname.endsWith(".alpaca.markets")),
  };
}

/** Makes the provider that DATA_CONNECTOR names, with a clock. Throws ConfigError. */
export async function providerOf(settings: Settings): Promise<(clock: Clock) => DataProvider> {
  const load = providers[settings.dataConnector];
  if (!load) {
    throw new ConfigError(
      `Cannot use DATA_CONNECTOR=${settings.dataConnector}: this version has ` +
        Object.keys(providers).join(", "),
    );
  }
  const { createProvider } = await load();
  return (clock) => createProvider(alpacaSettings(settings), { ...client(), clock });
}

/** The provider as a source of history, with its own time. Throws what its clock's reply throws. */
export async function remoteOf(settings: Settings, signal: AbortSignal): Promise<Remote> {
  const create = await providerOf(settings);
  const { baseUrl, dataFeed } = settings.alpaca;
  if (!alpacaUrls(baseUrl).isSimulated) {
    const clock = { nowUs: () => Date.now() * 1000 };
    return { source: `alpaca_${dataFeed}`, provider: create(clock), clock };
  }
  // A simulated exchange has a time and prices of its own: they never mix with real ones.
  const { createBroker } = await brokers.alpaca!();
  const broker = createBroker(alpacaSettings(settings), {
    ...client(),
    clock: { nowUs: () => 0 },
  });
  const { timeUs } = await broker.clock(signal);
  const clock = { nowUs: () => timeUs };
  const source = `simulated_${new URL(baseUrl).host.replaceAll(/[^\w.]/g, "_")}`;
  return { source, provider: create(clock), clock };
}

function client() {
  return { monotonic: systemMonotonic, random: Math.random, log: logger("provider") };
}
