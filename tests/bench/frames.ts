/** Market data as Alpaca writes it, for the benchmark: each round goes on where the last one ended. */
import type { Totals } from "./totals.ts";

/** Two to four letters, none twice. */
export const SYMBOLS = Array.from({ length: 48 }, (_, i) => {
  const letter = (n: number) => String.fromCharCode(65 + Math.floor(n) % 26);
  return (letter(i) + letter(i / 26) + letter(i * 7) + letter(i * 3)).slice(0, 2 + i % 3);
});

/** What each symbol has in a minute, in this order: the bar comes when the minute is over. */
const MINUTE = ["quote", "trade", "quote", "trade", "quote", "bar"] as const;
const FRAME_EVENTS = 96;
const START_MS = Date.parse("2022-01-03T14:30:00Z");
export const FIRST_EVENT_US = START_MS * 1000;

export const MIX = "bars : trades : quotes = 1 : 2 : 3";
export const MINUTE_EVENTS = MINUTE.length * SYMBOLS.length;

export interface Round extends Totals {
  /** Texts of frames, about 100 events each. */
  frames: string[];
}

/** The frames of `minutes` minutes from minute `first` on. */
export function makeRound(first: number, minutes: number): Round {
  const round: Round = { frames: [], events: 0, sum: 0 };
  let messages: string[] = [];
  for (let minute = first; minute < first + minutes; minute++) {
    for (const [place, kind] of MINUTE.entries()) {
      for (let symbol = 0; symbol < SYMBOLS.length; symbol++) {
        messages.push(MESSAGES[kind](minute, place, symbol, round));
        round.events++;
        if (messages.length < FRAME_EVENTS) continue;
        round.frames.push(`[${messages.join(",")}]`);
        messages = [];
      }
    }
  }
  if (messages.length > 0) round.frames.push(`[${messages.join(",")}]`);
  return round;
}

const MESSAGES = {
  bar(minute: number, place: number, symbol: number, totals: Totals): string {
    const close = priceAt(minute, place, symbol);
    const volume = 1000 + (minute * 31 + symbol * 17) % 90_000;
    totals.sum += close + volume;
    return `{"T":"b","S":"${SYMBOLS[symbol]}","o":${close - 0.25},"h":${close + 0.5},` +
      `"l":${close - 0.75},"c":${close},"v":${volume},"t":"${timeAt(minute, 0)}Z",` +
      `"n":${volume % 97},"vw":${close - 0.125}}`;
  },
  trade(minute: number, place: number, symbol: number, totals: Totals): string {
    const price = priceAt(minute, place, symbol);
    totals.sum += price;
    return `{"T":"t","i":${minute * 100 + place},"S":"${SYMBOLS[symbol]}","x":"D","p":${price},` +
      `"s":${1 + minute % 300},"t":"${timeAt(minute, place * 10)}.${nanosAt(symbol)}Z",` +
      `"c":["@","I"],"z":"C"}`;
  },
  quote(minute: number, place: number, symbol: number, totals: Totals): string {
    const bid = priceAt(minute, place, symbol);
    const bidSize = 1 + minute % 9;
    const askSize = 1 + (minute + symbol) % 9;
    totals.sum += bid + bidSize + bid + 0.25 + askSize;
    return `{"T":"q","S":"${SYMBOLS[symbol]}","bx":"U","bp":${bid},"bs":${bidSize},"ax":"Q",` +
      `"ap":${bid + 0.25},"as":${askSize},` +
      `"t":"${timeAt(minute, place * 10)}.${nanosAt(symbol)}Z","c":["R"],"z":"C"}`;
  },
};

function priceAt(minute: number, place: number, symbol: number): number {
  return 20 + (minute * 13 + place * 5 + symbol * 101) % 2000 / 4;
}

function timeAt(minute: number, second: number): string {
  return new Date(START_MS + minute * 60_000 + second * 1000).toISOString().slice(0, 19);
}

function nanosAt(symbol: number): string {
  return String(123_456_789 + symbol * 1_000_003);
}
