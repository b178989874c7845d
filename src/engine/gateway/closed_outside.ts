/**
 * Positions of runs that somebody else has closed: the broker, that liquidates the account, or its
 * owner. Whoever closes them does not want them opened again a minute later.
 */
import { exchangeDate, exchangeTime } from "../../model/calendar.ts";

/** Several symbols within this are no correction of one position, but the account's liquidation. */
const TOGETHER_US = 60e6;

export class ClosedOutside {
  /** Market time of the newest, by symbol. */
  readonly #closedUs = new Map<string, number>();

  /** Of all symbols that were closed so within a minute, where there are others; else null. */
  note(symbol: string, timeUs: number): string[] | null {
    this.#closedUs.set(symbol, timeUs);
    const together = [...this.#closedUs].filter(([, us]) => Math.abs(timeUs - us) <= TOGETHER_US)
      .map(([name]) => name);
    return together.length > 1 ? together.sort() : null;
  }

  /** Why nothing is entered in the symbol; null: nothing of this day speaks against it. */
  reasonOf(symbol: string, nowUs: number): string | null {
    if (this.#closedUs.size === 0) return null;
    const closedUs = this.#closedUs.get(symbol);
    if (closedUs === undefined || exchangeDate(closedUs) !== exchangeDate(nowUs)) return null;
    const time = exchangeTime(closedUs);
    return `somebody else closed a position in ${symbol} at ${time}: no entries in it today`;
  }
}
