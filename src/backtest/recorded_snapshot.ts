import type { Snapshot } from "../contracts/provider.ts";
import type { BarColumns } from "../model/bars.ts";
import type { KnownRows, RowClock } from "./known_rows.ts";

/** The row of a day that is not known. */
const NO_DAY: readonly number[] = new Array(8).fill(NaN);

/**
 * A symbol at a time, as the simulated exchange shows it. What is asked for is looked up when it is
 * asked for: a scan of a whole market looks at little of each symbol.
 * Invariant: it shows that time for ever.
 */
export class RecordedSnapshot implements Snapshot {
  readonly #rows: KnownRows;
  readonly #clock: RowClock;
  readonly #nowUs: number;
  /** Today so far from minute bars, where the newest complete day is not today's. */
  #made: readonly number[] | null = null;
  /** The newest complete day, and the one before the day that is shown. */
  #newest = -1;
  #before = -1;
  #isRead = false;

  constructor(rows: KnownRows, clock: RowClock, nowUs: number) {
    this.#rows = rows;
    this.#clock = clock;
    this.#nowUs = nowUs;
  }

  get symbol(): string {
    return this.#rows.data.symbol;
  }

  get last(): number {
    const price = this.#rows.lastTrade(this.#nowUs);
    return Number.isNaN(price) ? this.#today("close", 4) : price;
  }

  get bidPrice(): number {
    return this.#quoted("bidPrice");
  }

  get askPrice(): number {
    return this.#quoted("askPrice");
  }

  get todayOpen(): number {
    return this.#today("open", 1);
  }

  get todayHigh(): number {
    return this.#today("high", 2);
  }

  get todayLow(): number {
    return this.#today("low", 3);
  }

  get todayVolume(): number {
    return this.#today("volume", 5);
  }

  get todayVwap(): number {
    return this.#today("vwap", 6);
  }

  get previousClose(): number {
    if (!this.#isRead) this.#read();
    return this.#before >= 0 ? this.#rows.data.dailyBars.close[this.#before] : NaN;
  }

  get previousVolume(): number {
    if (!this.#isRead) this.#read();
    return this.#before >= 0 ? this.#rows.data.dailyBars.volume[this.#before] : NaN;
  }

  #quoted(side: "bidPrice" | "askPrice"): number {
    const quotes = this.#rows.quotes(this.#nowUs);
    if (quotes > 0) return this.#rows.data.quotes[side][quotes - 1];
    return this.#rows.lastTrade(this.#nowUs);
  }

  #today(name: keyof BarColumns, column: number): number {
    if (!this.#isRead) this.#read();
    if (this.#made !== null) return this.#made[column];
    return this.#rows.data.dailyBars[name][this.#newest];
  }

  #read(): void {
    this.#isRead = true;
    const { timeUs } = this.#rows.data.dailyBars;
    const newest = this.#newest = this.#rows.days(this.#nowUs) - 1;
    const made = this.#rows.today(this.#nowUs);
    const isPartial = made !== null && !(newest >= 0 && made[0] === timeUs[newest]);
    if (isPartial) this.#made = made;
    else if (newest < 0) this.#made = NO_DAY;
    const { openUs, closeUs } = this.#clock.day(this.#nowUs);
    const dayUs = this.#made === null ? timeUs[newest] : this.#made[0];
    const isToday = dayUs >= openUs && dayUs < closeUs;
    // Before the first bar of a day, the day is the one before.
    const shown = isPartial ? newest + 1 : newest;
    this.#before = isToday || shown < 0 ? shown - 1 : shown;
  }
}
