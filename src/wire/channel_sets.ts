import type { Channels } from "../contracts/provider.ts";
import { type AlpacaStreamChannel, STREAM_CHANNELS } from "./alpaca_types.ts";

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

  /** By symbol, so that half of the pairs are half of the symbols, with all their channels. */
  pairs(): ChannelSymbol[] {
    const bySymbol = new Map<string, ChannelSymbol[]>();
    for (const [channel, symbols] of this.#sets) {
      for (const symbol of symbols) {
        const pairs = bySymbol.get(symbol);
        if (pairs) pairs.push([channel, symbol]);
        else bySymbol.set(symbol, [[channel, symbol]]);
      }
    }
    return [...bySymbol.values()].flat();
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
