/**
 * Market events as they go out: JSON text or msgpack bytes, each made once, whoever wants it.
 * Invariant: both say the same; only the time differs (text, timestamp extension).
 */
import { encode, encodeTimeSpecToTimestamp, ExtData } from "@msgpack/msgpack";
import { RowKind } from "../model/market_batch.ts";
import type { SymbolData } from "../recorded/market_data.ts";
import type { Timeline } from "./timeline.ts";
import { formatRfc3339 } from "../wire/rfc3339.ts";

export type Codec = "json" | "msgpack";

const MSGPACK_TIMESTAMP = -1;

/** An event as Alpaca sends it; `t` is µs here, and put in the codec's own way by encodeMessage. */
export type WireEvent = Record<string, unknown> & { T: string; t?: number };

export function encodeMessage(message: WireEvent, codec: "json"): string;
export function encodeMessage(message: WireEvent, codec: Codec): string | Uint8Array;
export function encodeMessage(message: WireEvent, codec: Codec): string | Uint8Array {
  const us = message.t;
  if (codec === "json") {
    return JSON.stringify(us === undefined ? message : { ...message, t: formatRfc3339(us) });
  }
  return encode(us === undefined ? message : { ...message, t: timestamp(us) });
}

function timestamp(us: number): ExtData {
  const sec = Math.floor(us / 1e6);
  return new ExtData(
    MSGPACK_TIMESTAMP,
    encodeTimeSpecToTimestamp({ sec, nsec: Math.floor(us - sec * 1e6) * 1000 }),
  );
}

/** A message that is encoded already. */
export type Part = string | Uint8Array;

/** A frame of messages. */
export function joinFrame(parts: Part[], codec: Codec): string | Uint8Array {
  if (codec === "json") return `[${parts.join(",")}]`;
  const bytes = parts as Uint8Array[];
  const length = bytes.reduce((sum, part) => sum + part.length, 0);
  const frame = new Uint8Array(3 + length);
  // array 16: a head of three bytes holds up to 65,535 messages.
  frame.set([0xdc, bytes.length >> 8, bytes.length & 255]);
  let at = 3;
  for (const part of bytes) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}

export class EventEncoder {
  readonly #timeline: Timeline;
  /** Most events of a step share one time. */
  #lastUs = NaN;
  #lastText = "";

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  encode(event: number, codec: Codec): string | Uint8Array {
    const { kind, symbol, row, symbols } = this.#timeline;
    const data = symbols[symbol[event]];
    const i = row[event];
    switch (kind[event]) {
      case RowKind.minuteBar:
        return codec === "json" ? this.#barText(data, i) : encodeMessage(barEvent(data, i), codec);
      case RowKind.dailyBar:
        return encodeMessage(dailyBarEvent(data, i), codec);
      case RowKind.quote:
        return codec === "json"
          ? this.#quoteText(data, i)
          : encodeMessage(quoteEvent(data, i), codec);
      default:
        return codec === "json"
          ? this.#tradeText(data, i)
          : encodeMessage(tradeEvent(data, i), codec);
    }
  }

  // Text by hand: a third of the time of JSON.stringify on an object made for it.

  #barText({ symbol, minuteBars: b }: SymbolData, i: number): string {
    return `{"T":"b","S":"${symbol}","o":${b.open[i]},"h":${b.high[i]},"l":${b.low[i]},` +
      `"c":${b.close[i]},"v":${b.volume[i]},"t":"${this.#time(b.timeUs[i])}",` +
      `"n":${b.trades[i]},"vw":${b.vwap[i]}}`;
  }

  #tradeText(data: SymbolData, i: number): string {
    const { symbol, trades: t } = data;
    const head = `{"T":"t","S":"${symbol}","i":${i + 1},"p":${t.price[i]},"s":${t.size[i]},` +
      `"t":"${this.#time(t.timeUs[i])}"`;
    return data.assetClass === "crypto"
      ? `${head},"tks":"${takerSide(data, i)}"}`
      : `${head},"x":"V","c":["@"],"z":"C"}`;
  }

  #quoteText({ symbol, assetClass, quotes: q }: SymbolData, i: number): string {
    const head = `{"T":"q","S":"${symbol}","bp":${q.bidPrice[i]},"bs":${q.bidSize[i]},` +
      `"ap":${q.askPrice[i]},"as":${q.askSize[i]},"t":"${this.#time(q.timeUs[i])}"`;
    return assetClass === "crypto" ? `${head}}` : `${head},"bx":"V","ax":"V","c":["R"],"z":"C"}`;
  }

  #time(us: number): string {
    if (us !== this.#lastUs) {
      this.#lastUs = us;
      this.#lastText = formatRfc3339(us);
    }
    return this.#lastText;
  }
}

/** Who took: a trade above the one before was bought. Crypto trades say it. */
export function takerSide({ trades }: SymbolData, i: number): "B" | "S" {
  return i === 0 || trades.price[i] >= trades.price[i - 1] ? "B" : "S";
}

function barEvent({ symbol, minuteBars: b }: SymbolData, i: number): WireEvent {
  return barMessage("b", symbol, [
    b.timeUs[i],
    b.open[i],
    b.high[i],
    b.low[i],
    b.close[i],
    b.volume[i],
    b.vwap[i],
    b.trades[i],
  ]);
}

function dailyBarEvent({ symbol, dailyBars: b }: SymbolData, i: number): WireEvent {
  return { ...barEvent({ symbol, minuteBars: b } as SymbolData, i), T: "d" };
}

/** `row` as rowOf of market_data.ts. */
export function barMessage(T: "b" | "d" | "u", symbol: string, row: number[]): WireEvent {
  const [t, o, h, l, c, v, vw, n] = row;
  return { T, S: symbol, o, h, l, c, v, t, n, vw };
}

function tradeEvent(data: SymbolData, i: number): WireEvent {
  const { symbol: S, trades } = data;
  const t = trades.timeUs[i];
  const trade = { T: "t", S, i: i + 1, p: trades.price[i], s: trades.size[i], t };
  return data.assetClass === "crypto"
    ? { ...trade, tks: takerSide(data, i) }
    : { ...trade, x: "V", c: ["@"], z: "C" };
}

function quoteEvent({ symbol: S, assetClass, quotes: q }: SymbolData, i: number): WireEvent {
  const quote = {
    T: "q",
    S,
    bp: q.bidPrice[i],
    bs: q.bidSize[i],
    ap: q.askPrice[i],
    as: q.askSize[i],
    t: q.timeUs[i],
  };
  return assetClass === "crypto" ? quote : { ...quote, bx: "V", ax: "V", c: ["R"], z: "C" };
}
