/** What an invented symbol is like, and how its day goes: stories for strategies to find or miss. */
import type { Random } from "./random.ts";

/**
 * breakout: gaps up, rests below the early high, then breaks out of it on volume;
 * fakeout: as breakout, but falls back; reverting: swings around its open; quiet: no story.
 */
export type SessionKind = "breakout" | "fakeout" | "down" | "up" | "reverting" | "quiet";

export interface SymbolPlan {
  symbol: string;
  name: string;
  kind: SessionKind;
  isLentOut: boolean;
  /** Dollars, before the history begins. */
  price: number;
  /** Dollars that are traded in a day. */
  dailyDollars: number;
  /** The quote's mean spread, as a share of the price, above one tick. */
  spread: number;
}

/** A stretch of the day; all are per minute. */
export interface SessionPart {
  /** The part ends here, minutes since the open of a day of 390. */
  untilMinute: number;
  drift: number;
  volatility: number;
  /** Share of the distance from the open that is taken back. */
  reversion: number;
  /** 1: the usual. */
  volume: number;
}

export interface SessionPlan {
  /** The open against yesterday's close, a share. */
  gap: number;
  partAt(minute: number): SessionPart;
}

const FIRST = ["AV", "BR", "CY", "DO", "EK", "FL", "GA", "HU", "IV", "JO", "KE", "LU", "MO", "NY"];
const LAST = ["DEX", "LT", "RIN", "VO", "XA", "QU", "STA", "ZEN", "BY", "CK", "FA", "GO", "HM"];
const KINDS: SessionKind[] = [
  "breakout",
  "down",
  "reverting",
  "breakout",
  "fakeout",
  "up",
  "breakout",
  "down",
  "reverting",
  "breakout",
];
/** Of each ten symbols: a share class and a price below a dollar, whose tick is finer. */
const CLASS_SHARE = 3;
const SUB_DOLLAR = 7;
/** And a stock that rises all day and that many would sell short: none is left to borrow. */
const HARD_TO_BORROW = 5;

/** The `index`-th invented symbol. Its name does not depend on the seed: plans can name it. */
export function generatedSymbol(index: number, random: Random): SymbolPlan {
  const round = Math.floor(index / FIRST.length);
  const first = FIRST[index % FIRST.length];
  const last = LAST[(index + round) % LAST.length];
  const again = Math.floor(round / LAST.length);
  const more = again === 0 ? "" : String.fromCharCode(64 + again);
  const symbol = index % 10 === CLASS_SHARE
    ? `${first}${last[0]}${more}.B`
    : (first + last).slice(0, 4) + more;
  const isSubDollar = index % 10 === SUB_DOLLAR;
  return {
    symbol,
    name: `${symbol} (generated, no real company)`,
    kind: KINDS[index % KINDS.length],
    isLentOut: index % 10 === HARD_TO_BORROW,
    price: isSubDollar ? random.between(0.45, 0.75) : Math.round(random.between(8, 180)),
    dailyDollars: random.between(20e6, 250e6),
    spread: isSubDollar ? 0.0012 : random.between(0.00005, 0.0003),
  };
}

/** A session's story, drawn anew for each session. */
export function planSession(symbol: SymbolPlan, kind: SessionKind, random: Random): SessionPlan {
  const parts = PARTS[kind](random);
  const gap = GAPS[kind](random) * (symbol.price < 1 ? 0.5 : 1);
  return {
    gap,
    partAt: (minute) => parts.find((part) => minute < part.untilMinute) ?? parts[parts.length - 1],
  };
}

const GAPS: Record<SessionKind, (random: Random) => number> = {
  breakout: (random) => random.between(0.045, 0.09),
  fakeout: (random) => random.between(0.042, 0.07),
  down: (random) => -random.between(0.01, 0.03),
  up: (random) => random.between(0.002, 0.01),
  reverting: (random) => 0.003 * random.normal(),
  quiet: (random) => 0.003 * random.normal(),
};

const DAY = 390;

function part(
  untilMinute: number,
  drift: number,
  volume: number,
  volatility = 0.0006,
  reversion = 0,
): SessionPart {
  return { untilMinute, drift, volume, volatility, reversion };
}

/** Breaks out `rise` (a share) over its run, then keeps or gives back `after`. */
function breakoutParts(random: Random, rise: number, after: number): SessionPart[] {
  const breakAt = random.int(18, 95);
  const runMinutes = random.int(20, 45);
  const peak = random.int(4, 8);
  return [
    part(peak, 0.008 / peak, 2.5, 0.0008),
    part(peak + 6, -0.006 / 6, 1.5),
    part(breakAt, 0, 1, 0.0004, 0.05),
    part(breakAt + runMinutes, rise / runMinutes, 5, 0.0005),
    part(breakAt + 2 * runMinutes, after / runMinutes, 2, 0.0006),
    part(DAY, 0, 1, 0.0005),
  ];
}

const PARTS: Record<SessionKind, (random: Random) => SessionPart[]> = {
  breakout: (random) => breakoutParts(random, random.between(0.03, 0.06), -0.008),
  fakeout: (random) => breakoutParts(random, random.between(0.012, 0.018), -0.035),
  down: (random) => {
    const fall = random.between(0.03, 0.06);
    return [
      part(random.int(60, 120), -0.6 * fall / 90, 2),
      part(random.int(150, 220), 0.1 * fall / 80, 0.8),
      part(DAY, -0.5 * fall / 200, 1.4),
    ];
  },
  up: (random) => [part(DAY, random.between(0.015, 0.035) / DAY, 1)],
  reverting: (random) => [part(DAY, 0, 1, random.between(0.0011, 0.0016), 0.04)],
  quiet: (random) => [part(DAY, 0.00001 * random.normal(), 1, 0.0004, 0.005)],
};
