/** What a miner asks main for: history, what the provider knows, batches. Opened when asked for. */
import { analyzeBatch, storeAnalysis } from "../analysis/batch_analysis.ts";
import { tradesBefore } from "../analysis/trades_before.ts";
import type { Settings } from "../config/environment.ts";
import type { TickerReference } from "../contracts/provider.ts";
import type { Store, StoreRecord } from "../contracts/store.ts";
import type { MinerHost } from "../engine/miners/run_miner.ts";
import { gainLossRow, tradeAnalysisRows } from "../fincalcs/trade_analysis.ts";
import { History, type Remote } from "../history/history.ts";
import { assetClassOf } from "../model/asset.ts";
import { addDays, cryptoSession } from "../model/calendar.ts";
import { decimal } from "../util/decimal.ts";
import { ConfigError } from "../util/errors.ts";
import { logger } from "../util/log.ts";
import { historyFolder } from "./data_series.ts";
import { barsOfGood } from "./miner_bars.ts";

export interface MinerWorld {
  settings: Settings;
  /** null: its keys are not known, and what is on disk is all there is. */
  remote(): Promise<Remote | null>;
  store: Store;
  date: string;
  tables: readonly string[];
  isDryRun: boolean;
  nowUs: number;
  signal: AbortSignal;
}

/** Newest first: more than a database has in years. */
const BATCHES_MAX = 100_000;
const GAIN_TABLES = ["gain_loss", "trade_analysis"];

export function minerHost(world: MinerWorld): MinerHost {
  const { settings, store, date, tables, signal } = world;
  let opening: Promise<{ history: History; remote: Remote | null }> | null = null;
  const opened = () =>
    opening ??= world.remote().then((remote) => ({
      remote,
      history: new History({
        folder: historyFolder(settings),
        ...(remote === null ? {} : { remote }),
      }),
    }));
  const endUs = cryptoSession(date).closeUs;
  return {
    async bars({ symbols, scale, fromUs, toUs }) {
      const { history } = await opened();
      const range = { scale, fromUs, toUs: Math.min(toUs, endUs) };
      return await barsOfGood(
        symbols,
        (some) => history.loadBars({ ...range, symbols: some }, signal),
        (symbol, { message }) =>
          logger("miner").warn("{symbol} is left out: {message}", { symbol, message }),
      );
    },

    async symbols(assetClass) {
      const { history, remote } = await opened();
      if (remote === null) {
        const onDisk = await history.symbols("day");
        return onDisk.filter((symbol) => assetClassOf(symbol) === assetClass);
      }
      const assets = await remote.provider.assets(assetClass, signal);
      return assets.filter(({ tradable }) => tradable).map(({ symbol }) => symbol).sort();
    },

    async reference(symbols) {
      const { remote } = await opened();
      if (remote === null) return new Map();
      return await referenceOf(remote, symbols, signal);
    },

    async batches(days) {
      const fromUs = cryptoSession(addDays(date, 1 - days)).openUs;
      const all = await store.batches(BATCHES_MAX);
      return all.filter(({ startUs }) => startUs >= fromUs && startUs < endUs)
        .map(({ batchId, environment }) => ({ batchId, environment })).reverse();
    },

    async analyze(batchId) {
      const missing = GAIN_TABLES.filter((table) => !tables.includes(table));
      if (missing.length > 0) {
        throw new ConfigError(
          `Cannot store what batch ${batchId} earned: the miner's section does not name the tables ` +
            `${missing.join(", ")}. Add them there: tables = ["gain_loss", "trade_analysis"]`,
        );
      }
      return await analyze(batchId, world);
    },
  };
}

/** Stores the gains of a batch where they are not the ones that are stored. */
async function analyze(
  batchId: string,
  { store, isDryRun, nowUs }: MinerWorld,
): Promise<{ gains: number; trades: number }> {
  const [runs, trades] = [await store.runs(batchId), await store.trades(batchId)];
  const before = await tradesBefore(store, runs);
  const { results } = analyzeBatch(runs, trades, before);
  const gains = results.map((result) => gainLossRow(result, nowUs));
  const trips = results.flatMap((result) => tradeAnalysisRows(result, nowUs));
  const stored = new Set([
    ...(await store.gainLoss(batchId)).map((row) => keyOf({ table: "gain_loss", row })),
    ...(await store.tradeAnalysis(batchId)).map((row) => keyOf({ table: "trade_analysis", row })),
  ]);
  const newGains = gains.filter((row) => !stored.has(keyOf({ table: "gain_loss", row })));
  const newTrips = trips.filter((row) => !stored.has(keyOf({ table: "trade_analysis", row })));
  if (!isDryRun && newGains.length + newTrips.length > 0) {
    await storeAnalysis(store, runs, trades, nowUs, before);
  }
  return { gains: newGains.length, trades: newTrips.length };
}

/** What a row says, but for when it was worked out. */
function keyOf(record: StoreRecord & { table: "gain_loss" | "trade_analysis" }): string {
  const amount = (text: string | null) => text === null ? null : decimal(text).toString();
  const { symbol, algoRunId, gainValue, gainPercentage } = record.row;
  const ofTrip = record.table === "trade_analysis"
    ? [record.row.startUs, record.row.endUs, amount(record.row.rUnits)]
    : [];
  return JSON.stringify([symbol, algoRunId, amount(gainValue), amount(gainPercentage), ...ofTrip]);
}

async function referenceOf(
  { provider }: Remote,
  symbols: string[] | null,
  signal: AbortSignal,
): Promise<Map<string, TickerReference>> {
  const wanted = symbols === null ? null : new Set(symbols);
  const classes = new Set(symbols?.map(assetClassOf) ?? ["us_equity" as const]);
  const found = new Map<string, TickerReference>();
  for (const assetClass of classes) {
    for (const asset of await provider.assets(assetClass, signal)) {
      const { symbol, name, exchange } = asset;
      if (wanted === null ? !asset.tradable : !wanted.has(symbol)) continue;
      found.set(symbol, { ...(name === "" ? {} : { name }), exchange });
    }
  }
  const more = await provider.reference?.([...found.keys()], signal);
  for (const [symbol, reference] of more ?? []) {
    const known = found.get(symbol);
    if (known !== undefined) found.set(symbol, { ...known, ...reference });
  }
  return new Map([...found].sort(([a], [b]) => a < b ? -1 : 1));
}
