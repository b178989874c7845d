import { cryptoSession, exchangeDate, nextSession, sessionOf } from "../model/calendar.ts";
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
  const session = cryptoSession(exchangeDate(nowUs));
  const { date, openUs } = session;
  if (endMinutes === null) return { assetClass: "crypto", date, openUs, closeUs: Infinity };
  const closeUs = openUs + endMinutes * 60e6;
  if (closeUs > nowUs) return { assetClass: "crypto", date, openUs, closeUs };
  // Past today's end time: the session of the next day.
  const tomorrow = cryptoSession(exchangeDate(session.closeUs));
  return {
    assetClass: "crypto",
    date: tomorrow.date,
    openUs: tomorrow.openUs,
    closeUs: tomorrow.openUs + endMinutes * 60e6,
  };
}
