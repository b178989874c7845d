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
  /** The database, or the spool's disk, takes nothing just now; or does again. Told when it changes. */
  onTrouble?(trouble: StoreTrouble): void;
  /** Waits; injected for tests. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** What is wrong, in words; null: nothing. */
export interface StoreTrouble {
  /** The database does not take records: they are in the spool. */
  database: string | null;
  /** The spool does not, either: they are in memory. */
  spool: string | null;
}

interface Waiter {
  /** It waits for so many of this writer's records to be dealt with. */
  records: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

const BACK_OFF_MS_MIN = 100;
const BACK_OFF_MS_MAX = 5_000;
/** A database that has not answered for so long is told to be away. */
const SLOW_MS = 10_000;
/** Records that are held in memory while the spool's disk is full. */
const HELD_MAX = 200_000;
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
  /** What the spool has not taken: its disk is full. */
  readonly #held: string[] = [];
  #trouble: StoreTrouble = { database: null, spool: null };
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
    const texts = records.map((record) => JSON.stringify(record, storable));
    if (!this.#append(texts)) return;
    spool.sync().catch((error) => log.error(`Cannot sync the spool in ${spool.folder}: ${error}`));
    if (this.#backOffMs === 0) this.#wake.abort();
  }

  /** False: they are held. In the order in which they came, always. */
  #append(texts: string[]): boolean {
    const { spool, log } = this.#options;
    const isHolding = this.#held.length > 0;
    try {
      if (isHolding) throw this.#trouble.spool;
      spool.append(texts);
    } catch (error) {
      const problem = isHolding
        ? String(this.#trouble.spool)
        : `Cannot write to the spool in ${spool.folder}: ${error}. Make room on that disk.`;
      if (this.#held.length + texts.length > HELD_MAX) throw new OperationError(problem);
      for (const text of texts) this.#held.push(text);
      this.#recordsTaken += texts.length;
      if (isHolding) return false;
      log.error(`${problem} Until then records are kept in memory`);
      this.#tell({ spool: problem });
      void this.#appendLater();
      return false;
    }
    this.#recordsTaken += texts.length;
    return true;
  }

  /** Tries until the spool takes what is held. */
  async #appendLater(): Promise<void> {
    while (this.#held.length > 0 && !this.#closing) {
      await this.#sleep(BACK_OFF_MS_MAX / 5, new AbortController().signal);
      this.#appendHeld();
    }
  }

  #appendHeld(): void {
    const { spool, log } = this.#options;
    if (this.#held.length === 0) return;
    try {
      spool.append(this.#held);
    } catch {
      return;
    }
    log.info(`The spool takes records again; ${this.#held.length} were kept in memory`);
    this.#held.length = 0;
    this.#tell({ spool: null });
    this.#wake.abort();
  }

  #tell(change: Partial<StoreTrouble>): void {
    const next = { ...this.#trouble, ...change };
    const { database, spool } = this.#trouble;
    this.#trouble = next;
    const isSame = (database === null) === (next.database === null) &&
      (spool === null) === (next.spool === null);
    if (!isSame) this.#options.onTrouble?.(next);
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
    this.#appendHeld();
    if (this.#held.length > 0) {
      log.error(
        `${this.#held.length} records are lost to the database, as the spool's disk is full; ` +
          "the journal has the orders and executions among them",
      );
    }
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
      this.#tell({ database: null });
      this.#settle();
    }
  }

  async #store({ texts, damaged }: SpoolChunk): Promise<void> {
    const { apply, isBadRecord } = this.#options;
    const slow = setTimeout(() => this.#tell({ database: "it does not answer" }), SLOW_MS);
    try {
      await apply(texts.map((text): StoreRecord => JSON.parse(text)));
    } catch (error) {
      if (!isBadRecord(error)) throw error;
      for (const text of texts) await this.#storeOne(text);
    } finally {
      clearTimeout(slow);
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
    this.#tell({ database: explained.message });
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
