/** From the store to a report: the one way that terminal, HTML, web and notebooks go. */
import type { Store } from "../contracts/store.ts";
import type { History } from "../history/history.ts";
import { assetClassOf } from "../model/asset.ts";
import type { MarketData } from "../recorded/market_data.ts";
import { loadPrices } from "./load_prices.ts";
import { buildReport } from "./report.ts";
import type { Report } from "./report_types.ts";
import { type Filters, loadSelection, type Selection } from "./selection.ts";

export interface ReportRequest {
  /** Put together as one story. */
  batchIds: readonly string[];
  filters?: Filters;
  /** What the account began with; default: as stored. */
  startEquity?: number;
  /** Default: SPY, or BTC/USD where only crypto was traded, if there are bars of it. */
  benchmark?: string;
}

export interface ReportSources {
  store: Pick<Store, "runs" | "trades" | "denials" | "liveRuns" | "batchFigures">;
  /** Bars on disk; null: none are looked for. */
  history: Pick<History, "loadBars"> | null;
  /** Bars that the caller has. */
  recorded?: MarketData;
}

/** Throws OperationError for an unknown batch, or a damaged file of the history. */
export async function loadReport(
  request: ReportRequest,
  { store, history, recorded = new Map() }: ReportSources,
  signal: AbortSignal,
): Promise<{ report: Report; selection: Selection }> {
  const { batchIds, filters, startEquity, benchmark } = request;
  const selection = await loadSelection(store, batchIds, filters);
  const { trades } = selection;
  const usual = trades.length > 0 &&
      trades.every(({ symbol }) => assetClassOf(symbol) === "crypto")
    ? "BTC/USD"
    : "SPY";
  const prices = await loadPrices(selection, {
    history,
    recorded,
    benchmark: benchmark ?? usual,
    signal,
  });
  const known = benchmark ?? (prices.get(usual) === null ? undefined : usual);
  return { report: buildReport(selection, { prices, startEquity, benchmark: known }), selection };
}
