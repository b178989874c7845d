/**
 * Who follows what: from a scanner's picks to consumers, routes and subscriptions, and back when
 * nobody is left.
 * Invariant: a strategy follows a symbol on one consumer; a strategy over a collection has all its
 * symbols on one.
 */
import type { Json } from "../contracts/store.ts";
import type { Clock } from "../contracts/clock.ts";
import type { Channels, DataProvider, MarketStream } from "../contracts/provider.ts";
import { type Asset, type AssetClass, assetClassOf } from "../model/asset.ts";
import { emptyBars } from "../model/bars.ts";
import { previousSession } from "../model/calendar.ts";
import type { FollowMessage, RunInfo, StrategyTraits } from "../protocol.ts";
import type { SymbolTable } from "../util/symbol_table.ts";
import type { Producer } from "./producer.ts";

/** Sessions before today's that indicators, supports and resistances are warmed up with. */
const WARM_UP_SESSIONS = 3;
const MINUTE_US = 60e6;
/** Of a symbol without bars, or whose bars are there: eight arrays a symbol and session were many. */
const NO_HISTORY = emptyBars();
/** How far the exchange's clock may be ahead of ours, on this machine's clock. */
const CLOCK_LAG_US_MAX = 2e6;

/** Where the history begins that a symbol which is picked now is warmed up with. */
export function warmUpFromUs(nowUs: number): number {
  let fromUs = nowUs;
  for (let i = 0; i < WARM_UP_SESSIONS; i++) fromUs = previousSession(fromUs).openUs;
  return fromUs;
}

export interface FollowingsOptions {
  provider: Pick<DataProvider, "bars" | "snapshots">;
  producer: Pick<Producer, "route" | "unroute" | "isRouted">;
  symbols: SymbolTable;
  stream(assetClass: AssetClass): Pick<MarketStream, "subscribe" | "unsubscribe"> | undefined;
  /** These runs find the symbol's bars on their consumer. Default: never. */
  isKnown?(symbol: string, runs: readonly RunInfo[]): boolean;
  /** Assets that can be traded, by symbol. */
  assets: ReadonlyMap<string, Asset>;
  events: readonly ("second" | "minute" | "trade" | "quote")[];
  consumers: number;
  symbolsMax: number;
  runs: readonly RunInfo[];
  traits: readonly StrategyTraits[];
  clock: Clock & { readonly rate: number };
  /** What a trader before kept for a run that begins to follow a symbol. Default: nothing. */
  statesBefore?: Resumption["statesOf"];
  /** Sends a follow message to a consumer. */
  follow(consumer: number, message: FollowMessage): void;
  warn(message: string, properties: Record<string, unknown>): void;
}

/** How a consumer's runs go on in another's place. */
export interface Resumption {
  /** Puts the new runs in the place of the old; gives their numbers, by those that they continue. */
  swap(): ReadonlyMap<number, number>;
  /** What is kept of a strategy's state, by the new run: one entry, or none. */
  statesOf(runId: number, symbol: string): [runId: number, state: Json][];
  /** Until it succeeds. */
  retry<T>(task: () => Promise<T>): Promise<T>;
}

export class Followings {
  readonly #options: FollowingsOptions;
  /** Runs that follow a symbol. */
  readonly #runsOf = new Map<string, Set<number>>();
  /** Runs that gave a symbol up: what is picked again stays given up. */
  readonly #rejectedBy = new Map<string, Set<number>>();
  /** Symbols that cannot be traded: told once a session, though scans pick them again. */
  readonly #untradable = new Set<string>();
  /** Symbols by consumer. */
  readonly #load: number[];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: FollowingsOptions) {
    this.#options = options;
    this.#load = new Array(options.consumers).fill(0);
  }

  get symbols(): string[] {
    return [...this.#runsOf.keys()];
  }

  /**
   * Lets these strategies follow these symbols, where they do not yet. Gives the symbols that are
   * new to the session.
   * Picks and rejects go one after the other: what one sees of subscriptions must still hold when
   * it acts.
   */
  pick(
    picked: readonly string[],
    strategies: readonly string[],
    signal: AbortSignal,
  ): Promise<string[]> {
    return this.#inTurn(() => this.#pick(picked, strategies, signal));
  }

  /**
   * Lets these runs follow these symbols, whatever their number: they hold something in them, or have
   * followed them before the trader was restarted.
   */
  resume(
    held: readonly { symbol: string; runId: number }[],
    signal: AbortSignal,
  ): Promise<void> {
    return this.#inTurn(async () => {
      const wanted = new Map<string, RunInfo[]>();
      const fresh: string[] = [];
      for (const [symbol, group] of Map.groupBy(held, (one) => one.symbol)) {
        if (!this.#options.assets.has(symbol)) {
          this.#options.warn("{symbol} is held, but not among the assets any more", { symbol });
          continue;
        }
        const following = this.#runsOf.get(symbol);
        const runIds = new Set(group.map(({ runId }) => runId));
        const runs = [...runIds].filter((runId) => !following?.has(runId))
          .map((runId) => this.#run(runId));
        if (runs.length === 0) continue;
        if (following === undefined) fresh.push(symbol);
        wanted.set(symbol, runs);
        this.#add(symbol, runs);
      }
      await this.#begin(wanted, fresh, signal);
    });
  }

  /**
   * Subscribes to what no run of today's follows, but is held: the gateway watches its stops, and must
   * see prices for that.
   */
  watch(symbols: readonly string[], signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => {
      const { assets } = this.#options;
      const unseen = symbols.filter((symbol) => assets.has(symbol) && !this.#runsOf.has(symbol));
      return this.#subscribe([...new Set(unseen)], signal);
    });
  }

  /** A session begins after another: what no run holds is to be picked again. */
  startSession(assetClass: AssetClass, isHeld: (runId: number, symbol: string) => boolean): void {
    for (const [symbol, runs] of this.#runsOf) {
      if (assetClassOf(symbol) !== assetClass) continue;
      for (const runId of [...runs]) {
        if (!isHeld(runId, symbol)) this.#leave(this.#run(runId), symbol);
      }
    }
    for (const forgetful of [this.#rejectedBy, this.#untradable]) {
      for (const symbol of [...forgetful.keys()]) {
        if (assetClassOf(symbol) === assetClass) forgetful.delete(symbol);
      }
    }
  }

  /** A strategy no longer follows a symbol. */
  reject(runId: number, symbol: string, signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#reject(runId, symbol, signal));
  }

  /**
   * A consumer has begun anew. Sends what its runs follow; all of what its others followed is left.
   */
  replaceRuns(consumer: number, anew: Resumption, signal: AbortSignal): Promise<void> {
    return this.#inTurn(async () => {
      const old = this.#options.runs.filter((run) => run.consumer === consumer);
      const next = anew.swap();
      for (const sets of [this.#runsOf, this.#rejectedBy]) {
        for (const runs of sets.values()) {
          for (const [before, after] of next) if (runs.delete(before)) runs.add(after);
        }
      }
      const wanted = new Map<string, RunInfo[]>();
      for (const [symbol, runs] of [...this.#runsOf]) {
        for (const run of old) if (!next.has(run.runId)) this.#leave(run, symbol);
        const going = [...next.values()].filter((runId) => runs.has(runId));
        if (going.length > 0) wanted.set(symbol, going.map((runId) => this.#run(runId)));
      }
      if (wanted.size === 0) return;
      const messages = await anew.retry(() => this.#messages(wanted, signal));
      for (const [symbol, runs] of wanted) {
        const states = runs.flatMap(({ runId }) => anew.statesOf(runId, symbol));
        this.#start(runs, { ...messages.get(symbol)!, states });
      }
    });
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(task);
    this.#turn = result.catch(() => {});
    return result;
  }

  async #pick(
    picked: readonly string[],
    strategies: readonly string[],
    signal: AbortSignal,
  ): Promise<string[]> {
    const wanted = new Map<string, RunInfo[]>();
    const fresh: string[] = [];
    for (const symbol of new Set(picked)) {
      const isFresh = !this.#runsOf.has(symbol);
      if (isFresh && this.#runsOf.size >= this.#options.symbolsMax) continue;
      const runs = this.#runsFor(symbol, strategies);
      if (runs.length === 0) continue;
      wanted.set(symbol, runs);
      if (isFresh) fresh.push(symbol);
      this.#add(symbol, runs);
    }
    await this.#begin(wanted, fresh, signal);
    return fresh;
  }

  /** Subscribes to those that are new, and sends the runs' consumers their history. */
  async #begin(
    wanted: ReadonlyMap<string, RunInfo[]>,
    fresh: string[],
    signal: AbortSignal,
  ): Promise<void> {
    if (wanted.size === 0) return;
    try {
      // The stream first, then history: else a bar that ends between the two would be in neither.
      await this.#subscribe(fresh, signal);
      const messages = await this.#messages(wanted, signal);
      const { statesBefore = () => [] } = this.#options;
      for (const [symbol, runs] of wanted) {
        const states = runs.flatMap(({ runId }) => statesBefore(runId, symbol));
        const message = messages.get(symbol)!;
        this.#start(runs, states.length > 0 ? { ...message, states } : message);
      }
    } catch (error) {
      for (const [symbol, runs] of wanted) for (const run of runs) this.#leave(run, symbol);
      throw error;
    }
  }

  async #reject(runId: number, symbol: string, signal: AbortSignal): Promise<void> {
    const run = this.#options.runs.find((one) => one.runId === runId);
    // Its consumer has been replaced meanwhile, and the strategy is asked again.
    if (run === undefined) return;
    const rejectedBy = this.#rejectedBy.get(symbol) ?? new Set();
    this.#rejectedBy.set(symbol, rejectedBy.add(runId));
    if (!this.#leave(run, symbol)) return;
    await this.#options.stream(assetClassOf(symbol))?.unsubscribe(this.#channels([symbol]), signal);
  }

  /** The run is no longer among the symbol's. True: nobody wants the symbol's rows any more. */
  #leave(own: RunInfo, symbol: string): boolean {
    const runs = this.#runsOf.get(symbol);
    if (!runs?.delete(own.runId)) return false;
    const left = [...runs].map((id) => this.#run(id)).filter((r) => r.consumer === own.consumer);
    if (left.length === 0) this.#options.producer.unroute(symbol, own.consumer);
    if (this.#isPlaced(own) && !left.some((run) => this.#isPlaced(run))) {
      this.#load[own.consumer]--;
    }
    if (runs.size > 0) return false;
    this.#runsOf.delete(symbol);
    return !this.#options.producer.isRouted(symbol);
  }

  #run(runId: number): RunInfo {
    return this.#options.runs.find((one) => one.runId === runId)!;
  }

  /** The runs that should follow the symbol and do not: of each strategy one. */
  #runsFor(symbol: string, strategies: readonly string[]): RunInfo[] {
    if (!this.#options.assets.get(symbol)?.tradable) {
      if (!this.#untradable.has(symbol)) {
        this.#untradable.add(symbol);
        this.#options.warn("{symbol} was picked but cannot be traded", { symbol });
      }
      return [];
    }
    const following = this.#runsOf.get(symbol);
    const rejectedBy = this.#rejectedBy.get(symbol);
    const runs: RunInfo[] = [];
    for (const name of strategies) {
      const ofStrategy = this.#options.runs.filter(({ strategy }) => strategy === name);
      if (ofStrategy.length === 0) continue;
      if (ofStrategy.some(({ runId }) => following?.has(runId) || rejectedBy?.has(runId))) continue;
      const others = [...(following ?? [])].map((runId) => this.#run(runId));
      runs.push(this.#runOf(ofStrategy, [...others, ...runs]));
    }
    return runs;
  }

  /**
   * Its consumer is chosen by load; that of a collection is not, and says nothing about where
   * others should be.
   */
  #isPlaced({ strategy }: RunInfo): boolean {
    return !this.#options.traits.some(({ name, runsAll }) => name === strategy && runsAll);
  }

  /**
   * Of a strategy's runs the one on a consumer that has the symbol already, else on the one with
   * the fewest symbols.
   * A strategy with a grant of its own, or over a collection, is on one consumer only.
   */
  #runOf(ofStrategy: RunInfo[], others: RunInfo[]): RunInfo {
    const known = new Set(others.filter((run) => this.#isPlaced(run)).map((run) => run.consumer));
    return ofStrategy.find(({ consumer }) => known.has(consumer)) ??
      ofStrategy.reduce((least, run) =>
        this.#load[run.consumer] < this.#load[least.consumer] ? run : least
      );
  }

  /** From here on the rows of the symbol go to the consumers of these runs. */
  #add(symbol: string, runs: RunInfo[]): void {
    const following = this.#runsOf.get(symbol) ?? new Set<number>();
    this.#runsOf.set(symbol, following);
    const placed = new Set(
      [...following].map((id) => this.#run(id)).filter((run) => this.#isPlaced(run))
        .map((run) => run.consumer),
    );
    for (const run of runs) {
      following.add(run.runId);
      this.#options.producer.route(symbol, run.consumer);
      if (!this.#isPlaced(run) || placed.has(run.consumer)) continue;
      placed.add(run.consumer);
      this.#load[run.consumer]++;
    }
  }

  #start(runs: RunInfo[], message: Omit<FollowMessage, "runIds">): void {
    for (const consumer of new Set(runs.map((run) => run.consumer))) {
      const runIds = runs.filter((run) => run.consumer === consumer).map(({ runId }) => runId);
      this.#options.follow(consumer, { ...message, runIds });
    }
  }

  async #messages(
    wanted: ReadonlyMap<string, readonly RunInfo[]>,
    signal: AbortSignal,
  ): Promise<Map<string, Omit<FollowMessage, "runIds">>> {
    const isKnown = this.#options.isKnown ?? (() => false);
    const symbols = [...wanted.keys()];
    const unknown = symbols.filter((symbol) => !isKnown(symbol, wanted.get(symbol)!));
    const history = unknown.length === 0 ? null : await this.history(unknown, signal);
    const snapshots = await this.#options.provider.snapshots(symbols, signal);
    const closes = new Map(snapshots.map((one) => [one.symbol, one.previousClose]));
    return new Map(symbols.map((symbol) => [symbol, {
      type: "follow" as const,
      symbol,
      symbolId: this.#options.symbols.idOf(symbol),
      asset: this.#options.assets.get(symbol)!,
      history: history?.get(symbol) ?? NO_HISTORY,
      previousClose: closes.get(symbol) ?? NaN,
    }]));
  }

  /** Minute bars of these symbols that are complete by now, some sessions back. */
  history(symbols: string[], signal: AbortSignal) {
    const { clock } = this.#options;
    const nowUs = clock.nowUs();
    const fromUs = warmUpFromUs(nowUs);
    // A bar that starts a minute ago ends now; a later one would be still in the making. But where
    // the exchange's clock is ahead of ours, it has ended there, and been sent before we listened.
    // (A fast exchange is a simulated one, which gives what has ended there, and no more.)
    const lagUs = CLOCK_LAG_US_MAX * clock.rate;
    const toUs = nowUs - MINUTE_US + 1 + lagUs;
    const query = { symbols, scale: "minute", fromUs, toUs, adjustment: "split" } as const;
    return this.#options.provider.bars(query, signal);
  }

  async #subscribe(symbols: string[], signal: AbortSignal): Promise<void> {
    for (const assetClass of ["us_equity", "crypto"] as const) {
      const ofClass = symbols.filter((symbol) => assetClassOf(symbol) === assetClass);
      if (ofClass.length === 0) continue;
      const channels = this.#channels(ofClass);
      // What is not taken the stream tells itself.
      await this.#options.stream(assetClass)?.subscribe(channels, signal);
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
