/**
 * What strategies of a batch keep of their symbols, on disk beside the batch's journal, for a trader
 * that is started after this one has died. Lines: a head, then a state each; of a strategy and
 * symbol the last counts. The file grows by what has changed, and is written anew, in the place of
 * itself, when most of it is old.
 *
 * Invariants: written while others work, never waited for but at the end; bounded; what cannot be
 * written is told once and hurts nothing else; a file that is damaged is not believed at all.
 */
import type { Json } from "../contracts/store.ts";
import { checkedLine, readCheckedLines } from "../util/checked_lines.ts";
import { replaceFile, writeAll } from "../util/durable_file.ts";
import { statesPath } from "./gateway/file_journal.ts";
import type { SessionLog } from "./session_options.ts";

/** A state's JSON, characters. */
const STATE_MAX = 128_000;
/** Of all states together. */
const ALL_MAX = 8_000_000;
/** What is written beyond twice the states that count. */
const OLD_MAX = 1_000_000;
/** Against a power cut; a process that dies takes nothing with it that was written. */
const SYNC_MS = 1000;
const RETRY_MS = 1000;

/** What a strategy keeps of a symbol. */
export interface KeptState {
  strategy: string;
  /** Of the strategy's code and parameters: another's is not taken over. */
  digest: string;
  symbol: string;
  /** Market time. */
  timeUs: number;
  state: Json;
}

interface Head {
  version: 1;
  batchId: string;
}

export interface StatesRead {
  /** Who wrote them: this batch, or the one whose positions it has taken over. */
  batchId: string;
  states: KeptState[];
  /** The file cannot be used: one sentence. */
  problem: string | null;
}

/** null: there is no such file. */
export async function readStates(folder: string, batchId: string): Promise<StatesRead | null> {
  const path = statesPath(folder, batchId);
  try {
    return parseStates(await Deno.readFile(path), path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    return unusable(`${path} cannot be read: ${error}`);
  }
}

function parseStates(bytes: Uint8Array, path: string): StatesRead {
  const { state, records, badLine } = readCheckedLines<Head | KeptState>(bytes);
  if (state === "damaged") return unusable(`${path} is damaged in line ${badLine}`);
  const [head, ...states] = records as [Head | undefined, ...KeptState[]];
  if (head?.version !== 1) return unusable(`${path} was written by another version of Liu`);
  const last = new Map(states.map((one) => [keyOf(one.strategy, one.symbol), one]));
  return { batchId: head.batchId, states: [...last.values()], problem: null };
}

function unusable(problem: string): StatesRead {
  return { batchId: "", states: [], problem };
}

/** Of a strategy and a symbol. */
export function keyOf(strategy: string, symbol: string): string {
  return `${strategy} ${symbol}`;
}

export class StateFile {
  readonly #options: StateFileOptions;
  readonly #path: string;
  /** What counts, by key: the state to compare with, and the line's JSON. */
  readonly #kept = new Map<string, { state: string; json: string }>();
  /** Keys that are not on disk as they are now. */
  readonly #changed = new Set<string>();
  readonly #tooLarge = new Set<string>();
  #keptSize = 0;
  /** null: the next write is of all. */
  #file: Deno.FsFile | null = null;
  #lines = 0;
  #fileSize = 0;
  #syncedMs = -Infinity;
  #failedMs = -Infinity;
  #hasFailed = false;
  #writing: Promise<void> | null = null;
  #isClosed = false;

  constructor(options: StateFileOptions) {
    this.#options = options;
    this.#path = statesPath(options.folder, options.batchId);
  }

  /** It is on disk soon, unless something newer has come by then. */
  put(kept: KeptState): void {
    if (this.#isClosed) return;
    const { strategy, symbol } = kept;
    const key = keyOf(strategy, symbol);
    const state = JSON.stringify(kept.state);
    const before = this.#kept.get(key);
    if (before?.state === state) return;
    const json = JSON.stringify(kept);
    const size = this.#keptSize - (before?.json.length ?? 0) + json.length;
    if (state.length > STATE_MAX || size > ALL_MAX) this.#tellTooLarge(strategy, symbol);
    else {
      this.#kept.set(key, { state, json });
      this.#keptSize = size;
      this.#changed.add(key);
    }
    if (this.#options.monotonicMs() - this.#failedMs >= RETRY_MS) this.#startWriting();
  }

  /** All that has been put is on disk, or it has been told that it cannot be. Never throws. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
    this.#startWriting();
    await this.#writing;
    try {
      await this.#file?.sync();
    } catch (error) {
      this.#tellFailure(error);
    }
    this.#closeFile();
  }

  #startWriting(): void {
    if (this.#changed.size > 0) this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    // What comes in the same turn goes together.
    await Promise.resolve();
    while (this.#changed.size > 0) {
      const keys = [...this.#changed];
      this.#changed.clear();
      try {
        const isMostlyOld = this.#fileSize > 2 * this.#keptSize + OLD_MAX;
        if (this.#file === null || isMostlyOld) await this.#writeAll();
        else await this.#append(this.#file, keys);
      } catch (error) {
        for (const key of keys) this.#changed.add(key);
        this.#closeFile();
        this.#failedMs = this.#options.monotonicMs();
        this.#tellFailure(error);
        break;
      }
      if (this.#hasFailed) {
        this.#hasFailed = false;
        this.#options.log("info", "What strategies keep is written again");
      }
    }
    this.#writing = null;
  }

  async #writeAll(): Promise<void> {
    const head: Head = { version: 1, batchId: this.#options.batchId };
    const lines = [JSON.stringify(head), ...[...this.#kept.values()].map(({ json }) => json)];
    const text = lines.map((json, number) => checkedLine(number, json)).join("");
    this.#closeFile();
    this.#file = await replaceFile(this.#path, text);
    this.#lines = lines.length;
    this.#fileSize = text.length;
    this.#syncedMs = this.#options.monotonicMs();
  }

  async #append(file: Deno.FsFile, keys: readonly string[]): Promise<void> {
    const text = keys.map((key) => checkedLine(this.#lines++, this.#kept.get(key)!.json)).join("");
    await writeAll(file, text);
    this.#fileSize += text.length;
    const nowMs = this.#options.monotonicMs();
    if (nowMs - this.#syncedMs < SYNC_MS) return;
    this.#syncedMs = nowMs;
    await file.syncData();
  }

  #closeFile(): void {
    this.#file?.close();
    this.#file = null;
  }

  #tellFailure(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const text =
      "What strategies keep cannot be written to {path}: {error}. Trading goes on; were " +
      "the trader to die now, their state would begin anew or be older";
    const properties = { path: this.#path, error: String(error), alert: "states_not_written" };
    this.#options.log("error", text, properties);
  }

  /** What was kept before stays: it is older, but a state of that strategy. */
  #tellTooLarge(strategy: string, symbol: string): void {
    if (this.#tooLarge.has(strategy)) return;
    this.#tooLarge.add(strategy);
    const text = "{strategy}'s state in {symbol} is too large to be kept on disk: a trader that " +
      "dies now goes on with an older one, or none";
    this.#options.log("warning", text, { strategy, symbol });
  }
}

export interface StateFileOptions {
  folder: string;
  batchId: string;
  monotonicMs(): number;
  log: SessionLog;
}
