import type { Channels } from "../contracts/provider.ts";
import { type AlpacaStreamChannel, STREAM_CHANNELS } from "./alpaca_types.ts";

/** Of which a symbol may have thousands a minute; brokers limit their number. */
export const HEAVY_CHANNELS: readonly AlpacaStreamChannel[] = ["trades", "quotes"];
const LIGHT_CHANNELS = STREAM_CHANNELS.filter((channel) => !HEAVY_CHANNELS.includes(channel));

/** One symbol in one channel. */
export type ChannelSymbol = readonly [channel: AlpacaStreamChannel, symbol: string];

/** Symbols by channel: what is wanted, or was acknowledged. */
export class ChannelSets {
  readonly #sets = new Map<AlpacaStreamChannel, Set<string>>();

  /** From a subscription message, or what was asked for; other fields are passed over. */
  static of(channels: Readonly<Record<string, unknown>> | Partial<Channels>): ChannelSets {
    const result = new ChannelSets();
    for (const channel of STREAM_CHANNELS) {
      const symbols = (channels as Readonly<Record<string, unknown>>)[channel];
      if (!Array.isArray(symbols)) continue;
      for (const symbol of symbols) if (typeof symbol === "string") result.add([channel, symbol]);
    }
    return result;
  }

  get isEmpty(): boolean {
    return this.#sets.values().every((set) => set.size === 0);
  }

  has([channel, symbol]: ChannelSymbol): boolean {
    const set = this.#sets.get(channel);
    return set !== undefined && (set.has(symbol) || set.has("*"));
  }

  add([channel, symbol]: ChannelSymbol): void {
    const set = this.#sets.get(channel);
    if (set) set.add(symbol);
    else this.#sets.set(channel, new Set([symbol]));
  }

  delete([channel, symbol]: ChannelSymbol): void {
    this.#sets.get(channel)?.delete(symbol);
  }

  /**
   * The light channels of all symbols, then quotes and trades by symbol: where only so many are let
   * in, all symbols have their bars, and the first symbols in `order` all that they should have.
   */
  pairs(order: (symbols: string[]) => string[] = (symbols) => symbols): ChannelSymbol[] {
    const symbols = order([...new Set(this.#sets.values().flatMap((set) => [...set]))]);
    const pairs = (channels: readonly AlpacaStreamChannel[]) =>
      symbols.flatMap((symbol) =>
        channels.filter((channel) => this.#sets.get(channel)?.has(symbol))
          .map((channel): ChannelSymbol => [channel, symbol])
      );
    return [...pairs(LIGHT_CHANNELS), ...pairs(HEAVY_CHANNELS)];
  }

  toChannels(): Channels {
    const list = (channel: AlpacaStreamChannel) => [...this.#sets.get(channel) ?? []];
    return {
      trades: list("trades"),
      quotes: list("quotes"),
      bars: list("bars"),
      updatedBars: list("updatedBars"),
      dailyBars: list("dailyBars"),
      statuses: list("statuses"),
      lulds: list("lulds"),
    };
  }
}

/** The fields of a subscribe request: only channels that have symbols. */
export function channelsOf(pairs: Iterable<ChannelSymbol>): Partial<Channels> {
  const channels: Partial<Channels> = {};
  for (const [channel, symbol] of pairs) (channels[channel] ??= []).push(symbol);
  return channels;
}
