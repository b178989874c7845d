/**
 * For the store's tests: each runs on the embedded database and, where one is given, on a server.
 */
import type { Store, TradeRow } from "../contracts/store.ts";
import { Database } from "./database.ts";
import type { StoreLog } from "./log.ts";
import { openStore, type StoreOptions } from "./store.ts";

export interface TestDatabase {
  kind: "embedded" | "server";
  dsn: string | null;
  dataDir: string;
  log: MemoryLog;
  /** A migrated store on it. The test closes it. */
  open(options?: Partial<StoreOptions>): Promise<Store>;
  /** A bare connection, for what the store doesn't offer. The test closes it. */
  connect(options?: { readOnly?: boolean }): Database;
}

/** Keeps what it is told. */
export class MemoryLog implements StoreLog {
  readonly lines: string[] = [];
  info(message: string): void {
    this.lines.push(`info ${message}`);
  }
  warn(message: string): void {
    this.lines.push(`warn ${message}`);
  }
  error(message: string): void {
    this.lines.push(`error ${message}`);
  }
}

export const TEST_DSN: string | undefined = Deno.env.get("LIU_TEST_DSN");

/**
 * The databases of one test file: one embedded, as its start costs seconds, and one database of its
 * own on the server. Tests tell their rows apart by batch ids.
 */
export class TestDatabases {
  readonly #dataDir = Deno.makeTempDirSync({ prefix: "liu-store-" });
  readonly #database = `liu_test_${crypto.randomUUID().replaceAll("-", "")}`;
  #created = false;

  constructor() {
    Deno.test.afterAll(() => this.#remove());
  }

  /** Two tests: on the embedded database, and on the server at LIU_TEST_DSN. */
  each(name: string, body: (database: TestDatabase) => Promise<void>): void {
    this.embedded(name, body);
    this.server(name, body);
  }

  embedded(name: string, body: (database: TestDatabase) => Promise<void>): void {
    Deno.test(`embedded: ${name}`, () => body(this.#make("embedded", null)));
  }

  server(name: string, body: (database: TestDatabase & { dsn: string }) => Promise<void>): void {
    Deno.test({
      name: TEST_DSN === undefined ? `server: ${name} (needs LIU_TEST_DSN)` : `server: ${name}`,
      ignore: TEST_DSN === undefined,
      fn: async () => {
        const dsn = await this.#createOnServer();
        await body({ ...this.#make("server", dsn), dsn });
      },
    });
  }

  #make(kind: TestDatabase["kind"], dsn: string | null): TestDatabase {
    const log = new MemoryLog();
    const dataDir = this.#dataDir;
    return {
      kind,
      dsn,
      dataDir,
      log,
      open: (options) => openStore({ dsn, dataDir, log, ...options }),
      connect: (options) => new Database({ dsn, dataDir, log, ...options }),
    };
  }

  async #createOnServer(): Promise<string> {
    const url = new URL(TEST_DSN!);
    url.pathname = `/${this.#database}`;
    if (!this.#created) await this.#admin(`create database ${this.#database}`);
    this.#created = true;
    return url.href;
  }

  async #admin(statement: string): Promise<void> {
    const log = new MemoryLog();
    const database = new Database({ dsn: TEST_DSN!, dataDir: this.#dataDir, log });
    await database.run((sql) => sql.unsafe(statement));
    await database.close();
  }

  async #remove(): Promise<void> {
    if (this.#created) await this.#admin(`drop database ${this.#database} with (force)`);
    await Deno.remove(this.#dataDir, { recursive: true });
  }
}

/** Starts a run in a batch of its own. */
export async function startBatch(
  store: Store,
  algoName = "sma_cross",
): Promise<{ batchId: string; algoRunId: number }> {
  const batchId = crypto.randomUUID();
  const algoRunId = await store.startRun({
    algoName,
    environment: "PAPER",
    buildNumber: "test",
    batchId,
    parameters: { fast: 10 },
    startUs: 1_641_220_200_000_001,
    refAlgoRun: null,
  });
  return { batchId, algoRunId };
}

/** The `index`-th execution of a run; all have the same time, so that they are read as written. */
export function trade(algoRunId: number, index: number, changes: Partial<TradeRow> = {}): TradeRow {
  return {
    algoRunId,
    symbol: "AAPL",
    operation: "buy",
    qty: String(index + 1),
    price: "182.01",
    fee: "0",
    indicators: { index },
    tradeUs: 1_641_220_260_123_457,
    decidedUs: 1_641_220_260_000_003,
    decisionPrice: "182",
    stopPrice: null,
    targetPrice: null,
    brokerOrderId: `order-${algoRunId}-${index}`,
    clientOrderId: `client-${algoRunId}-${index}`,
    cumulativeQty: String(index + 1),
    ...changes,
  };
}

/** Executions `from`…`to - 1` of a run, as records. */
export function tradeRecords(algoRunId: number, from: number, to: number) {
  return Array.from({ length: to - from }, (_, i) => ({
    table: "new_trades" as const,
    row: trade(algoRunId, from + i),
  }));
}
