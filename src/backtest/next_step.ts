import type { BacktestMarket } from "./backtest_market.ts";
import type { GatewayLink } from "./gateway_link.ts";
import type { Picks } from "./picks.ts";
import type { Sessions } from "./sessions.ts";

const MINUTE_US = 60e6;

/** When the next step is: at the next event, task, or, where something waits for it, minute. */
export class NextStep {
  /** Set by `find`; Infinity where nothing is to come. */
  us = NaN;
  readonly #options: NextStepOptions;

  constructor(options: NextStepOptions) {
    this.#options = options;
  }

  find(): void {
    const { market, sessions, picks, gateway, isDaily, hasMinutes } = this.#options;
    const { nextDueUs } = sessions.schedule;
    let us = market.replay.nextUs;
    if (nextDueUs < us) {
      const dueUs = Math.ceil(nextDueUs / MINUTE_US) * MINUTE_US;
      if (dueUs < us) us = dueUs;
    }
    if (picks.nextUs < us) us = picks.nextUs;
    const isToWait = hasMinutes && sessions.isOn || !gateway.isQuiet;
    if (isToWait && us !== Infinity && !isDaily) {
      const minuteUs = (Math.floor(market.nowUs / MINUTE_US) + 1) * MINUTE_US;
      if (minuteUs < us) us = minuteUs;
    }
    this.us = us;
  }
}

interface NextStepOptions {
  market: BacktestMarket;
  sessions: Sessions;
  picks: Picks;
  gateway: GatewayLink;
  isDaily: boolean;
  /** Something runs by the clock, without an event. */
  hasMinutes: boolean;
}
