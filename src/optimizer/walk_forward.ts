/**
 * Windows of a walk-forward: train, then test on what follows, then go on by the test's length.
 * Invariant: a window's test begins when its training has ended, and no test overlaps another.
 */
import type { AssetClass } from "../model/asset.ts";
import { addDays, cryptoSession, sessionsBetween } from "../model/calendar.ts";
import { ConfigError } from "../util/errors.ts";

export interface Span {
  count: number;
  unit: "d" | "w" | "mo" | "y";
}

export interface WalkForward {
  train: Span;
  test: Span;
  /** Training always begins at the first date, and gets longer. */
  isAnchored: boolean;
}

/** First and last exchange dates, both included. */
export interface Period {
  from: string;
  to: string;
}

export interface WalkWindow {
  train: Period;
  test: Period;
}

/** "train=6mo,test=1mo" or "train=1y,test=3mo,anchored". Throws ConfigError. */
export function readWalkForward(text: string): WalkForward {
  const spans: Partial<Record<string, Span>> = {};
  let isAnchored = false;
  for (const part of text.split(",").map((part) => part.trim())) {
    const match = /^(train|test)=([1-9]\d*)(d|w|mo|y)$/.exec(part);
    if (match) spans[match[1]] = { count: Number(match[2]), unit: match[3] as Span["unit"] };
    else if (part === "anchored") isAnchored = true;
    else {
      throw new ConfigError(
        `Cannot use --walk-forward ${text}: "${part}" is not understood; write ` +
          "train=6mo,test=1mo (d, w, mo or y), and ,anchored for training that begins at the start",
      );
    }
  }
  const { train, test } = spans;
  if (train && test) return { train, test, isAnchored };
  throw new ConfigError(`Cannot use --walk-forward ${text}: give both, train=6mo,test=1mo`);
}

/**
 * Those whose training fits, and in whose test something can be traded; the last test ends with the
 * range. Throws ConfigError for none.
 */
export function walkWindows(
  { from, to }: Period,
  plan: WalkForward,
  assets: readonly AssetClass[],
): WalkWindow[] {
  const windows: WalkWindow[] = [];
  for (let n = 0;; n++) {
    const start = later(from, plan.test, n);
    const testFrom = later(start, plan.train, 1);
    if (testFrom > to) break;
    const testTo = addDays(later(later(from, plan.test, n + 1), plan.train, 1), -1);
    windows.push({
      train: { from: plan.isAnchored ? from : start, to: addDays(testFrom, -1) },
      test: { from: testFrom, to: testTo < to ? testTo : to },
    });
  }
  const traded = windows.filter(({ test }) =>
    test.from <= test.to &&
    (assets.includes("crypto") || sessionsBetween(test.from, test.to).length > 0)
  );
  if (traded.length > 0) return traded;
  throw new ConfigError(
    `Cannot walk forward from ${from} to ${to}: the first training alone would last to ` +
      `${addDays(later(from, plan.train, 1), -1)}. Give a longer range, or a shorter train`,
  );
}

export function rangeUs({ from, to }: Period): { fromUs: number; toUs: number } {
  return { fromUs: cryptoSession(from).openUs, toUs: cryptoSession(to).closeUs };
}

/** `times` spans later; a day that the month has not is its last. */
function later(date: string, { count, unit }: Span, times: number): string {
  if (unit === "d") return addDays(date, count * times);
  if (unit === "w") return addDays(date, 7 * count * times);
  const months = count * times * (unit === "y" ? 12 : 1);
  const [year, month, day] = date.split("-").map(Number);
  const first = new Date(Date.UTC(year, month - 1 + months, 1));
  const lastDay = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0));
  first.setUTCDate(Math.min(day, lastDay.getUTCDate()));
  return first.toISOString().slice(0, 10);
}
