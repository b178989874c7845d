/** What a session does at which time: the open, scans, the liquidation of day trades, the close. */
import type { SessionWindow } from "../protocol.ts";
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
type DayWorkers = Pick<
  SessionWorkers,
  "gatewayInbox" | "postGateway" | "scannersInbox" | "postScanners"
>;

const MINUTE_US = 60e6;

export interface TradingDayOptions {
  session: DaySession;
  workers: DayWorkers;
  /** Where its tasks go; one of its own by default. */
  schedule?: Schedule;
  /** Numbers of its requests; counted from 0 by default. */
  nextId?(): number;
  /** Lets strategies follow picked symbols; gives those that are new. */
  follow(picked: string[], targets: string[], nowUs: number): Promise<string[]>;
  /** Something nobody waits for; its failure ends the session. */
  inBackground(task: Promise<void>): void;
  onPhase(text: string): void;
  onAllClosed(): void;
}

export class TradingDay {
  readonly schedule: Schedule;
  /** Positions that could not be closed in time. */
  readonly open: { symbol: string; qty: string }[] = [];
  readonly #options: TradingDayOptions;
  #windowsOpen = 0;
  readonly #nextId: () => number;

  constructor(options: TradingDayOptions) {
    this.#options = options;
    this.schedule = options.schedule ?? new Schedule();
    let id = 0;
    this.#nextId = options.nextId ?? (() => id++);
  }

  /** Puts the day's tasks on the schedule. `fromOpen`: minutes after the open from which each scanner runs. */
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
      await this.#scan(index, nowUs, window);
      if (recurrenceMinutes === null) return;
      // What was missed while the machine slept is not made up for.
      const periodUs = recurrenceMinutes * MINUTE_US;
      const missed = Math.floor((nowUs - dueUs) / periodUs);
      this.#planScan(index, dueUs + (missed + 1) * periodUs, untilUs, window);
    });
  }

  async #scan(index: number, nowUs: number, window: SessionWindow): Promise<void> {
    const { workers, session, follow } = this.#options;
    const { source: { name }, targets } = session.scanners[index];
    const id = this.#nextId();
    const isThis = (message: { id: number }) => message.id === id;
    const answer = workers.scannersInbox.nextOf(["picked", "scanFailed"], isThis);
    workers.postScanners({ type: "scan", id, scanner: name, timeUs: nowUs, window });
    const result = await answer;
    if (result.type === "scanFailed") {
      const { message, stack } = result;
      return session.onEvent({ type: "strategyFailed", strategy: name, message, stack });
    }
    const picked = result.symbols;
    session.store.write(picked.map((symbol) => ({
      table: "trending_tickers",
      row: { batchId: session.batchId, symbol, scannerName: name, createUs: nowUs },
    })));
    const added = session.testScanners ? [] : await follow(picked, targets, nowUs);
    session.onEvent({ type: "scan", timeUs: nowUs, scanner: name, picked, added });
  }

  async #liquidate({ assetClass, closeUs }: SessionWindow): Promise<void> {
    const { workers, session, onPhase, inBackground } = this.#options;
    onPhase(`${assetClass}: closing day trades`);
    const id = this.#nextId();
    const isThis = (message: { id: number }) => message.id === id;
    const taken = workers.gatewayInbox.next("liquidating", isThis);
    const done = workers.gatewayInbox.next("liquidated", isThis);
    inBackground(done.then(({ flat, open }) => {
      if (flat) return onPhase(`${assetClass}: flat`);
      this.open.push(...open);
      const left = open.map(({ symbol, qty }) => `${qty} ${symbol}`).join(", ");
      session.log("error", ["liu", "session"], "Not closed in time: {left}", { left });
    }));
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

  #close({ assetClass, date }: SessionWindow): Promise<void> {
    this.#options.onPhase(`${assetClass}: the session of ${date} is closed`);
    this.#windowsOpen--;
    if (this.#windowsOpen === 0) this.#options.onAllClosed();
    return Promise.resolve();
  }
}
