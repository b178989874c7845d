/**
 * Sessions one after the other, each as a trader's: the open, scans, the liquidation of day trades,
 * the close. Each class of assets has its own; a session that has no close goes on to the end.
 */
import type { SessionOptions } from "../engine/session_options.ts";
import { Schedule } from "../engine/schedule.ts";
import { sessionWindows } from "../engine/session_windows.ts";
import { TradingDay, type TradingDayOptions } from "../engine/trading_day.ts";
import type { AssetClass } from "../model/asset.ts";
import { cryptoSession } from "../model/calendar.ts";
import type { SessionWindow } from "../protocol.ts";

export interface SessionsOptions extends
  Pick<
    TradingDayOptions,
    "session" | "workers" | "scans" | "follow" | "inBackground" | "onPhase"
  > {
  assets: readonly AssetClass[];
  cryptoEndMinutes: SessionOptions["cryptoEndMinutes"];
  /** Minutes after the open from which each scanner runs. */
  fromOpen: Map<string, number>;
  /** No session begins then or later. */
  untilUs: number;
  /** Sessions of these classes begin: tells consumer and gateway. */
  onBegin(windows: SessionWindow[]): void;
  /** No session is on. */
  onRest(): void;
}

export class Sessions {
  readonly schedule = new Schedule();
  readonly windows: SessionWindow[] = [];
  readonly #options: SessionsOptions;
  #nextId = 0;
  #open = 0;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** The first sessions, of all classes. */
  start(nowUs: number): void {
    this.#begin(sessionWindows(this.#options, nowUs), nowUs);
  }

  /** A session is on, or has been begun and waits for its open. */
  get isOn(): boolean {
    return this.#open > 0;
  }

  #begin(windows: SessionWindow[], nowUs: number): void {
    this.windows.push(...windows);
    this.#open += windows.length;
    this.#options.onBegin(windows);
    for (const window of windows) {
      const day = new TradingDay({
        ...this.#options,
        isStepping: () => true,
        schedule: this.schedule,
        nextId: () => this.#nextId++,
        onAllClosed: () => this.#closed(window),
      });
      day.plan([window], this.#options.fromOpen, nowUs);
    }
  }

  /** The next session of the class begins with its day. */
  #closed({ assetClass, closeUs }: SessionWindow): void {
    this.#open--;
    if (this.#open === 0) this.#options.onRest();
    const { cryptoEndMinutes } = this.#options;
    const [next] = sessionWindows({ assets: [assetClass], cryptoEndMinutes }, closeUs);
    const dueUs = Math.max(closeUs, cryptoSession(next.date).openUs);
    if (dueUs >= this.#options.untilUs) return;
    this.schedule.add({
      dueUs,
      name: `${assetClass} session`,
      run: (nowUs) => {
        this.#begin([next], nowUs);
        return Promise.resolve();
      },
    });
  }
}
