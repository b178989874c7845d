import { RowKind, TradingStatus } from "../model/market_batch.ts";
import type { SessionLog } from "./session_options.ts";

const NAMES: Record<number, string> = {
  [TradingStatus.halted]: "halted",
  [TradingStatus.luldPause]: "paused at its price band",
  [TradingStatus.marketWideHalt]: "halted, as the whole market is",
};

export interface HaltsOptions {
  nameOf(symbol: number): string;
  /** To whoever sends orders. */
  tell(symbol: string, isHalted: boolean): void;
  /** As the exchange would say it: to whoever decides. */
  resume(symbol: number, timeUs: number): void;
  log: SessionLog;
}

/**
 * Which symbols are halted. Statuses are sent when they change and cannot be asked for: one that
 * came while the stream was away is lost. So a symbol that was halted then is taken for trading
 * again when a trade or a bar of a later time comes.
 */
export class Halts {
  readonly #options: HaltsOptions;
  /** By symbol: from when on a trade would show that it is over; ∞ where its end will be told. */
  readonly #halted = new Map<number, number>();
  readonly #statuses = new Map<number, number>();
  /** Some ends may have been missed: all rows are looked at. */
  isUnsure = false;

  constructor(options: HaltsOptions) {
    this.#options = options;
  }

  /** A row: of statuses always, of others while some ends may have been missed. */
  hear(kind: number, symbol: number, timeUs: number, a: number): void {
    if (kind === RowKind.status) return this.#onStatus(symbol, a);
    if (kind !== RowKind.trade && kind !== RowKind.minuteBar) return;
    const fromUs = this.#halted.get(symbol);
    if (fromUs === undefined || !(timeUs >= fromUs)) return;
    this.#options.resume(symbol, timeUs);
    this.#onStatus(symbol, TradingStatus.trading);
  }

  /** As it was told last. */
  statusOf(symbol: number): number {
    return this.#statuses.get(symbol) ?? TradingStatus.trading;
  }

  /** The stream of these is back. */
  onRestored(isOfStream: (symbol: number) => boolean, nowUs: number): void {
    for (const symbol of this.#halted.keys()) {
      if (isOfStream(symbol)) this.#halted.set(symbol, nowUs);
    }
    this.#update();
  }

  #onStatus(symbol: number, status: number): void {
    const name = this.#options.nameOf(symbol);
    const isHalted = status !== TradingStatus.trading;
    if (isHalted === this.#halted.has(symbol)) return;
    this.#statuses.set(symbol, status);
    if (isHalted) this.#halted.set(symbol, Infinity);
    else this.#halted.delete(symbol);
    this.#update();
    this.#options.tell(name, isHalted);
    const { log } = this.#options;
    if (!isHalted) return log("info", "{symbol} is traded again", { symbol: name });
    const what = NAMES[status] ?? NAMES[TradingStatus.halted];
    log("warning", "{symbol} is {what}: no entries until it is traded again", {
      symbol: name,
      what,
    });
  }

  #update(): void {
    this.isUnsure = [...this.#halted.values()].some((fromUs) => fromUs < Infinity);
  }
}
