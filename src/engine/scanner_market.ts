/**
 * Answers what scanners ask of the market. Invariant: nothing later than the scan's time is given.
 */
import type { DataProvider } from "../contracts/provider.ts";
import type { Asset, AssetClass } from "../model/asset.ts";
import { assetClassOf } from "../model/asset.ts";
import type { BarColumns, BarScale } from "../model/bars.ts";
import { exchangeDate, previousSession } from "../model/calendar.ts";
import type { MainToScanners, ScannersToMain } from "../protocol.ts";
import { AssetLists } from "./asset_lists.ts";

const SCALE_US = { second: 1e6, minute: 60e6, day: 24 * 3600e6 } as const;

export interface MarketAccess {
  provider: Pick<DataProvider, "bars" | "snapshots">;
  assets: ReadonlyMap<string, Asset>;
  /** Of `assets`, kept over scans where these do not change. */
  lists?: AssetLists;
  assetClasses: readonly AssetClass[];
  signal: AbortSignal;
}

/** The answer to a scanner's question; null for a message that is none. */
export function answerScanner(
  message: ScannersToMain,
  access: MarketAccess,
): Promise<MainToScanners> | null {
  const answer = answerOf(message, access);
  if (!answer) return null;
  const { id } = message as { id: number };
  return answer.catch((error) => ({ type: "error", id, message: String(error?.message ?? error) }));
}

function answerOf(message: ScannersToMain, access: MarketAccess): Promise<MainToScanners> | null {
  switch (message.type) {
    case "wantSymbols": {
      const symbols = listsOf(access).tradable(message.assetClass);
      return Promise.resolve({ type: "symbols", id: message.id, symbols });
    }
    case "wantSnapshots":
      return snapshots(message, access);
    case "wantBars":
      return bars(message, access);
    default:
      return null;
  }
}

function listsOf({ lists, assets }: MarketAccess): AssetLists {
  return lists ?? new AssetLists(assets);
}

async function snapshots(
  { id, symbols }: Extract<ScannersToMain, { type: "wantSnapshots" }>,
  access: MarketAccess,
): Promise<MainToScanners> {
  if (symbols === null) return await snapshotsOfAll(id, access);
  const known = symbols.filter((symbol) => access.assets.has(symbol));
  const all = await Promise.all(
    (["us_equity", "crypto"] as const).map((assetClass) => {
      const ofClass = known.filter((symbol) => assetClassOf(symbol) === assetClass);
      return ofClass.length > 0 ? access.provider.snapshots(ofClass, access.signal) : [];
    }),
  );
  const shortable = known.filter((symbol) => access.assets.get(symbol)!.shortable);
  return { type: "snapshots", id, snapshots: all.flat(), shortable };
}

async function snapshotsOfAll(id: number, access: MarketAccess): Promise<MainToScanners> {
  const lists = listsOf(access);
  const symbols = lists.tradable("us_equity");
  const snapshots = symbols.length > 0
    ? await access.provider.snapshots(symbols, access.signal)
    : [];
  return { type: "snapshots", id, snapshots, shortable: lists.shortable("us_equity") };
}

async function bars(
  { id, symbols, scale, count, timeUs }: Extract<ScannersToMain, { type: "wantBars" }>,
  access: MarketAccess,
): Promise<MainToScanners> {
  const found = await access.provider.bars({
    symbols,
    scale,
    fromUs: startOf(scale, count, timeUs),
    toUs: timeUs,
    adjustment: "split",
  }, access.signal);
  const newest = new Map<string, BarColumns>();
  for (const [symbol, columns] of found) {
    newest.set(symbol, lastOf(columns, completeAt(timeUs, symbol, scale, columns), count));
  }
  return { type: "bars", id, bars: newest };
}

/** Early enough for `count` bars of the scale, weekends and holidays included. */
function startOf(scale: BarScale, count: number, timeUs: number): number {
  if (scale === "day") return timeUs - Math.ceil(count * 1.6 + 10) * 24 * 3600e6;
  if (scale === "second") return timeUs - count * 1e6;
  let fromUs = timeUs;
  for (let minutes = 0; minutes < count; minutes += 390) fromUs = previousSession(fromUs).openUs;
  return fromUs;
}

/**
 * How many of the bars have ended by `timeUs`: the provider may be further by now, or send one in
 * the making.
 */
function completeAt(
  timeUs: number,
  symbol: string,
  scale: BarScale,
  columns: BarColumns,
): number {
  const isComplete = (startUs: number) => {
    if (scale !== "day") return startUs + SCALE_US[scale] <= timeUs;
    // Providers cut crypto's days at midnights of their own choice.
    return assetClassOf(symbol) === "crypto"
      ? startUs + SCALE_US.day <= timeUs
      : exchangeDate(startUs) < exchangeDate(timeUs);
  };
  let length = columns.timeUs.length;
  while (length > 0 && !isComplete(columns.timeUs[length - 1])) length--;
  return length;
}

function lastOf(columns: BarColumns, length: number, count: number): BarColumns {
  const from = Math.max(0, length - count);
  return Object.fromEntries(
    Object.entries(columns).map(([name, values]) => [name, values.slice(from, length)]),
  ) as unknown as BarColumns;
}
