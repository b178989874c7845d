/**
 * Brings records to the database: to the spool first, always, then in order and in bulk.
 * Invariants:
 * - When `write` has returned, the records outlive this process; milliseconds later (one sync to
 *   disk for many writes) they outlive a loss of power.
 * - A record leaves the spool when its transaction has been committed, or when the database has
 *   refused it and it is in rejected.jsonl. Memory holds one chunk of the spool, never a backlog.
 * - A crash between commit and removal writes records again: each table leaves out a repetition.
 */
import type { StoreRecord } from "../contracts/store.ts";
import { OperationError } from "../util/errors.ts";
import type { StoreLog } from "./log.ts";
import type { Spool } from "./spool.ts";
import type { SpoolChunk } from "./spool_file.ts";
import { storable } from "./tables/rows.ts";

export interface WriterOptions {
  spool: Spool;
  /** Stores all of them, in one transaction. */
  apply(records: StoreRecord[]): Promise<void>;
  /** Whether the error means that a record is bad, not that the database is away. */
  isBadRecord(error: unknown): boolean;
  /** The error that those who wait get, in words. */
  toError(error: unknown): Error;
  log: StoreLog;
  /** Waits; injected for tests. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

interface Waiter {
  /** It waits for so many of this writer's records to be dealt with. */
  records: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

const BACK_OFF_MS_MIN = 100;
const BACK_OFF_MS_MAX = 5_000;
/** How often an idle writer looks for what a process that died meanwhile has left. */
const ADOPT_MS = 2_000;

export class Writer {
  readonly #options: WriterOptions;
  readonly #sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly #done: Promise<void>;
  #waiters: Waiter[] = [];
  #recordsTaken = 0;
  #recordsDone = 0;
  /** What the next flush has to tell. */
  #rejection: string | null = null;
  /** 0 while the database is there. */
  #backOffMs = 0;
  #closing = false;
  #wake = new AbortController();

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#sleep = options.sleep ?? sleepMs;
    this.#done = this.#run();
  }

  /** See Store.write. Throws only where the spool's disk is full or broken. */
  write(records: StoreRecord[]): void {
    if (records.length === 0) return;
    if (this.#closing) throw new OperationError("Cannot write to the store: it is closed");
    const { spool, log } = this.#options;
    try {
      spool.append(records.map((record) => JSON.stringify(record, storable)));
    } catch (error) {
      throw new OperationError(
        `Cannot write to the spool in ${spool.folder}: ${error}. Make room on that disk.`,
      );
    }
    this.#recordsTaken += records.length;
    spool.sync().catch((error) => log.error(`Cannot sync the spool in ${spool.folder}: ${error}`));
    if (this.#backOffMs === 0) this.#wake.abort();
  }

  /** See Store.flush. While the database is away it makes an attempt at once. */
  flush(): Promise<void> {
    if (this.#closing) return Promise.reject(new OperationError("The store is closed"));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiters.push({ records: this.#recordsTaken, resolve, reject });
    this.#wake.abort();
    return promise;
  }

  /** Stores what is left, or makes one attempt at it; what isn't stored stays in the spool. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#wake.abort();
    await this.#done;
    const { spool, log } = this.#options;
    if (spool.pendingBytes > 0) {
      log.warn(`Records wait in ${spool.folder}; they are stored when liu starts next`);
    }
    // Also waits for syncs that are under way: a file is not closed below them.
    await spool.sync().catch((error) => {
      log.error(`Cannot sync the spool in ${spool.folder}: ${error}`);
    });
    spool.close();
  }

  async #run(): Promise<void> {
    this.#adopt();
    for (;;) {
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
      const next = this.#options.spool.next();
      if (next === null) {
        this.#settle();
        if (this.#closing) return;
        await this.#sleep(ADOPT_MS, this.#wake.signal);
        if (!this.#wake.signal.aborted) this.#adopt();
        continue;
      }
      try {
        await this.#store(next.chunk);
      } catch (error) {
        this.#failed(error);
        if (this.#closing) return;
        await this.#sleep(this.#backOffMs, this.#wake.signal);
        continue;
      }
      next.done();
      if (next.isOwn) this.#recordsDone += next.chunk.texts.length + next.chunk.damaged.length;
      if (this.#backOffMs > 0) this.#recovered();
      this.#settle();
    }
  }

  async #store({ texts, damaged }: SpoolChunk): Promise<void> {
    const { apply, isBadRecord } = this.#options;
    try {
      await apply(texts.map((text): StoreRecord => JSON.parse(text)));
    } catch (error) {
      if (!isBadRecord(error)) throw error;
      for (const text of texts) await this.#storeOne(text);
    }
    if (damaged.length > 0) this.#reject(damaged, "damaged on disk, or cut off by a crash");
  }

  async #storeOne(text: string): Promise<void> {
    try {
      await this.#options.apply([JSON.parse(text)]);
    } catch (error) {
      if (!this.#options.isBadRecord(error)) throw error;
      this.#reject([text], error instanceof Error ? error.message : String(error));
    }
  }

  #reject(texts: string[], reason: string): void {
    const path = this.#options.spool.reject(texts, reason);
    this.#rejection = `The database did not take ${texts.length} of the records (${reason}). ` +
      `They are kept in ${path}`;
    this.#options.log.error(this.#rejection);
  }

  #failed(error: unknown): void {
    const explained = this.#options.toError(error);
    if (this.#backOffMs === 0) {
      this.#options.log.warn(`${explained.message} Until then records are kept in the spool.`);
    }
    this.#backOffMs = Math.min(Math.max(this.#backOffMs * 2, BACK_OFF_MS_MIN), BACK_OFF_MS_MAX);
    for (const waiter of this.#waiters.splice(0)) waiter.reject(explained);
  }

  #recovered(): void {
    this.#backOffMs = 0;
    this.#options.log.info("The database is back; the spool is being stored");
    this.#adopt();
  }

  #adopt(): void {
    const files = this.#options.spool.adopt();
    if (files > 0) this.#options.log.info(`Storing what ${files} earlier spool file(s) hold`);
  }

  #settle(): void {
    if (this.#options.spool.hasAdopted) return;
    const ready = this.#waiters.filter((waiter) => waiter.records <= this.#recordsDone);
    if (ready.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => waiter.records > this.#recordsDone);
    const rejection = this.#rejection;
    this.#rejection = null;
    for (const waiter of ready) {
      if (rejection === null) waiter.resolve();
      else waiter.reject(new OperationError(rejection));
    }
  }
}

function sleepMs(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}
