/** What a session does at which time: the open, scans, the liquidation of day trades, the close. */
import type { SessionWindow } from "../protocol.ts";
import { RetryableError } from "../util/errors.ts";
import type { Scans } from "./scans.ts";
import { Schedule } from "./schedule.ts";
import type { SessionOptions } from "./session_options.ts";
import type { SessionWorkers } from "./session_workers.ts";

/** What of a session a day needs: a backtest has it too, without workers. */
type DaySession =
  & Pick<
    SessionOptions,
    "batchId" | "liquidationMinutes" | "scanners" | "testScanners" | "onEvent" | "log"
  >
  & { store: Pick<SessionOptions["store"], "write"> };
type DayWorkers = Pick<SessionWorkers, "gatewayInbox" | "postGateway">;

const MINUTE_US = 60e6;

export interface TradingDayOptions {
  session: DaySession;
  workers: DayWorkers;
  scans: Pick<Scans, "run" | "isStopped">;
  /** True: time waits for what is due. */
  isStepping(): boolean;
  /** Where its tasks go; one of its own by default. */
  schedule?: Schedule;
  /** Numbers of its requests; counted from 0 by default. */
  nextId?(): number;
  /** Lets strategies follow picked symbols; gives those that are new. */
  follow(picked: string[], targets: string[]): Promise<string[]>;
  /** Something nobody waits for; its failure ends the session. */
  inBackground(task: Promise<void>): void;
  onPhase(text: string): void;
  onAllClosed(): void;
}

export class TradingDay {
  readonly schedule: Schedule;
  readonly #options: TradingDayOptions;
  #windowsOpen = 0;
  readonly #nextId: () => number;
  /**
   * Scanners that are running, by their place in the plan: they are not run a second time
   * meanwhile.
   */
  readonly #scanning = new Set<number>();
  /** Liquidations that have been answered, by window. */
  readonly #liquidated = new Map<SessionWindow, Promise<void>>();

  constructor(options: TradingDayOptions) {
    this.#options = options;
    this.schedule = options.schedule ?? new Schedule();
    let id = 0;
    this.#nextId = options.nextId ?? (() => id++);
  }

  /**
   * Puts the day's tasks on the schedule. `fromOpen`: minutes after the open from which each
   * scanner runs.
   */
  plan(windows: SessionWindow[], fromOpen: Map<string, number>, nowUs: number): void {
    const { liquidationMinutes, scanners } = this.#options.session;
    this.#windowsOpen = windows.length;
    for (const window of windows) {
      const { assetClass, openUs, closeUs } = window;
      const liquidateUs = closeUs - liquidationMinutes * MINUTE_US;
      this.#planOpen(window, nowUs);
      for (const [index, scanner] of scanners.entries()) {
        if (scanner.assetClass !== assetClass) continue;
        const startUs = openUs + (fromOpen.get(scanner.source.name) ?? 0) * MINUTE_US;
        this.#planScan(index, Math.max(startUs, nowUs), liquidateUs, window);
      }
      this.#at(liquidateUs, `${assetClass} liquidation`, () => this.#liquidate(window));
      this.#at(closeUs, `${assetClass} close`, () => this.#close(window));
    }
  }

  #at(dueUs: number, name: string, run: (nowUs: number) => Promise<void>): void {
    if (dueUs < Infinity) this.schedule.add({ dueUs, name, run });
  }

  #planOpen({ assetClass, openUs, date }: SessionWindow, nowUs: number): void {
    const isOpen = `${assetClass}: the session of ${date} is open`;
    if (openUs <= nowUs) return this.#options.onPhase(isOpen);
    this.#options.onPhase(`${assetClass}: waiting for the open of ${date}`);
    this.#at(openUs, `${assetClass} open`, () => {
      this.#options.onPhase(isOpen);
      return Promise.resolve();
    });
  }

  #planScan(index: number, dueUs: number, untilUs: number, window: SessionWindow): void {
    if (dueUs >= untilUs) return;
    const { recurrenceMinutes } = this.#options.session.scanners[index];
    this.#at(dueUs, "scan", async (nowUs) => {
      if (this.#options.scans.isStopped(index)) return;
      if (recurrenceMinutes !== null) {
        // What was missed while the machine slept is not made up for.
        const periodUs = recurrenceMinutes * MINUTE_US;
        const missed = Math.floor((nowUs - dueUs) / periodUs);
        this.#planScan(index, dueUs + (missed + 1) * periodUs, untilUs, window);
      }
      if (this.#scanning.has(index)) return;
      this.#scanning.add(index);
      const scan = this.#scan(index, nowUs, window).finally(() => this.#scanning.delete(index));
      // Where time goes on, a slow scan must not hold up the liquidation.
      if (this.#options.isStepping()) await scan;
      else this.#options.inBackground(scan);
    });
  }

  async #scan(index: number, nowUs: number, window: SessionWindow): Promise<void> {
    const { scans, session, follow } = this.#options;
    const { source: { name }, targets } = session.scanners[index];
    const result = await scans.run(index, name, nowUs, window);
    if (result.type === "scanFailed") {
      const { message, stack } = result;
      session.log("error", ["liu", "session"], "{scanner} has failed: {why}", {
        scanner: name,
        why: message,
        alert: "scanner_failed",
      });
      return session.onEvent({ type: "strategyFailed", strategy: name, message, stack });
    }
    const picked = result.symbols;
    session.store.write(picked.map((symbol) => ({
      table: "trending_tickers",
      row: { batchId: session.batchId, symbol, scannerName: name, createUs: nowUs },
    })));
    try {
      const added = session.testScanners ? [] : await follow(picked, targets);
      session.onEvent({ type: "scan", timeUs: nowUs, scanner: name, picked, added });
    } catch (error) {
      // The next scan may be luckier; what is traded already is traded on.
      if (!(error instanceof RetryableError)) throw error;
      session.log("warning", ["liu", "session"], "{scanner}'s picks are not followed: {reason}", {
        scanner: name,
        reason: error.message,
      });
    }
  }

  async #liquidate(window: SessionWindow): Promise<void> {
    const { assetClass, closeUs } = window;
    const { workers, session, onPhase, inBackground } = this.#options;
    onPhase(`${assetClass}: closing day trades`);
    const id = this.#nextId();
    const isThis = (message: { id: number }) => message.id === id;
    const taken = workers.gatewayInbox.next("liquidating", isThis);
    const done = workers.gatewayInbox.next("liquidated", isThis);
    const answered = done.then(({ flat, open }) => {
      if (flat) return onPhase(`${assetClass}: flat`);
      const left = open.map(({ symbol, qty }) => `${qty} ${symbol}`).join(", ");
      session.log("error", ["liu", "session"], "Not closed in time: {left}", {
        left,
        alert: "not_closed",
      });
    });
    this.#liquidated.set(window, answered);
    inBackground(answered);
    workers.postGateway({
      type: "liquidate",
      id,
      scope: "day_trades",
      assetClasses: [assetClass],
      reason: "liquidation",
      deadlineUs: closeUs,
    });
    await taken;
  }

  async #close(window: SessionWindow): Promise<void> {
    const { assetClass, date } = window;
    // The gateway says what is left at the deadline, which is now.
    await this.#liquidated.get(window);
    this.#options.onPhase(`${assetClass}: the session of ${date} is closed`);
    this.#windowsOpen--;
    if (this.#windowsOpen === 0) this.#options.onAllClosed();
  }
}
