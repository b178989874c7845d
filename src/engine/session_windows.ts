import {
  addDays,
  cryptoSession,
  exchangeDate,
  exchangeUs,
  nextSession,
  sessionOf,
} from "../model/calendar.ts";
import type { AssetClass } from "../model/asset.ts";
import type { SessionWindow } from "../protocol.ts";

/**
 * The session to trade of each asset class at `nowUs`: equities' of today, or the next one when today's is over or there
 * is none; crypto's exchange day, to the plan's end time.
 */
export function sessionWindows(
  options: { assets: readonly AssetClass[]; cryptoEndMinutes: number | null },
  nowUs: number,
): SessionWindow[] {
  return options.assets.map((assetClass) => {
    if (assetClass === "crypto") return cryptoWindow(options.cryptoEndMinutes, nowUs);
    const today = sessionOf(exchangeDate(nowUs));
    const session = today !== null && nowUs < today.closeUs ? today : nextSession(nowUs);
    const { date, openUs, closeUs } = session;
    return { assetClass, date, openUs, closeUs };
  });
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
