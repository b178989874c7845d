/**
 * The store of a backtest, which is opened while the backtest is prepared.
 * Invariant: what is analysed are the very records that were written.
 */
import { type AnalyzedRun, type BatchAnalysis, storeAnalysis } from "../analysis/batch_analysis.ts";
import type { BacktestResult } from "../backtest/result.ts";
import type { BacktestSettings } from "../backtest/options.ts";
import type { Settings } from "../config/environment.ts";
import type { RunStart, Store, StoreRecord, TradeRow } from "../contracts/store.ts";
import type { StoreClient } from "../store/store_port.ts";
import type { StoreWorker } from "../store/store_worker.ts";
import { backtestFigures } from "./backtest_figures.ts";
import { refRunsOf } from "./backtest_refs.ts";
import { readTargets } from "./plan_targets.ts";
import { hasEmbeddedDatabase, openSettingsStore } from "./store.ts";

export class BacktestStore implements Pick<Store, "startRun" | "write"> {
  readonly #runs: AnalyzedRun[] = [];
  readonly #trades: TradeRow[] = [];
  readonly #opening: Promise<StoreWorker>;
  readonly #isOwner: boolean;
  #client: StoreClient | null = null;

  /** Begins to open it, where `worker` is not open already. `prepared`: the plan could be read. */
  constructor(settings: Settings, prepared: Promise<unknown>, worker?: StoreWorker) {
    this.#isOwner = worker === undefined;
    this.#opening = worker ? Promise.resolve(worker) : open(settings, prepared);
    // Whoever waits for it hears of its failure.
    this.#opening.catch(() => {});
  }

  /** Strategies begin with what they have kept, and runs name the live ones they are to be held to. */
  async complete(settings: BacktestSettings): Promise<BacktestSettings> {
    const client = await this.#opened();
    const names = settings.strategies.map(({ name }) => name);
    settings.refRuns ??= await refRunsOf(client, names, settings);
    for (const source of settings.strategies) source.keystore = await client.keystore(source.name);
    const targets = await readTargets(settings.strategies, client, settings.fromUs);
    // In place: runs of a check are made of copies that share the list.
    settings.scanners.push(...targets);
    return settings;
  }

  async startRun(run: RunStart): Promise<number> {
    const algoRunId = await (await this.#opened()).startRun(run);
    const { algoName, refAlgoRun, environment } = run;
    this.#runs.push({ algoRunId, algoName, refAlgoRun, environment });
    return algoRunId;
  }

  /** Only runs that have been started write. */
  write(records: StoreRecord[]): void {
    // What a strategy keeps for its next session is not overwritten by a backtest.
    const kept = records.filter(({ table }) => table !== "keystore");
    for (const { table, row } of kept) if (table === "new_trades") this.#trades.push(row);
    this.#client!.write(kept);
  }

  /** When all is stored. */
  async analyze(result: BacktestResult): Promise<BatchAnalysis> {
    const client = await this.#opened();
    const { batchId, endUs: timeUs } = result;
    const figures = backtestFigures(result);
    client.write([{ table: "batch_figures", row: { batchId, figures, timeUs } }]);
    return (await storeAnalysis(client, this.#runs, this.#trades, timeUs)).analysis;
  }

  async close(): Promise<void> {
    const worker = await this.#opening.catch(() => null);
    if (this.#isOwner) await worker?.close();
  }

  async #opened(): Promise<StoreClient> {
    return this.#client ??= (await this.#opening).connect();
  }
}

/** A database is not made, nor a server asked, for a plan that cannot be read. */
async function open(settings: Settings, prepared: Promise<unknown>): Promise<StoreWorker> {
  if (!await hasEmbeddedDatabase(settings)) await prepared;
  return await openSettingsStore(settings, { readOnly: false });
}
