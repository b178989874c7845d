/**
 * Who follows what: from a scanner's picks to consumers, routes and subscriptions, and back when nobody is left.
 * Invariant: a strategy follows a symbol on one consumer; a strategy over a collection has all its symbols on one.
 */
import type { Channels, DataProvider, MarketStream } from "../contracts/provider.ts";
import { type Asset, type AssetClass, assetClassOf } from "../model/asset.ts";
import { emptyBars } from "../model/bars.ts";
import { previousSession } from "../model/calendar.ts";
import type { FollowMessage, RunInfo, StrategyTraits } from "../protocol.ts";
import type { SymbolTable } from "../util/symbol_table.ts";
import type { Producer } from "./producer.ts";

/** Sessions before today's that indicators, supports and resistances are warmed up with. */
const WARM_UP_SESSIONS = 3;

export interface FollowingsOptions {
  provider: Pick<DataProvider, "bars" | "snapshots">;
  producer: Pick<Producer, "route" | "unroute" | "isRouted">;
  symbols: SymbolTable;
  stream(assetClass: AssetClass): Pick<MarketStream, "subscribe" | "unsubscribe"> | undefined;
  /** The consumer has the symbol's bars from the session before. Default: never. */
  isKnown?(symbol: string): boolean;
  /** Assets that can be traded, by symbol. */
  assets: ReadonlyMap<string, Asset>;
  events: readonly ("second" | "minute" | "trade" | "quote")[];
  consumers: number;
  symbolsMax: number;
  runs: readonly RunInfo[];
  traits: readonly StrategyTraits[];
  /** Sends a follow message to a consumer. */
  follow(consumer: number, message: FollowMessage): void;
  warn(message: string, properties: Record<string, unknown>): void;
}

export class Followings {
  readonly #options: FollowingsOptions;
  /** Runs that follow a symbol. */
  readonly #runsOf = new Map<string, Set<number>>();
  /** Runs that gave a symbol up: what is picked again stays given up. */
  readonly #rejectedBy = new Map<string, Set<number>>();
  readonly #consumerOf = new Map<string, number>();
  readonly #load: number[];

  constructor(options: FollowingsOptions) {
    this.#options = options;
    this.#load = new Array(options.consumers).fill(0);
  }

  get symbols(): string[] {
    return [...this.#runsOf.keys()];
  }

  /** Symbols that a consumer's runs follow. */
  symbolsOf(consumer: number): string[] {
    const runs = new Set(
      this.#options.runs.filter((run) => run.consumer === consumer).map(({ runId }) => runId),
    );
    return this.symbols.filter((symbol) => [...this.#runsOf.get(symbol)!].some((r) => runs.has(r)));
  }

  /** Lets these strategies follow these symbols, where they do not yet. Gives the symbols that are new to the session. */
  async pick(
    picked: readonly string[],
    strategies: readonly string[],
    nowUs: number,
    signal: AbortSignal,
  ): Promise<string[]> {
    const wanted = new Map<string, RunInfo[]>();
    for (const symbol of picked) {
      const runs = this.#runsFor(symbol, strategies);
      if (runs.length > 0) wanted.set(symbol, runs);
    }
    const fresh = [...wanted.keys()].filter((symbol) => !this.#runsOf.has(symbol));
    const room = this.#options.symbolsMax - this.#runsOf.size;
    for (const symbol of fresh.splice(Math.max(0, room))) wanted.delete(symbol);
    if (wanted.size === 0) return [];
    const messages = await this.#messages([...wanted.keys()], nowUs, signal);
    for (const [symbol, runs] of wanted) this.#start(symbol, runs, messages.get(symbol)!);
    await this.#subscribe(fresh, signal);
    return fresh;
  }

  /** A session begins after another: what no run holds is to be picked again. */
  startSession(assetClass: AssetClass, isHeld: (runId: number, symbol: string) => boolean): void {
    for (const [symbol, runs] of this.#runsOf) {
      if (assetClassOf(symbol) !== assetClass) continue;
      for (const runId of [...runs]) if (!isHeld(runId, symbol)) runs.delete(runId);
      if (runs.size > 0) continue;
      this.#runsOf.delete(symbol);
      this.#forgetConsumer(symbol);
    }
    for (const symbol of [...this.#rejectedBy.keys()]) {
      if (assetClassOf(symbol) === assetClass) this.#rejectedBy.delete(symbol);
    }
  }

  /** A strategy no longer follows a symbol. */
  async reject(runId: number, symbol: string, signal: AbortSignal): Promise<void> {
    const rejectedBy = this.#rejectedBy.get(symbol) ?? new Set();
    this.#rejectedBy.set(symbol, rejectedBy.add(runId));
    const runs = this.#runsOf.get(symbol);
    const run = this.#options.runs.find((one) => one.runId === runId);
    if (!runs?.delete(runId) || !run) return;
    const stays = [...runs].some((id) =>
      this.#options.runs.find((one) => one.runId === id)?.consumer === run.consumer
    );
    if (!stays) this.#options.producer.unroute(symbol, run.consumer);
    if (runs.size > 0) return;
    this.#runsOf.delete(symbol);
    this.#forgetConsumer(symbol);
    if (this.#options.producer.isRouted(symbol)) return;
    await this.#options.stream(assetClassOf(symbol))?.unsubscribe(this.#channels([symbol]), signal);
  }

  #forgetConsumer(symbol: string): void {
    const consumer = this.#consumerOf.get(symbol);
    if (consumer === undefined) return;
    this.#load[consumer]--;
    this.#consumerOf.delete(symbol);
  }

  /** The runs that should follow the symbol and do not: of each strategy the one on the consumer that it belongs to. */
  #runsFor(symbol: string, strategies: readonly string[]): RunInfo[] {
    if (!this.#options.assets.get(symbol)?.tradable) {
      this.#options.warn("{symbol} was picked but cannot be traded", { symbol });
      return [];
    }
    const following = this.#runsOf.get(symbol);
    const rejectedBy = this.#rejectedBy.get(symbol);
    const runs: RunInfo[] = [];
    for (const name of strategies) {
      const ofStrategy = this.#options.runs.filter(({ strategy }) => strategy === name);
      if (ofStrategy.length === 0) continue;
      if (ofStrategy.some(({ runId }) => following?.has(runId) || rejectedBy?.has(runId))) continue;
      const runsAll = this.#options.traits.find((traits) => traits.name === name)?.runsAll;
      const consumer = runsAll ? ofStrategy[0].consumer : this.#consumerFor(symbol);
      runs.push(ofStrategy.find((run) => run.consumer === consumer)!);
    }
    return runs;
  }

  /** The consumer of a symbol: the one with the fewest when it is first followed. */
  #consumerFor(symbol: string): number {
    const known = this.#consumerOf.get(symbol);
    if (known !== undefined) return known;
    const consumer = this.#load.indexOf(Math.min(...this.#load));
    this.#load[consumer]++;
    this.#consumerOf.set(symbol, consumer);
    return consumer;
  }

  #start(symbol: string, runs: RunInfo[], message: Omit<FollowMessage, "runIds">): void {
    const following = this.#runsOf.get(symbol) ?? new Set<number>();
    this.#runsOf.set(symbol, following);
    for (const { runId } of runs) following.add(runId);
    for (const consumer of new Set(runs.map((run) => run.consumer))) {
      const runIds = runs.filter((run) => run.consumer === consumer).map(({ runId }) => runId);
      this.#options.producer.route(symbol, consumer);
      this.#options.follow(consumer, { ...message, runIds });
    }
  }

  async #messages(
    symbols: string[],
    nowUs: number,
    signal: AbortSignal,
  ): Promise<Map<string, Omit<FollowMessage, "runIds">>> {
    const isKnown = this.#options.isKnown ?? (() => false);
    const unknown = symbols.filter((symbol) => !isKnown(symbol));
    const history = await this.history(unknown, nowUs, signal);
    const snapshots = await this.#options.provider.snapshots(symbols, signal);
    const closes = new Map(snapshots.map((one) => [one.symbol, one.previousClose]));
    return new Map(symbols.map((symbol) => [symbol, {
      type: "follow" as const,
      symbol,
      symbolId: this.#options.symbols.idOf(symbol),
      asset: this.#options.assets.get(symbol)!,
      history: history.get(symbol) ?? emptyBars(),
      previousClose: closes.get(symbol) ?? NaN,
    }]));
  }

  /** Minute bars up to `nowUs` of these symbols, some sessions back. */
  history(symbols: string[], nowUs: number, signal: AbortSignal) {
    let fromUs = nowUs;
    for (let i = 0; i < WARM_UP_SESSIONS; i++) fromUs = previousSession(fromUs).openUs;
    const query = { symbols, scale: "minute", fromUs, toUs: nowUs, adjustment: "raw" } as const;
    return this.#options.provider.bars(query, signal);
  }

  async #subscribe(symbols: string[], signal: AbortSignal): Promise<void> {
    for (const assetClass of ["us_equity", "crypto"] as const) {
      const ofClass = symbols.filter((symbol) => assetClassOf(symbol) === assetClass);
      if (ofClass.length === 0) continue;
      const channels = this.#channels(ofClass);
      const acknowledged = await this.#options.stream(assetClass)?.subscribe(channels, signal);
      const missing = ofClass.filter((symbol) => !acknowledged?.bars.includes(symbol));
      if (missing.length > 0) {
        this.#options.warn("No data for {symbols}: the provider did not take the subscription", {
          symbols: missing.join(", "),
        });
      }
    }
  }

  #channels(symbols: string[]): Partial<Channels> {
    const { events } = this.#options;
    const wantsTrades = events.includes("trade") || events.includes("second");
    return {
      bars: symbols,
      updatedBars: symbols,
      ...(assetClassOf(symbols[0]) === "us_equity" ? { statuses: symbols } : {}),
      ...(wantsTrades ? { trades: symbols } : {}),
      ...(events.includes("quote") ? { quotes: symbols } : {}),
    };
  }
}
