import { join } from "node:path";
import type { Execution } from "../../model/order.ts";
import { checkedLine, type CheckedText, readCheckedLines } from "../../util/checked_lines.ts";
import { decimal } from "../../util/decimal.ts";
import { replaceFile, syncFolder, writeAll } from "../../util/durable_file.ts";
import { OperationError } from "../../util/errors.ts";
import type { Journal, JournalRecord } from "./journal.ts";

/**
 * Records were lost or changed before the segment's end: what was sent is not known from it any
 * more.
 */
export class JournalDamaged extends OperationError {
  constructor(
    readonly path: string,
    readonly line: number,
    /** Up to the damage, and what can be read after it. */
    readonly readable: readonly JournalRecord[],
  ) {
    super(
      `Cannot use the journal ${path}: line ${line} is damaged. Compare the broker's ` +
        `orders with it before trading on, then move it away`,
    );
  }
}

/**
 * Reads a segment. Only the last record can be torn by a crash; a bad one with others after it is
 * damage.
 */
export function readJournal(bytes: Uint8Array): CheckedText<JournalRecord> {
  return readCheckedLines<JournalRecord>(bytes, revive);
}

/** What an execution has as decimals is text on disk. */
function revive(key: string, value: unknown): unknown {
  return key === "execution" ? executionOf(value as Record<keyof Execution, string>) : value;
}

function executionOf(read: Record<keyof Execution, string>) {
  const { qty, price, cumulativeQty, fee } = read;
  return {
    ...read,
    qty: decimal(qty),
    price: decimal(price),
    cumulativeQty: decimal(cumulativeQty),
    fee: decimal(fee),
  };
}

/**
 * One segment on disk. Records that come while a write is on its way go with the next, in one write
 * and one sync. When a write or a sync has failed, what is on disk after the last sync is not known:
 * appends are refused until `repair` has written all of it again.
 */
export class FileJournal implements Journal {
  readonly isKept = true;
  #number: number;
  /** What the file has for sure. */
  #syncedBytes: number;
  /** Written after that, but not synced. */
  #unsynced: string[] = [];
  #unsyncedBytes = 0;
  #pending: string[] = [];
  #waiting: PromiseWithResolvers<void>[] = [];
  #writing: Promise<void> | null = null;
  #failure: unknown = null;
  #isClosed = false;

  private constructor(
    readonly file: Deno.FsFile,
    readonly restored: JournalRecord[],
    bytes: number,
    /** A record that a crash had left unfinished was cut off. */
    readonly wasTorn: boolean,
  ) {
    this.#number = restored.length;
    this.#syncedBytes = bytes;
  }

  /**
   * Opens the batch's segment, or makes it. A torn last record is cut off; damage throws
   * JournalDamaged.
   */
  static async open(folder: string, batchId: string): Promise<FileJournal> {
    const path = segmentPath(folder, batchId);
    await Deno.mkdir(folder, { recursive: true });
    const bytes = await Deno.readFile(path).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return new Uint8Array();
      throw error;
    });
    const { state, records, later, wholeBytes, badLine } = readJournal(bytes);
    if (state === "damaged") throw new JournalDamaged(path, badLine, [...records, ...later]);
    const file = await Deno.open(path, { create: true, append: true });
    if (state === "torn") await file.truncate(wholeBytes);
    await file.sync();
    await syncFolder(folder);
    return new FileJournal(file, records, wholeBytes, state === "torn");
  }

  /** Writes a whole segment, in the place of one of that name: there is all of it, or nothing. */
  static async write(folder: string, batchId: string, records: readonly JournalRecord[]) {
    const path = segmentPath(folder, batchId);
    await Deno.mkdir(folder, { recursive: true });
    const text = records.map((record, number) => lineOf(number, record)).join("");
    (await replaceFile(path, text)).close();
  }

  /** Appends the record of a start, which is among the restored ones from then on. */
  async begin(record: JournalRecord): Promise<void> {
    await this.append([record]);
    this.restored.push(record);
  }

  append(records: JournalRecord[]): Promise<void> {
    for (const record of records) this.note(record);
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const done = Promise.withResolvers<void>();
    this.#waiting.push(done);
    this.#startWriting();
    return done.promise;
  }

  note(record: JournalRecord): void {
    this.#pending.push(lineOf(this.#number++, record));
    this.#startWriting();
  }

  /** Tries to write what could not be written; false: it still cannot. */
  async repair(): Promise<boolean> {
    await this.#writing;
    if (this.#failure === null) return true;
    try {
      await this.file.truncate(this.#syncedBytes);
      this.#unsynced.push(...this.#pending.splice(0));
      this.#unsyncedBytes = await writeAll(this.file, this.#unsynced.join(""));
      await this.#sync();
    } catch (error) {
      this.#failure = error;
      return false;
    }
    this.#failure = null;
    this.#startWriting();
    return true;
  }

  async #sync(): Promise<void> {
    const lines = this.#unsynced.length;
    const bytes = this.#unsyncedBytes;
    await this.file.syncData();
    this.#unsynced.splice(0, lines);
    this.#syncedBytes += bytes;
    this.#unsyncedBytes -= bytes;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.append([]);
      await this.#writing;
    } finally {
      this.file.close();
    }
  }

  #startWriting(): void {
    if (this.#failure === null) this.#writing ??= this.#write();
  }

  /** Notes alone are written, not synced: nobody waits for them. */
  async #write(): Promise<void> {
    // What comes in the same turn goes together.
    await Promise.resolve();
    while (this.#failure === null && this.#pending.length + this.#waiting.length > 0) {
      const waiting = this.#waiting.splice(0);
      const lines = this.#pending.splice(0);
      this.#unsynced.push(...lines);
      try {
        this.#unsyncedBytes += await writeAll(this.file, lines.join(""));
        if (waiting.length > 0) await this.#sync();
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        // What is on disk is not known now: nothing that comes after may be believed to be.
        this.#failure = error;
        for (const { reject } of [...waiting, ...this.#waiting.splice(0)]) reject(error);
      }
    }
    this.#writing = null;
  }
}

export function segmentPath(folder: string, batchId: string): string {
  return join(folder, `${batchId}.journal`);
}

/** What the batch's strategies keep, which main writes: see state_file.ts. */
export function statesPath(folder: string, batchId: string): string {
  return join(folder, `${batchId}.states`);
}

function lineOf(number: number, record: JournalRecord): string {
  return checkedLine(number, JSON.stringify(record));
}
