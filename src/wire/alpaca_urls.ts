import { ConfigError } from "../util/errors.ts";
import { hostOf } from "./outbound.ts";

/** Origins ("https://host"), without a path. */
export interface AlpacaUrls {
  trading: string;
  data: string;
  /** Market-data sockets. */
  dataStream: string;
  tradingStream: string;
  /** Money may be at stake: all of Alpaca's hosts but the one for paper accounts. */
  isRealMoney: boolean;
  /** Not Alpaca's own host: Liu's extensions of the protocol can be asked for. */
  isSimulated: boolean;
  /** "host:port" of all of them. */
  hosts: string[];
}

const PAPER_HOST = "paper-api.alpaca.markets";

/**
 * Alpaca's addresses from APCA_API_BASE_URL. Whatever is not Alpaca's own is a simulated exchange,
 * which serves everything on one origin.
 * @param streamUrl ALPACA_STREAM_URL: overrides where market data come from
 */
export function alpacaUrls(baseUrl: string, streamUrl?: string): AlpacaUrls {
  const base = originOf(baseUrl, ["http:", "https:"], "APCA_API_BASE_URL");
  const host = new URL(base).hostname.replace(/\.$/, "");
  const isAlpaca = host === "alpaca.markets" || host.endsWith(".alpaca.markets");
  const socketBase = base.replace(/^http/, "ws");
  const dataStream = streamUrl
    ? originOf(streamUrl, ["ws:", "wss:", "http:", "https:"], "ALPACA_STREAM_URL")
    : isAlpaca
    ? "wss://stream.data.alpaca.markets"
    : socketBase;
  const data = isAlpaca ? "https://data.alpaca.markets" : base;
  return {
    trading: base,
    data,
    dataStream: dataStream.replace(/^http/, "ws"),
    tradingStream: socketBase,
    isRealMoney: isAlpaca && host !== PAPER_HOST,
    isSimulated: !isAlpaca,
    hosts: [...new Set([base, data, dataStream, socketBase].map(hostOf))],
  };
}

function originOf(url: string, protocols: string[], variable: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed && protocols.includes(parsed.protocol)) return `${parsed.protocol}//${parsed.host}`;
  throw new ConfigError(
    `Cannot use ${variable}="${url}": it must be an address such as ` +
      `https://paper-api.alpaca.markets or http://127.0.0.1:8080`,
  );
}
