/** Runs one miner in its worker: what it asks for goes to main, what it writes to the store. */
import { type MineContext, Miner } from "../../contracts/miner.ts";
import type { TickerReference } from "../../contracts/provider.ts";
import type { Json } from "../../contracts/store.ts";
import type { StrategyLog } from "../../contracts/strategy.ts";
import type { BarColumns, BarScale } from "../../model/bars.ts";
import type {
  MainToMiner,
  MinerAsk,
  MinerStart,
  MinerToMain,
  WrittenRows,
} from "../../protocol.ts";
import { plainData } from "../../sandbox/plain_data.ts";
import { ConfigError, OperationError, RetryableError } from "../../util/errors.ts";
import { begin, loadPlugin, type PluginRegistry } from "../load_plugin.ts";

/** The miner's end of the database; see src/store/mine/port.ts. */
export interface MineDatabaseLink {
  readonly written: WrittenRows;
  query(sql: string, parameters: readonly Json[]): Promise<Record<string, Json>[]>;
  write(table: string, rows: readonly Record<string, Json>[]): Promise<void>;
}

export interface MinerRunnerOptions {
  start: Pick<MinerStart, "miner" | "date">;
  registry: PluginRegistry;
  db: MineDatabaseLink;
  log: StrategyLog;
  stopFlag: Int32Array;
  toMain(message: MinerToMain): void;
  describeThrown(error: unknown): { message: string; stack: string };
}

export class MinerRunner {
  readonly #options: MinerRunnerOptions;
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;

  constructor(options: MinerRunnerOptions) {
    this.#options = options;
  }

  onMain(message: MainToMiner): void {
    const asked = this.#asked.get(message.id);
    this.#asked.delete(message.id);
    if (message.type === "answer") asked?.resolve(message.value);
    else asked?.reject(errorNamed(message.errorName, message.message));
  }

  /** Loads it and runs it to its end, which main hears of. Throws ConfigError. */
  async run(): Promise<void> {
    const { start, registry, stopFlag, db, toMain, describeThrown } = this.#options;
    const source = start.miner;
    const { type, params } = await loadPlugin<Miner>({
      table: "miners",
      source,
      base: Miner,
      registry,
      stopFlag,
    });
    const miner = begin(source, () => new type({ name: source.name, params }));
    try {
      const given = plainData(await miner.run(this.#context()) ?? {});
      const isTable = typeof given === "object" && given !== null && !Array.isArray(given);
      const result = isTable ? given : { result: given };
      toMain({ type: "done", result, written: db.written });
    } catch (error) {
      const isOwn = ![ConfigError, OperationError, RetryableError].some((of) =>
        error instanceof of
      );
      const { message, stack } = describeThrown(error);
      const errorName = error instanceof Error ? error.name : "Error";
      toMain({ type: "minerFailed", isOwn, errorName, message, stack, written: db.written });
    }
  }

  #context(): MineContext {
    const { start, db, log, toMain } = this.#options;
    const ask = <T>(question: MinerAsk) => this.#ask<T>(question);
    return Object.freeze({
      date: start.date,
      history: Object.freeze({
        bars: (symbols: readonly string[], scale: BarScale, fromUs: number, toUs: number) =>
          ask<Map<string, BarColumns>>({
            what: "bars",
            symbols: [...symbols],
            scale,
            fromUs,
            toUs,
          }),
        symbols: (assetClass: "us_equity" | "crypto" = "us_equity") =>
          ask<string[]>({ what: "symbols", assetClass }),
      }),
      db: Object.freeze({
        query: (sql: string, parameters: readonly Json[] = []) => db.query(String(sql), parameters),
        write: (table: string, rows: readonly Record<string, Json>[]) =>
          db.write(String(table), rows),
      }),
      batches: Object.freeze({
        recent: (days: number) =>
          ask<{ batchId: string; environment: string }[]>({ what: "batches", days }),
        analyze: (batchId: string) =>
          ask<{ gains: number; trades: number }>({ what: "analyze", batchId }),
      }),
      reference: (symbols?: readonly string[]) =>
        ask<Map<string, TickerReference>>({
          what: "reference",
          symbols: symbols === undefined ? null : [...symbols],
        }),
      progress: (done: number, total: number) =>
        toMain({
          type: "progress",
          done: Number(done),
          total: Number(total),
          written: db.written,
        }),
      log,
    });
  }

  #ask<T>(ask: MinerAsk): Promise<T> {
    const id = ++this.#lastId;
    const asked = Promise.withResolvers<unknown>();
    this.#asked.set(id, asked);
    this.#options.toMain({ type: "ask", id, ask });
    return asked.promise as Promise<T>;
  }
}

function errorNamed(name: string, message: string): Error {
  if (name === "ConfigError") return new ConfigError(message);
  return name === "RetryableError" ? new RetryableError(message) : new OperationError(message);
}
