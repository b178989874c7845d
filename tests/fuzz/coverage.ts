/**
 * Which blocks of this project's files have run, as V8 counts it: an input that runs a block for the
 * first time is worth keeping.
 */
import { Session } from "node:inspector/promises";

interface Taken {
  result: {
    url: string;
    functions: { functionName: string; ranges: { startOffset: number; count: number }[] }[];
  }[];
}

export class Coverage {
  readonly #session = new Session();
  /** "file:function:offset". */
  readonly #seen = new Set<string>();
  /** Those of `#seen` since the last `settle`. */
  readonly #fresh = new Set<string>();

  /** `isWanted`: whose blocks count, by the file's URL. */
  private constructor(readonly isWanted: (url: string) => boolean) {}

  static async start(isWanted: (url: string) => boolean): Promise<Coverage> {
    const coverage = new Coverage(isWanted);
    const session = coverage.#session;
    session.connect();
    await session.post("Profiler.enable");
    await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
    await coverage.takeNew();
    coverage.settle();
    return coverage;
  }

  get size(): number {
    return this.#seen.size;
  }

  /** How many blocks ran since the last take that had not run before. */
  async takeNew(): Promise<number> {
    const before = this.#seen.size;
    for (const block of await this.takeBlocks()) {
      if (this.#seen.has(block)) continue;
      this.#seen.add(block);
      this.#fresh.add(block);
    }
    return this.#seen.size - before;
  }

  /** Blocks that ran since the last take. */
  async takeBlocks(): Promise<string[]> {
    const { result } = await this.#session.post("Profiler.takePreciseCoverage") as Taken;
    const blocks: string[] = [];
    for (const { url, functions } of result) {
      if (!this.isWanted(url)) continue;
      for (const { functionName, ranges } of functions) {
        for (const { startOffset, count } of ranges) {
          if (count > 0) blocks.push(`${url}:${functionName}:${startOffset}`);
        }
      }
    }
    return blocks;
  }

  /** Seen for the first time since the last `settle`. */
  isFresh(block: string): boolean {
    return this.#fresh.has(block);
  }

  settle(): void {
    this.#fresh.clear();
  }

  stop(): void {
    this.#session.disconnect();
  }
}
