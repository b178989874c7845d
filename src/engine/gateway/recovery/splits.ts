import type { BrokerPosition } from "../../../contracts/broker.ts";
import { tickSize } from "../../../model/asset.ts";
import { addDays, exchangeDate } from "../../../model/calendar.ts";
import { type Split, splitIncrement, splitPrice } from "../../../model/split.ts";
import { decimal, plain, roundToTick } from "../../../util/decimal.ts";
import { OperationError } from "../../../util/errors.ts";
import type { GatewayState } from "../state.ts";

const ZERO = decimal(0);

/** What the journal has of splits. */
export interface SplitsDone {
  /** The last date that was looked at; null: none was yet. */
  doneTo: string | null;
  made: readonly Split[];
}

/**
 * Splits since the last start, of what is held: positions, stops and targets are rescaled before the
 * book is compared with the broker's positions. Exits that rest at the broker with old prices are
 * not as wanted then, and are replaced. A split that the broker has not made yet is left for the
 * next start, and told.
 */
export async function makeSplits(
  state: GatewayState,
  { doneTo, made }: SplitsDone,
  held: readonly Pick<BrokerPosition, "symbol" | "qty">[],
  signal: AbortSignal,
): Promise<void> {
  const { broker, journal, log } = state.options;
  if (broker.splits === undefined || !journal.isKept) return;
  const today = exchangeDate(state.nowUs());
  const symbols = heldSymbols(state);
  const isKnown = (split: Split) =>
    made.some(({ symbol, date }) => symbol === split.symbol && date === split.date);
  let splits: Split[] = [];
  let isMissing = false;
  if (doneTo !== null && doneTo < today && symbols.length > 0) {
    try {
      splits = await broker.splits(symbols, addDays(doneTo, 1), today, signal);
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      // The broker's positions are compared with the book all the same.
      isMissing = true;
      log("error", "Splits since {doneTo} are not known: {reason}", {
        doneTo,
        reason: error.message,
        alert: "splits_unknown",
      });
    }
  }
  for (const split of splits.toSorted(byDate)) {
    if (!symbols.includes(split.symbol) || isKnown(split)) continue;
    const qty = decimal(held.find(({ symbol }) => symbol === split.symbol)?.qty ?? ZERO);
    const isMade = !state.book.net(split.symbol).eq(qty);
    isMissing ||= !isMade;
    tell(state, split, isMade);
    if (!isMade) continue;
    applySplit(state, split, qty.isWhole);
    journal.note({ type: "split", split, isWhole: qty.isWhole });
  }
  if (!isMissing) journal.note({ type: "splits_done", to: today });
}

function byDate(a: Split, b: Split): number {
  return a.date < b.date ? -1 : a.date > b.date ? 1 : 0;
}

function tell(state: GatewayState, split: Split, isMade: boolean): void {
  const { log } = state.options;
  const what = "{symbol}: {newShares} shares for {oldShares} from {date} on";
  if (isMade) log("warning", `${what}; position, stop and target are rescaled`, { ...split });
  else {log("error", `${what}, but the broker still has the old quantity: look at it`, {
      ...split,
      alert: "split_not_made",
    });}
}

/** `isWhole`: the broker keeps no parts of shares of it. */
export function applySplit(state: GatewayState, split: Split, isWhole: boolean): void {
  state.book.split(split, splitIncrement(isWhole));
  const desk = state.desk(split.symbol);
  for (const { runId, stopPrice, targetPrice, sinceUs } of desk.protections.values()) {
    const isLong = (desk.positions.get(runId)?.qty.s ?? 1) > 0;
    const rescaled = (price: string | null) => {
      if (price === null) return null;
      const exact = splitPrice(price, split);
      const tick = tickSize({ priceIncrement: null }, exact.toNumber());
      return plain(roundToTick(exact, tick, isLong ? "up" : "down"));
    };
    const prices = { stopPrice: rescaled(stopPrice), targetPrice: rescaled(targetPrice) };
    desk.restoreProtection(runId, prices, sinceUs);
  }
  desk.touch();
}

function heldSymbols(state: GatewayState): string[] {
  const symbols = new Set([...state.book.all()].map(({ symbol }) => symbol));
  for (const [symbol, qty] of state.book.externals()) if (!qty.isZero) symbols.add(symbol);
  return [...symbols].filter((symbol) => !symbol.includes("/")).sort();
}
