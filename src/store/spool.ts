/**
 * The files of records on their way to one database: this process's own, and those that dead
 * processes left. Each process holds a lock beside its files while it lives.
 * Invariant: a file is removed only when all of it is in the database (or in rejected.jsonl), and
 * only by the holder of its lock.
 */
import { FileLock } from "../util/file_lock.ts";
import { type SpoolChunk, SpoolFile } from "./spool_file.ts";
import { encodeLine } from "./spool_line.ts";

/** Beyond this an own file is followed by another, so that what is drained can be removed. */
const FILE_BYTES_MAX = 64 << 20;

interface Entry {
  file: SpoolFile;
  /** Released when the last file of a dead process is removed; own files share one that stays. */
  adoptedLock: { lock: FileLock; path: string; files: number } | null;
}

export class Spool {
  readonly folder: string;
  readonly #name: string;
  readonly #fileBytesMax: number;
  readonly #lock: FileLock;
  #fileCount = 0;
  /** Drained from the first on; the last is the own one that is appended to. */
  #entries: Entry[] = [];
  #syncing: Promise<void> | null = null;
  #syncAgain = false;

  constructor(folder: string, options: { fileBytesMax?: number } = {}) {
    this.folder = folder;
    this.#fileBytesMax = options.fileBytesMax ?? FILE_BYTES_MAX;
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#name = crypto.randomUUID();
    const lock = FileLock.tryTake(this.#lockPath(this.#name));
    if (lock === null) throw new Error(`A spool of the name ${this.#name} is there already`);
    this.#lock = lock;
    this.#addOwn();
  }

  /** Bytes that are on disk and not in the database. */
  get pendingBytes(): number {
    return this.#entries.reduce((sum, { file }) => sum + (file.isDrained ? 0 : file.sizeBytes), 0);
  }

  /** Whether files of dead processes wait. */
  get hasAdopted(): boolean {
    return this.#entries.some(({ adoptedLock }) => adoptedLock !== null);
  }

  /** When it returns, the texts outlive this process. */
  append(texts: string[]): void {
    if (this.#own.sizeBytes > this.#fileBytesMax) this.#addOwn();
    this.#own.append(texts);
  }

  /**
   * When it resolves, what was appended before outlives a loss of power. Many calls share a sync.
   */
  sync(): Promise<void> {
    if (this.#syncing !== null) this.#syncAgain = true;
    this.#syncing ??= this.#syncAll().finally(() => this.#syncing = null);
    return this.#syncing;
  }

  /** The next records to be stored, in order; null when there are none. */
  next(): { chunk: SpoolChunk; isOwn: boolean; done: () => void } | null {
    for (;;) {
      const entry = this.#entries[0];
      const chunk = entry.file.read();
      if (chunk !== null) {
        const isOwn = entry.adoptedLock === null;
        return { chunk, isOwn, done: () => entry.file.advance(chunk) };
      }
      if (entry.file === this.#own) {
        if (entry.file.sizeBytes > 0) entry.file.empty();
        return null;
      }
      this.#entries.shift();
      this.#removeDrained(entry);
    }
  }

  /** Takes over what dead processes left; gives the number of their files. */
  adopt(): number {
    const files: Record<string, string[]> = {};
    for (const { name } of Deno.readDirSync(this.folder)) {
      const match = /^(.+)\.\d+\.spool$/.exec(name);
      if (match !== null && match[1] !== this.#name) (files[match[1]] ??= []).push(name);
    }
    let count = 0;
    for (const [owner, names] of Object.entries(files)) {
      const path = this.#lockPath(owner);
      const lock = FileLock.tryTake(path);
      if (lock === null) continue;
      const adoptedLock = { lock, path, files: 0 };
      const entries: Entry[] = [];
      for (const name of names.toSorted()) {
        const file = openIfThere(`${this.folder}/${name}`);
        if (file !== null) entries.push({ file, adoptedLock });
      }
      adoptedLock.files = entries.length;
      if (entries.length === 0) releaseAndRemove(adoptedLock);
      this.#entries.unshift(...entries);
      count += entries.length;
    }
    return count;
  }

  /** Keeps what the database refuses, so that it is not lost. */
  reject(texts: string[], reason: string): string {
    const path = `${this.folder}/rejected.jsonl`;
    const line = (text: string) => encodeLine(JSON.stringify({ reason, text }));
    Deno.writeTextFileSync(path, texts.map(line).join(""), { append: true, mode: 0o600 });
    return path;
  }

  /** What isn't drained stays for the next start. */
  close(): void {
    for (const { file, adoptedLock } of this.#entries) {
      if (adoptedLock === null && file.isDrained) file.remove();
      else file.close();
      adoptedLock?.lock.release();
    }
    const keep = this.#entries.some((e) => e.adoptedLock === null && !e.file.isDrained);
    if (keep) this.#lock.release();
    else releaseAndRemove({ lock: this.#lock, path: this.#lockPath(this.#name) });
    this.#entries = [];
  }

  get #own(): SpoolFile {
    return this.#entries[this.#entries.length - 1].file;
  }

  #addOwn(): void {
    const number = String(this.#fileCount++).padStart(6, "0");
    const path = `${this.folder}/${this.#name}.${number}.spool`;
    this.#entries.push({ file: new SpoolFile(path, { create: true }), adoptedLock: null });
  }

  #removeDrained({ file, adoptedLock }: Entry): void {
    file.remove();
    if (adoptedLock === null) return;
    adoptedLock.files--;
    if (adoptedLock.files === 0) releaseAndRemove(adoptedLock);
  }

  async #syncAll(): Promise<void> {
    do {
      this.#syncAgain = false;
      await Promise.all(
        this.#entries.filter((e) => e.adoptedLock === null).map((e) => e.file.sync()),
      );
    } while (this.#syncAgain);
  }

  #lockPath(name: string): string {
    return `${this.folder}/${name}.lock`;
  }
}

function openIfThere(path: string): SpoolFile | null {
  try {
    return new SpoolFile(path, { create: false });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function releaseAndRemove({ lock, path }: { lock: FileLock; path: string }): void {
  // Removed while held: whoever opened it meanwhile finds no file that it would lock.
  Deno.removeSync(path);
  lock.release();
}
