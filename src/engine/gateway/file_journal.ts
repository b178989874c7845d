import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import type { Execution } from "../../model/order.ts";
import { decimal } from "../../util/decimal.ts";
import { OperationError } from "../../util/errors.ts";
import type { Journal, JournalRecord } from "./journal.ts";

/**
 * Records were lost or changed before the segment's end: what was sent is not known from it any
 * more.
 */
export class JournalDamaged extends OperationError {
  constructor(path: string, readonly line: number, readonly readable: readonly JournalRecord[]) {
    super(
      `Cannot use the journal ${path}: line ${line} is damaged. Compare the broker's ` +
        `orders with it before trading on, then move it away`,
    );
  }
}

export interface JournalText {
  state: "whole" | "torn" | "damaged";
  /** Up to the first line that cannot be read. */
  records: JournalRecord[];
  /** Where the first line that cannot be read begins, bytes. */
  wholeBytes: number;
  /** Its number, from 1. */
  badLine: number;
}

/**
 * Reads a segment. Only the last record can be torn by a crash; a bad one with others after it is
 * damage. A line is: checksum, number of the record, the record as JSON.
 */
export function readJournal(bytes: Uint8Array): JournalText {
  const records: JournalRecord[] = [];
  let start = 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(10, start);
    const record = newline < 0 ? null : readLine(bytes.subarray(start, newline), records.length);
    if (record === null) {
      const isLast = newline < 0 || newline === bytes.length - 1;
      const state = isLast ? "torn" : "damaged";
      return { state, records, wholeBytes: start, badLine: records.length + 1 };
    }
    records.push(record);
    start = newline + 1;
  }
  return { state: "whole", records, wholeBytes: start, badLine: 0 };
}

function readLine(bytes: Uint8Array, number: number): JournalRecord | null {
  const line = new TextDecoder().decode(bytes);
  const body = line.slice(CHECKSUM_LENGTH + 1);
  if (line.slice(0, CHECKSUM_LENGTH + 1) !== `${checksum(body)} `) return null;
  const prefix = `${number} `;
  // The number tells of lines that are gone or came twice.
  return body.startsWith(prefix) ? JSON.parse(body.slice(prefix.length), revive) : null;
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

const CHECKSUM_LENGTH = 16;

function checksum(body: string): string {
  return createHash("sha256").update(body).digest("hex").slice(0, CHECKSUM_LENGTH);
}

/**
 * One segment on disk. Records that come while a write is on its way go with the next, in one write
 * and one sync.
 */
export class FileJournal implements Journal {
  readonly isKept = true;
  #number: number;
  #pending: string[] = [];
  #waiting: PromiseWithResolvers<void>[] = [];
  #writing: Promise<void> | null = null;
  #failure: unknown = null;

  private constructor(readonly file: Deno.FsFile, readonly restored: readonly JournalRecord[]) {
    this.#number = restored.length;
  }

  /**
   * Opens the batch's segment, or makes it. A torn last record is cut off; damage throws
   * JournalDamaged.
   */
  static async open(folder: string, batchId: string): Promise<FileJournal> {
    const path = join(folder, `${batchId}.journal`);
    await Deno.mkdir(folder, { recursive: true });
    const bytes = await Deno.readFile(path).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return new Uint8Array();
      throw error;
    });
    const { state, records, wholeBytes, badLine } = readJournal(bytes);
    if (state === "damaged") throw new JournalDamaged(path, badLine, records);
    const file = await Deno.open(path, { create: true, append: true });
    if (state === "torn") await file.truncate(wholeBytes);
    await file.sync();
    await syncFolder(dirname(path));
    return new FileJournal(file, records);
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
    const body = `${this.#number++} ${JSON.stringify(record)}`;
    this.#pending.push(`${checksum(body)} ${body}\n`);
    this.#startWriting();
  }

  async close(): Promise<void> {
    await this.append([]);
    await this.#writing;
    this.file.close();
  }

  #startWriting(): void {
    this.#writing ??= this.#write();
  }

  /** Notes alone are written, not synced: nobody waits for them. */
  async #write(): Promise<void> {
    // What comes in the same turn goes together.
    await Promise.resolve();
    while (this.#failure === null && this.#pending.length + this.#waiting.length > 0) {
      const waiting = this.#waiting.splice(0);
      const bytes = new TextEncoder().encode(this.#pending.splice(0).join(""));
      try {
        for (let written = 0; written < bytes.length;) {
          written += await this.file.write(bytes.subarray(written));
        }
        if (waiting.length > 0) await this.file.syncData();
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

/** A new file outlives a power cut only when its folder was written too. */
async function syncFolder(path: string): Promise<void> {
  using folder = await Deno.open(path);
  await folder.sync();
}
