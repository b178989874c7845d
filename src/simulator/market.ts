/**
 * The market's clock and what moves with it: events to the exchange, then to the sockets.
 * Invariants: the clock never goes back; everything of a time is given out before the clock passes
 * it; a step is: clock, fills, market data, markers.
 */
import { setImmediate } from "node:timers";
import type { Exchange } from "../matching/exchange.ts";
import { RowKind } from "../model/market_batch.ts";
import { assert } from "../util/assert.ts";
import { dayHours } from "../recorded/market_data.ts";
import type { Monotonic } from "../wire/monotonic.ts";
import { StepGate } from "./step_gate.ts";
import type { Timeline } from "./timeline.ts";

/** Delay of the feed that is called delayed. */
export const FEED_DELAY_US = 15 * 60_000_000;
/** setTimeout's longest wait; a longer one is waited for in parts. */
const WAIT_MS_MAX = 60_000;
/** After this the unsent bytes of a slow reader are looked at again. */
const SLOW_READER_WAIT_MS = 2;

export interface MarketOptions {
  timeline: Timeline;
  exchange: Exchange;
  startUs: number;
  endUs: number;
  speed: number | "max";
  /** What the clock runs on at finite speeds. */
  monotonic: Monotonic;
  /** Sends events [from, to) to sockets of the feed. */
  publish(feed: "now" | "delayed", from: number, to: number): void;
  /** False while a socket has too much unsent: the next step waits. */
  canPublish(): boolean;
}

export class Market {
  readonly gate: StepGate;
  readonly #options: MarketOptions;
  readonly #startMs: number;
  /** The current step; 0 is before the first. */
  #step = 0;
  #nowUs: number;
  #delayedTo = 0;
  #isClosed = false;
  #isQueued = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopWaiting: () => void = () => {};

  constructor(options: MarketOptions) {
    this.#options = options;
    this.#startMs = options.monotonic.nowMs();
    this.#nowUs = options.startUs;
    this.gate = new StepGate(() => this.#step, () => this.#queueStep());
    if (options.speed !== "max") this.#waitForStep();
  }

  get isStepping(): boolean {
    return this.#options.speed === "max";
  }

  get rate(): number {
    return this.#options.speed === "max" ? 0 : this.#options.speed;
  }

  get step(): { n: number; timeUs: number; isLast: boolean } {
    const { stepsUs } = this.#options.timeline;
    const timeUs = this.#step === 0 ? this.#options.startUs : stepsUs[this.#step - 1];
    return { n: this.#step, timeUs, isLast: this.#step === stepsUs.length };
  }

  /** The clock, after all that was due has been given out. */
  nowUs(): number {
    if (!this.isStepping) this.#catchUp();
    return this.#nowUs;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#stopWaiting();
  }

  #advanceTo(us: number): void {
    if (us <= this.#nowUs) return;
    this.#nowUs = us;
    this.#options.exchange.advanceTo(us);
  }

  #runStep(): void {
    const { timeline, publish } = this.#options;
    assert(this.#step < timeline.stepsUs.length, "a step after the last");
    const timeUs = timeline.stepsUs[this.#step];
    const from = timeline.firstEvent[this.#step];
    const to = timeline.firstEvent[this.#step + 1];
    this.#step++;
    this.#advanceTo(timeUs);
    for (let event = from; event < to; event++) this.#match(event);
    publish("now", from, to);
    const delayedFrom = this.#delayedTo;
    this.#delayedTo = this.#eventsUntil(timeUs - FEED_DELAY_US, delayedFrom);
    if (this.#delayedTo > delayedFrom) publish("delayed", delayedFrom, this.#delayedTo);
    if (this.isStepping) this.gate.sendStep();
  }

  /** The first event, from `event` on, that is due after `us`. */
  #eventsUntil(us: number, event: number): number {
    const { stepsUs, firstEvent } = this.#options.timeline;
    let low = 0;
    let high = stepsUs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (stepsUs[middle] <= us) low = middle + 1;
      else high = middle;
    }
    return Math.max(event, firstEvent[low]);
  }

  #match(event: number): void {
    const { timeline, exchange } = this.#options;
    const data = timeline.symbols[timeline.symbol[event]];
    const i = timeline.row[event];
    switch (timeline.kind[event]) {
      case RowKind.minuteBar: {
        const { timeUs, open, high, low, close, volume } = data.minuteBars;
        exchange.onBar(data.symbol, timeUs[i], open[i], high[i], low[i], close[i], volume[i]);
        break;
      }
      case RowKind.dailyBar: {
        const { timeUs, open, high, low, close, volume } = data.dailyBars;
        const { openUs, closeUs } = dayHours(data.assetClass, timeUs[i]);
        exchange.onBar(
          data.symbol,
          openUs,
          open[i],
          high[i],
          low[i],
          close[i],
          volume[i],
          closeUs - openUs,
        );
        break;
      }
      case RowKind.quote: {
        const { timeUs, bidPrice, bidSize, askPrice, askSize } = data.quotes;
        exchange.onQuote(
          data.symbol,
          timeUs[i],
          bidPrice[i],
          bidSize[i],
          askPrice[i],
          askSize[i],
        );
        break;
      }
      default:
        exchange.onTrade(
          data.symbol,
          data.trades.timeUs[i],
          data.trades.price[i],
          data.trades.size[i],
        );
    }
  }

  // ---- speed "max"

  /** Goes on when this turn's messages have been read, so that requests come between steps. */
  #queueStep(): void {
    if (this.#isQueued || this.#isClosed || !this.#mayStep()) return;
    this.#isQueued = true;
    const run = () => {
      this.#isQueued = false;
      if (this.#isClosed || !this.#mayStep()) return;
      if (this.#options.canPublish()) this.#runStep();
      this.#queueStep();
    };
    // Members give way to other work by what they wait for; with nobody to wait for, we do.
    if (!this.#options.canPublish()) this.#timer = setTimeout(run, SLOW_READER_WAIT_MS);
    else if (this.gate.hasMembers) queueMicrotask(run);
    else setImmediate(run);
  }

  #mayStep(): boolean {
    return this.isStepping && this.#step < this.#options.timeline.stepsUs.length &&
      this.gate.isOpen;
  }

  // ---- finite speeds

  #wantedUs(): number {
    const elapsedMs = this.#options.monotonic.nowMs() - this.#startMs;
    const us = this.#options.startUs + Math.floor(elapsedMs * this.rate * 1000);
    return Math.max(this.#nowUs, Math.min(us, this.#options.endUs));
  }

  #catchUp(): void {
    const { stepsUs } = this.#options.timeline;
    const wantedUs = this.#wantedUs();
    while (this.#step < stepsUs.length && stepsUs[this.#step] <= wantedUs) this.#runStep();
    this.#advanceTo(wantedUs);
  }

  #waitForStep(): void {
    const { stepsUs } = this.#options.timeline;
    if (this.#isClosed || this.#step >= stepsUs.length) return;
    const waitMs = (stepsUs[this.#step] - this.#wantedUs()) / 1000 / this.rate;
    const ms = Math.min(Math.max(0, Math.ceil(waitMs)), WAIT_MS_MAX);
    this.#stopWaiting = this.#options.monotonic.after(ms, () => {
      this.#catchUp();
      this.#waitForStep();
    });
  }
}
