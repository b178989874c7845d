/**
 * What strategies keep of their symbols, as they told it last: for a consumer that takes another's
 * place, and on disk for a trader that is started after this one.
 */
import { createHash } from "node:crypto";
import type { Json } from "../contracts/store.ts";
import { assetClassOf } from "../model/asset.ts";
import { exchangeDate } from "../model/calendar.ts";
import type { Recovered, RunInfo, StateCheckpoint, StrategyTraits } from "../protocol.ts";
import { within } from "../util/within.ts";
import type { SessionLog, StrategySetup } from "./session_options.ts";
import { keyOf, readStates, StateFile } from "./state_file.ts";

/** The last of it is waited for so long. */
const CLOSE_MS_MAX = 500;

export interface StrategyStatesOptions {
  monotonicMs(): number;
  nowUs(): number;
  nameOf(runId: number): string;
  log: SessionLog;
}

export class StrategyStates {
  readonly #options: StrategyStatesOptions;
  /** By run and symbol. */
  readonly #states = new Map<number, Map<string, Json>>();
  /** Of the trader before, by strategy and symbol: taken when the symbol is followed. */
  readonly #before = new Map<string, Json>();
  /** Of code and parameters, by strategy. */
  #digests = new Map<string, string>();
  #file: StateFile | null = null;

  constructor(options: StrategyStatesOptions) {
    this.#options = options;
  }

  /**
   * From here on it is written. `before`: whose states are taken over, where strategy and
   * parameters are the same: of a batch that is carried on all of this day's, else those of what is
   * held.
   */
  async begin({ folder, batchId, before, setups, traits }: {
    folder: string;
    batchId: string;
    before: Recovered | null;
    setups: readonly StrategySetup[];
    traits: readonly StrategyTraits[];
  }): Promise<void> {
    const { monotonicMs, log } = this.#options;
    this.#digests = digestsOf(setups, traits);
    this.#file = new StateFile({ folder, batchId, monotonicMs, log });
    if (before !== null) await this.#takeOver(folder, batchId, before);
  }

  async #takeOver(folder: string, batchId: string, before: Recovered): Promise<void> {
    const { log, nowUs } = this.#options;
    const read = await readStates(folder, batchId);
    if (read === null) return;
    if (read.problem !== null) {
      const text = "{problem}: the state of strategies begins anew. What they hold they hold";
      return log("error", text, { problem: read.problem, alert: "states_lost" });
    }
    const held = heldKeys(before);
    const today = exchangeDate(nowUs());
    const changed = new Set<string>();
    for (const kept of read.states) {
      const { strategy, symbol, digest, timeUs, state } = kept;
      const key = keyOf(strategy, symbol);
      const isToday = assetClassOf(symbol) === "crypto" || exchangeDate(timeUs) === today;
      if (!held.has(key) && !(read.batchId === batchId && isToday)) continue;
      if (digest !== this.#digests.get(strategy)) {
        changed.add(strategy);
        continue;
      }
      this.#before.set(key, state);
      this.#file!.put(kept);
    }
    for (const strategy of changed) {
      if (!this.#digests.has(strategy)) continue;
      const text = "{strategy} has other code or parameters than before: its state begins anew";
      log("warning", text, { strategy });
    }
    if (this.#before.size > 0) {
      log("info", "{count} states of strategies are taken over", { count: this.#before.size });
    }
  }

  /** What strategies keep, at a minute's end, and whenever one has decided or heard something. */
  checkpoint(states: readonly StateCheckpoint[]): void {
    const { nameOf, nowUs } = this.#options;
    for (const { runId, symbol, state } of states) {
      this.#set(runId, symbol, state);
      const strategy = nameOf(runId);
      const digest = this.#digests.get(strategy);
      if (digest === undefined) continue;
      this.#file?.put({ strategy, digest, symbol, timeUs: nowUs(), state });
    }
  }

  /** One entry, or none. */
  of(runId: number, symbol: string): [runId: number, state: Json][] {
    const state = this.#states.get(runId)?.get(symbol);
    return state === undefined ? [] : [[runId, state]];
  }

  /** What the trader before kept for a run that follows the symbol from now on: once. */
  takeBefore(runId: number, symbol: string): [runId: number, state: Json][] {
    const key = keyOf(this.#options.nameOf(runId), symbol);
    const state = this.#before.get(key);
    if (state === undefined) return [];
    this.#before.delete(key);
    this.#set(runId, symbol, state);
    return [[runId, state]];
  }

  /** A run goes on under another number. */
  move(from: number, to: number): void {
    const states = this.#states.get(from);
    this.#states.delete(from);
    if (states) this.#states.set(to, states);
  }

  /** What was told is on disk, if that can be. */
  async close(): Promise<void> {
    if (this.#file !== null) await within(this.#file.close(), CLOSE_MS_MAX, undefined);
  }

  #set(runId: number, symbol: string, state: Json): void {
    const ofRun = this.#states.get(runId) ?? new Map<string, Json>();
    this.#states.set(runId, ofRun.set(symbol, state));
  }
}

function heldKeys({ runs, held }: Recovered): Set<string> {
  const names = new Map<number, string>(runs.map(({ runId, strategy }: RunInfo) => [
    runId,
    strategy,
  ]));
  return new Set(held.map(({ runId, symbol }) => keyOf(names.get(runId) ?? "", symbol)));
}

function digestsOf(
  setups: readonly StrategySetup[],
  traits: readonly StrategyTraits[],
): Map<string, string> {
  const parameters = new Map(traits.map((one) => [one.name, one.parameters]));
  return new Map(setups.map(({ source: { name, from } }) => {
    const text = JSON.stringify([from, parameters.get(name) ?? null]);
    return [name, createHash("sha256").update(text).digest("hex")];
  }));
}
