/**
 * An append-only file of texts on their way to the database.
 * Invariant: what `append` returned from outlives the death of the process; what `sync` was called
 * and resolved after outlives the death of the machine.
 */
import { decodeLine, encodeLine } from "./spool_line.ts";

/** As much as goes into one transaction. */
const CHUNK_BYTES = 1 << 20;
const LINE_END = 10;

export interface SpoolChunk {
  texts: string[];
  /** Lines that are not what was written: the disk's fault, or a write cut off by a crash. */
  damaged: string[];
  endOffset: number;
}

export class SpoolFile {
  readonly path: string;
  readonly #file: Deno.FsFile;
  #sizeBytes: number;
  #readOffset = 0;
  #closed = false;

  constructor(path: string, options: { create: boolean }) {
    this.path = path;
    this.#file = Deno.openSync(path, {
      read: true,
      append: true,
      createNew: options.create,
      mode: 0o600,
    });
    this.#sizeBytes = this.#file.statSync().size;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get isDrained(): boolean {
    return this.#readOffset === this.#sizeBytes;
  }

  /** All or nothing: where the disk is full, what got through is taken back. */
  append(texts: string[]): void {
    const bytes = new TextEncoder().encode(texts.map(encodeLine).join(""));
    let written = 0;
    try {
      while (written < bytes.length) written += this.#file.writeSync(bytes.subarray(written));
    } catch (error) {
      this.#file.truncateSync(this.#sizeBytes);
      throw error;
    }
    this.#sizeBytes += bytes.length;
  }

  async sync(): Promise<void> {
    if (!this.#closed) await this.#file.syncData();
  }

  /** The next lines that have not been given back by `advance`; null at the end. */
  read(): SpoolChunk | null {
    for (let size = CHUNK_BYTES; !this.isDrained; size *= 2) {
      const bytes = this.#readAt(this.#readOffset, size);
      const atEnd = this.#readOffset + bytes.length === this.#sizeBytes;
      const end = atEnd ? bytes.length : bytes.lastIndexOf(LINE_END) + 1;
      // A line longer than what was read: read more.
      if (end > 0) return toChunk(bytes.subarray(0, end), this.#readOffset + end);
    }
    return null;
  }

  /** The chunk is in the database. */
  advance(chunk: SpoolChunk): void {
    this.#readOffset = chunk.endOffset;
  }

  /** Only when all of it is in the database. */
  empty(): void {
    this.#file.truncateSync(0);
    this.#sizeBytes = 0;
    this.#readOffset = 0;
  }

  close(): void {
    if (!this.#closed) this.#file.close();
    this.#closed = true;
  }

  remove(): void {
    this.close();
    Deno.removeSync(this.path);
  }

  #readAt(offset: number, sizeBytes: number): Uint8Array {
    const bytes = new Uint8Array(Math.min(sizeBytes, this.#sizeBytes - offset));
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    let length = 0;
    while (length < bytes.length) {
      const count = this.#file.readSync(bytes.subarray(length));
      if (count === null) break;
      length += count;
    }
    return bytes.subarray(0, length);
  }
}

function toChunk(bytes: Uint8Array, endOffset: number): SpoolChunk {
  const chunk: SpoolChunk = { texts: [], damaged: [], endOffset };
  for (const line of new TextDecoder().decode(bytes).split("\n")) {
    if (line === "") continue;
    const text = decodeLine(line);
    if (text === null) chunk.damaged.push(line);
    else chunk.texts.push(text);
  }
  return chunk;
}
