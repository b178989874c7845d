import { assetClassOf } from "../../model/asset.ts";
import { addDays, exchangeDate, exchangeDay, sessionsBetween } from "../../model/calendar.ts";
import type { Side } from "../../model/order.ts";
import { type Decimal, decimal } from "../../util/decimal.ts";
import type { GatewayState } from "./state.ts";

/** Accounts below it are bound by the rule, in USD. */
const EQUITY_MIN = 25_000;
/** Day trades that such an account may make in five sessions. */
const DAY_TRADES_MAX = 3;
const SESSIONS = 5;

interface Fill {
  symbol: string;
  side: Side;
  qty: Decimal;
  timeUs: number;
}

/** What has been opened in a symbol on a day, and whether it has been closed since. */
interface Opened {
  day: number;
  isCounted: boolean;
}

/**
 * Day trades of the account: equities opened and closed on one exchange day (FINRA rule 4210, as it
 * was until 2026; optional here). Partial fills of one order are one trade, and so is what is closed
 * in parts without being added to.
 */
export class DayTrades {
  readonly #opened = new Map<string, Opened>();
  /** Exchange days of the day trades, ascending. */
  readonly #days: number[] = [];
  /** The account's positions as far as executions have told. */
  readonly #positions = new Map<string, Decimal>();

  /** What the account holds now, and its executions of the last five sessions, oldest first. */
  restore(held: readonly { symbol: string; qty: string }[], fills: readonly Fill[]): void {
    this.#opened.clear();
    this.#positions.clear();
    this.#days.length = 0;
    for (const { symbol, qty } of held) this.#positions.set(symbol, decimal(qty));
    for (const { symbol, side, qty } of fills) this.#move(symbol, side === "buy" ? qty.neg() : qty);
    for (const fill of fills) this.note(fill);
  }

  /** Any execution of the account, once. */
  note({ symbol, side, qty, timeUs }: Fill): void {
    if (assetClassOf(symbol) === "crypto") return;
    const before = this.#positions.get(symbol)?.s ?? 0;
    const isFlat = this.#positions.get(symbol)?.isZero ?? true;
    this.#move(symbol, side === "buy" ? qty : qty.neg());
    const day = exchangeDay(timeUs);
    const opens = isFlat || (side === "buy") === (before > 0);
    if (opens) {
      const opened = this.#opened.get(symbol);
      if (opened?.day !== day || opened.isCounted) {
        this.#opened.set(symbol, { day, isCounted: false });
      }
      return;
    }
    const opened = this.#opened.get(symbol);
    if (opened?.day !== day || opened.isCounted) return;
    opened.isCounted = true;
    this.#days.push(day);
  }

  /** Why an entry is kept back; null: it is not. Whatever is open of today may be closed today. */
  problem(equity: number, nowUs: number): string | null {
    if (equity >= EQUITY_MIN) return null;
    const today = exchangeDay(nowUs);
    const first = firstDay(nowUs);
    while (this.#days.length > 0 && this.#days[0] < first) this.#days.shift();
    let possible = 0;
    for (const [symbol, { day, isCounted }] of this.#opened) {
      if (day === today && !isCounted && !(this.#positions.get(symbol)?.isZero ?? true)) possible++;
    }
    if (this.#days.length + possible < DAY_TRADES_MAX) return null;
    return `${this.#days.length} day trades in five days, ${possible} more may follow from what is ` +
      `open, and the account is below ${EQUITY_MIN}`;
  }

  /** Executions are needed from then on. */
  static sinceUs(nowUs: number): number {
    return windowSessions(nowUs)[0].extendedOpenUs;
  }

  #move(symbol: string, qty: Decimal): void {
    this.#positions.set(symbol, (this.#positions.get(symbol) ?? decimal(0)).plus(qty));
  }
}

/** Today's session, or the one before, and the four before that. */
function windowSessions(nowUs: number) {
  const today = exchangeDate(nowUs);
  return sessionsBetween(addDays(today, -14), today).slice(-SESSIONS);
}

function firstDay(nowUs: number): number {
  return exchangeDay(windowSessions(nowUs)[0].openUs);
}

/** Where the rule is kept: what the account has traded in the days before, Liu's or not. */
export async function restoreDayTrades(
  state: GatewayState,
  signal: AbortSignal,
): Promise<void> {
  const { dayTrades, options: { broker } } = state;
  if (dayTrades === null) return;
  const held = await broker.positions(signal);
  dayTrades.restore(held, await broker.executions(DayTrades.sinceUs(state.nowUs()), signal));
}
