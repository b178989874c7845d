/**
 * The database as the rest of the program sees it.
 * Invariant: what `write` took in is in the database, or in a file of LIU_DATA/spool. See writer.ts
 * for what outlives what.
 *
 * The embedded database doesn't sync to disk: what is in it outlives the death of the process, and
 * after a loss of power the journal makes its trades whole again.
 */
import type {
  BatchFigures,
  BatchFilter,
  BatchReferences,
  BatchSummary,
  DenialRow,
  GainLossRow,
  KeystoreRow,
  OptimizerRunRow,
  OptimizerSessionRow,
  RunRow,
  RunStart,
  RunSummary,
  Store,
  StoreRecord,
  TradeAnalysisRow,
  TradeRow,
  TrendingRow,
} from "../contracts/store.ts";
import { targetOfRow, type TargetPortfolio } from "../model/target_portfolio.ts";
import { OperationError } from "../util/errors.ts";
import { AccountLock } from "./account_lock.ts";
import { Database, type DatabaseOptions, type Sql } from "./database.ts";
import { callError, isBadRecord, openError } from "./database_error.ts";
import { applyMigrations, checkMigrated } from "./migrate.ts";
import { type Migration, readMigrations } from "./migrations.ts";
import { storeRecords } from "./records.ts";
import { Spool } from "./spool.ts";
import {
  insertRun,
  nextRunId,
  selectLiveRuns,
  selectRuns,
  selectRunSummaries,
} from "./tables/algo_run.ts";
import { selectBatchFigures, selectPortfolioBatches } from "./tables/batch_figures.ts";
import { deleteBatch, selectBatches, selectReferences } from "./tables/batches.ts";
import { selectGainLoss } from "./tables/gain_loss.ts";
import { selectValues } from "./tables/keystore.ts";
import { selectTrades } from "./tables/new_trades.ts";
import { selectOptimizerRuns, selectOptimizerSessions } from "./tables/optimizer_run.ts";
import { selectDenials } from "./tables/order_denial.ts";
import { selectTarget } from "./tables/target_portfolio.ts";
import { selectTradeAnalysis } from "./tables/trade_analysis.ts";
import { selectTrending } from "./tables/trending_tickers.ts";
import type { Target } from "./target.ts";
import { type StoreTrouble, Writer } from "./writer.ts";

/** A write that the database has not answered for so long is tried again on another connection. */
const WRITE_MS_MAX = 30_000;

export interface StoreOptions extends DatabaseOptions {
  /** Tests pass their own; otherwise the program's. */
  migrations?: Migration[];
  onTrouble?(trouble: StoreTrouble): void;
  /** Waits between attempts; injected for tests. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Connects, migrates (unless `readOnly`) and takes over what dead processes left in the spool.
 * Throws ConfigError for a DSN that can't be read, OperationError where the database can't be used.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { database, migrations } = await connect(options);
  try {
    if (options.readOnly) {
      await checkMigrated(database, migrations);
      return new DatabaseStore(database, null, options.dsn);
    }
    const applied = await applyMigrations(database, migrations);
    if (applied.length > 0) options.log.info(`Migrated the database: ${applied.join(", ")}`);
    const spool = new Spool(`${options.dataDir}/spool/${folderOf(database.target)}`);
    const writer = new Writer({
      spool,
      apply: (records) => database.run((sql) => storeRecords(sql, records), WRITE_MS_MAX),
      isBadRecord,
      toError: (error) => callError(error, database.target),
      log: options.log,
      onTrouble: options.onTrouble,
      sleep: options.sleep,
    });
    return new DatabaseStore(database, writer, options.dsn);
  } catch (error) {
    await database.close();
    throw openError(error, database.target);
  }
}

/** Brings the database to this program's version; gives the names of the migrations applied. */
export async function migrate(options: StoreOptions): Promise<{ applied: string[] }> {
  const { database, migrations } = await connect(options);
  try {
    return { applied: await applyMigrations(database, migrations) };
  } catch (error) {
    throw openError(error, database.target);
  } finally {
    await database.close();
  }
}

async function connect(
  options: StoreOptions,
): Promise<{ database: Database; migrations: Migration[] }> {
  const migrations = options.migrations ?? await readMigrations();
  await Deno.mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  return { database: new Database(options), migrations };
}

/** Records spooled for one database must not end in another. */
function folderOf(target: Target): string {
  if (target.kind === "embedded") return "embedded";
  return encodeURIComponent(`${target.host}_${target.port}_${target.database}`);
}

class DatabaseStore implements Store {
  readonly #database: Database;
  /** null where it is open read-only. */
  readonly #writer: Writer | null;
  /** null: the embedded one. */
  readonly #dsn: string | null;
  /** By name. */
  readonly #locks = new Map<string, AccountLock>();

  constructor(database: Database, writer: Writer | null, dsn: string | null) {
    this.#database = database;
    this.#writer = writer;
    this.#dsn = dsn;
  }

  async startRun(run: RunStart): Promise<number> {
    if (this.#writer === null) throw readOnlyError();
    const id = await this.#ask(nextRunId);
    await this.#ask((sql) => insertRun(sql, id, run));
    return id;
  }

  write(records: StoreRecord[]): void {
    if (this.#writer === null) throw readOnlyError();
    this.#writer.write(records);
  }

  async flush(): Promise<void> {
    await this.#writer?.flush();
  }

  async lockAccount(name: string): Promise<string | null> {
    if (this.#dsn === null) return null;
    let lock = this.#locks.get(name);
    if (lock === undefined) this.#locks.set(name, lock = new AccountLock(this.#dsn, name));
    try {
      return await lock.take();
    } catch (error) {
      throw callError(error, this.#database.target);
    }
  }

  runs(batchId: string): Promise<RunRow[]> {
    return this.#ask((sql) => selectRuns(sql, batchId));
  }

  liveRuns(fromUs: number, toUs: number): Promise<RunRow[]> {
    return this.#ask((sql) => selectLiveRuns(sql, fromUs, toUs));
  }

  trades(batchId: string): Promise<TradeRow[]> {
    return this.#ask((sql) => selectTrades(sql, batchId));
  }

  denials(batchId: string): Promise<DenialRow[]> {
    return this.#ask((sql) => selectDenials(sql, batchId));
  }

  gainLoss(batchId: string): Promise<GainLossRow[]> {
    return this.#ask((sql) => selectGainLoss(sql, batchId));
  }

  tradeAnalysis(batchId: string): Promise<TradeAnalysisRow[]> {
    return this.#ask((sql) => selectTradeAnalysis(sql, batchId));
  }

  trending(batchId: string): Promise<TrendingRow[]> {
    return this.#ask((sql) => selectTrending(sql, batchId));
  }

  batchFigures(batchId: string): Promise<BatchFigures | null> {
    return this.#ask((sql) => selectBatchFigures(sql, batchId));
  }

  portfolioBatches(portfolioId: string): ReturnType<Store["portfolioBatches"]> {
    return this.#ask((sql) => selectPortfolioBatches(sql, portfolioId));
  }

  keystore(algoName: string): Promise<KeystoreRow[]> {
    return this.#ask((sql) => selectValues(sql, algoName));
  }

  async targetPortfolio(id: string): Promise<TargetPortfolio | null> {
    const row = await this.#ask((sql) => selectTarget(sql, id));
    try {
      return row === null ? null : targetOfRow(row);
    } catch (error) {
      throw error instanceof RangeError ? new OperationError(error.message) : error;
    }
  }

  batches(limit: number, filter: BatchFilter = {}): Promise<BatchSummary[]> {
    return this.#ask((sql) => selectBatches(sql, limit, filter));
  }

  runSummaries(
    limit: number,
    filter: BatchFilter & { batchId?: string } = {},
  ): Promise<RunSummary[]> {
    return this.#ask((sql) => selectRunSummaries(sql, limit, filter));
  }

  batchReferences(batchId: string): Promise<BatchReferences> {
    return this.#ask((sql) => selectReferences(sql, batchId));
  }

  async deleteBatch(batchId: string): Promise<Record<string, number>> {
    if (this.#writer === null) throw readOnlyError();
    await this.flush();
    return await this.#ask((sql) => deleteBatch(sql, batchId));
  }

  optimizerSessions(limit: number): Promise<OptimizerSessionRow[]> {
    return this.#ask((sql) => selectOptimizerSessions(sql, limit));
  }

  optimizerRuns(sessionId: string): Promise<OptimizerRunRow[]> {
    return this.#ask((sql) => selectOptimizerRuns(sql, sessionId));
  }

  async close(): Promise<void> {
    await this.#writer?.close();
    for (const lock of this.#locks.values()) await lock.close();
    await this.#database.close();
  }

  async #ask<T>(query: (sql: Sql) => Promise<T>): Promise<T> {
    try {
      return await this.#database.run(query);
    } catch (error) {
      throw callError(error, this.#database.target);
    }
  }
}

function readOnlyError(): OperationError {
  return new OperationError("Cannot write to the database: it is open read-only");
}
