import { ConfigError } from "../util/errors.ts";
import { Secret } from "../util/secret.ts";
import type { AlpacaKeys } from "./alpaca_rest.ts";
import { type AlpacaUrls, alpacaUrls } from "./alpaca_urls.ts";

/** What Alpaca's provider and broker are started with: plain texts, so that they cross a port. */
export interface AlpacaSettings {
  /** APCA_API_KEY_ID */
  keyId: string;
  /** APCA_API_SECRET_KEY */
  secretKey: string;
  /** APCA_API_BASE_URL: Alpaca's live or paper address, or a simulated exchange's. */
  baseUrl: string;
  /** ALPACA_STREAM_URL; default: what belongs to `baseUrl`. */
  streamUrl?: string;
  /** ALPACA_DATA_FEED: "iex" (default), "sip", "delayed_sip", "test". */
  feed?: string;
  /**
   * "true": go by the steps of a simulated exchange, and acknowledge each. Default "false"; means
   * nothing at Alpaca's own hosts.
   */
  acksSteps?: string;
}

export type AlpacaFeed = "iex" | "sip" | "delayed_sip" | "test";

export interface ParsedAlpacaSettings {
  keys: AlpacaKeys;
  urls: AlpacaUrls;
  feed: AlpacaFeed;
  acksSteps: boolean;
}

const FEEDS: readonly AlpacaFeed[] = ["iex", "sip", "delayed_sip", "test"];

/** Throws ConfigError that names the environment's variable. */
export function parseAlpacaSettings(settings: Partial<AlpacaSettings>): ParsedAlpacaSettings {
  const need = (value: string | undefined, variable: string): string => {
    if (value) return value;
    throw new ConfigError(
      `Cannot use Alpaca: ${variable} is not set. Set it to what the account's page shows; ` +
        `a simulated exchange takes any`,
    );
  };
  const feed = settings.feed || "iex";
  if (!isFeed(feed)) {
    throw new ConfigError(
      `Cannot use ALPACA_DATA_FEED="${feed}": it must be one of ${FEEDS.join(", ")}`,
    );
  }
  const baseUrl = need(settings.baseUrl, "APCA_API_BASE_URL");
  const urls = alpacaUrls(baseUrl, settings.streamUrl || undefined);
  return {
    keys: {
      keyId: new Secret(need(settings.keyId, "APCA_API_KEY_ID")),
      secretKey: new Secret(need(settings.secretKey, "APCA_API_SECRET_KEY")),
    },
    urls,
    feed,
    acksSteps: settings.acksSteps === "true" && urls.isSimulated,
  };
}

function isFeed(text: string): text is AlpacaFeed {
  return (FEEDS as readonly string[]).includes(text);
}
