/** Which symbols of a batch are traded again, when, and until when. */
import type { RecordedPick } from "../backtest/options.ts";
import type { RunRow, TradeRow, TrendingRow } from "../contracts/store.ts";
import type { ScannerSetup } from "../engine/session_options.ts";
import { sessionWindows } from "../engine/session_windows.ts";
import { assetClassOf } from "../model/asset.ts";
import { cryptoSession, exchangeDate } from "../model/calendar.ts";
import { OperationError } from "../util/errors.ts";

const MINUTE_US = 60e6;
const SYMBOLS_SHOWN = 10;

/** A batch as it is stored. */
export interface StoredBatch {
  batchId: string;
  runs: RunRow[];
  trending: TrendingRow[];
  trades: TradeRow[];
}

export interface PickOptions {
  /** Only these. */
  symbol?: string[];
  /** Only what the batch traded. */
  strict?: boolean;
  /** Minutes from the open, or from the batch's start where that was later. */
  duration?: number;
}

/** What is left of the batch's picks, in their order. Throws OperationError for none. */
export function chosenPicks(batch: StoredBatch, { symbol, strict }: PickOptions): TrendingRow[] {
  const { batchId, trending, trades } = batch;
  if (trending.length === 0) {
    throw new OperationError(
      `Cannot backtest batch ${batchId}: its scanners picked nothing. ` +
        "Use liu backtest FROM, which runs the plan's scanners",
    );
  }
  const picked = new Set(trending.map((row) => row.symbol));
  for (const name of symbol ?? []) {
    if (picked.has(name)) continue;
    throw new OperationError(
      `Cannot backtest ${name}: batch ${batchId} did not pick it, but ${symbolsText(picked)}`,
    );
  }
  const traded = new Set(trades.map((row) => row.symbol));
  const chosen = trending.filter((row) =>
    (symbol === undefined || symbol.includes(row.symbol)) && (!strict || traded.has(row.symbol))
  );
  if (chosen.length > 0) return chosen;
  throw new OperationError(
    `Cannot backtest batch ${batchId} with --strict: ` +
      (traded.size === 0 ? "it traded nothing" : `it traded only ${symbolsText(traded)}`),
  );
}

function symbolsText(symbols: ReadonlySet<string>): string {
  const names = [...symbols].sort();
  const shown = names.slice(0, SYMBOLS_SHOWN).join(", ");
  return names.length > SYMBOLS_SHOWN ? `${shown}, …` : shown;
}

/**
 * One scan's picks together, for the strategies that the plan's scanner of that name is for; for
 * all, where it has no such scanner any more.
 */
export function recordedPicks(
  trending: readonly TrendingRow[],
  scanners: readonly ScannerSetup[],
  strategies: readonly string[],
): RecordedPick[] {
  const scans = Map.groupBy(
    trending,
    ({ createUs, scannerName }) => JSON.stringify([createUs, scannerName]),
  );
  return [...scans.values()].map((rows) => {
    const [{ createUs: timeUs, scannerName: scanner }] = rows;
    const planned = scanners.find(({ source }) => source.name === scanner);
    return {
      timeUs,
      scanner,
      symbols: rows.map(({ symbol }) => symbol),
      targets: planned?.targets ?? [...strategies],
    };
  });
}

/** From the batch's start to its end; where it was cut short, to the end of its day. */
export function rangeOf(
  { runs }: StoredBatch,
  trending: readonly TrendingRow[],
  { duration }: PickOptions,
): { fromUs: number; toUs: number } {
  const startUs = Math.min(...runs.map((run) => run.startUs));
  const fromUs = Math.floor(startUs / MINUTE_US) * MINUTE_US;
  if (duration !== undefined) {
    return { fromUs, toUs: openUsOf(trending, fromUs) + duration * MINUTE_US };
  }
  const endsUs = runs.map(({ endUs }) => endUs);
  const isCutShort = endsUs.includes(null);
  const dayEndUs = cryptoSession(exchangeDate(startUs)).closeUs;
  return {
    fromUs,
    toUs: isCutShort ? dayEndUs : Math.max(...endsUs.map((endUs) => endUs ?? 0)),
  };
}

/** When the first session of what was picked is open. */
function openUsOf(trending: readonly TrendingRow[], fromUs: number): number {
  const assets = [...new Set(trending.map(({ symbol }) => assetClassOf(symbol)))];
  const windows = sessionWindows({ assets, cryptoEndMinutes: null }, fromUs);
  return Math.max(fromUs, Math.min(...windows.map(({ openUs }) => openUs)));
}
