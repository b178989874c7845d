/**
 * Positions of runs that somebody else has closed: the broker, that liquidates the account, or its
 * owner. Whoever closes them does not want them opened again a minute later.
 */
import { exchangeDate, exchangeTime } from "../../model/calendar.ts";

/** Several symbols within this are no correction of one position, but the account's liquidation. */
const TOGETHER_US = 60e6;
const NAMED_MAX = 10;

export class ClosedOutside {
  /** Market time of the newest, by symbol. */
  readonly #closedUs = new Map<string, number>();
  /** The newest that were closed together. */
  #together: { symbols: string[]; timeUs: number } | null = null;

  /** True: others were closed so within a minute. */
  note(symbol: string, timeUs: number): boolean {
    this.#closedUs.set(symbol, timeUs);
    const symbols = [...this.#closedUs].filter(([, us]) => Math.abs(timeUs - us) <= TOGETHER_US)
      .map(([name]) => name);
    if (symbols.length < 2) return false;
    this.#together = { symbols: symbols.sort(), timeUs };
    return true;
  }

  /** A person has looked. */
  clear(): void {
    this.#closedUs.clear();
    this.#together = null;
  }

  /** Why nothing is entered in the symbol; null: nothing of this day speaks against it. */
  reasonOf(symbol: string, nowUs: number): string | null {
    if (this.#closedUs.size === 0) return null;
    const closedUs = this.#closedUs.get(symbol);
    if (closedUs === undefined || exchangeDate(closedUs) !== exchangeDate(nowUs)) return null;
    const time = exchangeTime(closedUs);
    return `somebody else closed a position in ${symbol} at ${time}: no entries in it today, ` +
      "unless liu resume lifts it";
  }

  /** Why nothing is entered at all; null: nothing of this day speaks against it. */
  liquidationOf(nowUs: number): string | null {
    if (this.#together === null) return null;
    const { symbols, timeUs } = this.#together;
    if (exchangeDate(timeUs) !== exchangeDate(nowUs)) return null;
    const named = symbols.slice(0, NAMED_MAX).join(", ") +
      (symbols.length > NAMED_MAX ? ", …" : "");
    return `positions in ${named} were closed by somebody else, as a broker does that ` +
      `liquidates an account: look there; liu resume lifts it`;
  }
}
