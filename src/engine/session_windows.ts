import {
  addDays,
  cryptoSession,
  exchangeDate,
  exchangeTime,
  exchangeUs,
  nextSession,
  sessionOf,
  sessionsBetween,
} from "../model/calendar.ts";
import type { BrokerSession } from "../contracts/broker.ts";
import type { AssetClass } from "../model/asset.ts";
import type { SessionWindow } from "../protocol.ts";

/**
 * The session to trade of each asset class at `nowUs`: equities' of today, or the next one when today's is over or there
 * is none; crypto's exchange day, to the plan's end time. Where the broker has a calendar it counts:
 * it is the broker that takes orders or does not.
 */
export function sessionWindows(
  options: { assets: readonly AssetClass[]; cryptoEndMinutes: number | null },
  nowUs: number,
  ofBroker: readonly BrokerSession[] = [],
): SessionWindow[] {
  return options.assets.map((assetClass) => {
    if (assetClass === "crypto") return cryptoWindow(options.cryptoEndMinutes, nowUs);
    const today = sessionOf(exchangeDate(nowUs));
    const own = today !== null && nowUs < today.closeUs ? today : nextSession(nowUs);
    const { date, openUs, closeUs } = ofBroker.find((one) => nowUs < one.closeUs) ?? own;
    return { assetClass, date, openUs, closeUs };
  });
}

/** Where the broker's calendar, which is of `from` and the days after it, differs from our own. */
export function calendarDifferences(ofBroker: readonly BrokerSession[], from: string): string[] {
  if (ofBroker.length === 0) return [];
  const theirs = new Map(ofBroker.map((session) => [session.date, session]));
  const own = sessionsBetween(from, ofBroker.at(-1)!.date);
  const ours = new Map(own.map((session) => [session.date, session]));
  const differences: string[] = [];
  for (const date of [...new Set([...theirs.keys(), ...ours.keys()])].sort()) {
    const session = ours.get(date);
    const other = theirs.get(date);
    if (other === undefined) differences.push(`${date} is no session`);
    else if (session === undefined) differences.push(`${date} is a session`);
    else if (session.openUs !== other.openUs || session.closeUs !== other.closeUs) {
      const [open, close] = [other.openUs, other.closeUs].map((us) => exchangeTime(us).slice(0, 5));
      differences.push(`${date} is from ${open} to ${close}`);
    }
  }
  return differences;
}

function cryptoWindow(endMinutes: number | null, nowUs: number): SessionWindow {
  const today = exchangeDate(nowUs);
  const window = cryptoWindowOf(today, endMinutes);
  // Past today's end time: the session of the next day.
  return window.closeUs > nowUs ? window : cryptoWindowOf(addDays(today, 1), endMinutes);
}

function cryptoWindowOf(date: string, endMinutes: number | null): SessionWindow {
  const { openUs, closeUs } = cryptoSession(date);
  return { assetClass: "crypto", date, openUs, closeUs: closeUsOf() };

  function closeUsOf(): number {
    if (endMinutes === null) return Infinity;
    // The day's last midnight is the end that "00:00" means, not its first.
    if (endMinutes === 0) return closeUs;
    // By the exchange's clock: a day on which clocks change has 23 or 25 hours.
    const hours = String(Math.floor(endMinutes / 60)).padStart(2, "0");
    return exchangeUs(date, `${hours}:${String(endMinutes % 60).padStart(2, "0")}`);
  }
}
