/**
 * What executions earned: round trips and gains of each algo_run and symbol, in exact decimals.
 * Invariant: nothing is lost in rounding. For each (run, symbol), what the executions did to the
 * cash is `gainValue`, less what the open position at their end cost more than that at their
 * beginning (a short's proceeds count against its fees). Without a position at the beginning,
 * `gainValue` is the gains of the trips and what the open position has realised.
 */
import type { GainLossRow, TradeAnalysisRow, TradeRow } from "../contracts/store.ts";
import { Decimal, decimal, plain } from "../util/decimal.ts";

/** Shares of a cost or a fee are rounded to this many decimals; their sum is exact all the same. */
const SHARE_DECIMALS = 12;
const PRICE_DECIMALS = 12;
const PERCENTAGE_DECIMALS = 4;
const R_UNIT_DECIMALS = 2;

/**
 * One trade: from flat to flat, with its partial fills, scale-ins and scale-outs. Decimal texts.
 */
export interface RoundTrip {
  side: "long" | "short";
  /** Times of the first and last execution, microseconds since the epoch. */
  startUs: number;
  endUs: number;
  /** All that was opened, > 0. */
  qty: string;
  /** Averages weighted by quantity, 12 decimals at most. */
  entryPrice: string;
  exitPrice: string;
  /** Σ price × quantity of the entries. */
  openingNotional: string;
  /** Of entries and exits, ≥ 0. */
  fees: string;
  /** Proceeds − cost − fees. */
  gainValue: string;
  /** gainValue ÷ openingNotional × 100, 4 decimals at most. */
  gainPercentage: string;
  /**
   * (exit − entry) ÷ (entry − stop), for a short with the signs turned, 2 decimals at most; the
   * stop is that of the entries as they were made, weighted by quantity: one that was moved later
   * changes nothing. null where no entry had one, or it was not on the side that loses.
   */
  rUnits: string | null;
  /** How many executions it is made of; one that turns a position over counts in both trips. */
  executions: number;
}

/** What is still held after the last execution. Decimal texts. */
export interface OpenPosition {
  side: "long" | "short";
  startUs: number;
  /** > 0 on both sides. */
  qty: string;
  /** Average cost, 12 decimals at most. */
  averagePrice: string;
  /** What the held quantity was bought (short: sold) for, ≥ 0, without fees. */
  cost: string;
  /** The held quantity's share of the entries' fees. */
  fees: string;
  /** Gain of what was already taken off, fees included; its cost is the average at that time. */
  realisedValue: string;
}

export interface SymbolResult {
  algoRunId: number;
  symbol: string;
  trips: RoundTrip[];
  open: OpenPosition | null;
  /**
   * What the executions realised, less fees: of a trip that began before them, what they added. What
   * a position has not realised is not in it. So sums over batches count nothing twice.
   */
  gainValue: string;
  /**
   * gainValue ÷ opening notional of all that was closed × 100, 4 decimals at most; "0" if nothing
   * was.
   */
  gainPercentage: string;
  /** Of all executions, the open position's included; not of those before. */
  fees: string;
  /** Fees that are in gainValue: those of exits, and the share of entries that was closed. */
  gainFees: string;
}

export interface AnalyzeOptions {
  /**
   * algo_run_id → the run it carries on with its positions (a restart within the session). Their
   * executions are one story, told under the first run's id. Without it each run stands alone.
   */
  continues?: ReadonlyMap<number, number>;
  /**
   * Executions that opened what the runs began with. Trips begin with them, but what they realised,
   * and their fees, belong to whom they were made by.
   */
  before?: readonly TradeRow[];
}

/**
 * Executions to round trips, by run and symbol, ordered by both. Executions are taken by time,
 * those of one time in the order given. The sign of the position decides what opens and what
 * closes: an execution that is larger than the position closes it and opens the other side, its fee
 * shared by quantity. Formulas: LiuAlgoTrader's trade analysis.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const row = {
 *   algoRunId: 1, symbol: "AAPL", fee: "0", indicators: null, decidedUs: null, targetPrice: null,
 *   brokerOrderId: "a", clientOrderId: "a", cumulativeQty: "10",
 * };
 * const [result] = analyzeTrades([
 *   { ...row, operation: "buy", qty: "10", price: "100", stopPrice: "98", tradeUs: 1 },
 *   { ...row, operation: "sell", qty: "10", price: "103", stopPrice: null, tradeUs: 2 },
 * ]);
 * assert.equal(result.trips[0].gainValue, "30");
 * assert.equal(result.trips[0].gainPercentage, "3");
 * assert.equal(result.trips[0].rUnits, "1.5");
 * ```
 */
export function analyzeTrades(
  trades: readonly TradeRow[],
  options: AnalyzeOptions = {},
): SymbolResult[] {
  const books = new Map<string, SymbolBook>();
  const add = (trade: TradeRow) => {
    const runId = firstRun(trade.algoRunId, options.continues);
    const key = `${runId} ${trade.symbol}`;
    let book = books.get(key);
    if (book === undefined) books.set(key, book = new SymbolBook(runId, trade.symbol));
    book.add(trade);
  };
  const byTime = (rows: readonly TradeRow[]) => rows.toSorted((a, b) => a.tradeUs - b.tradeUs);
  for (const trade of byTime(options.before ?? [])) add(trade);
  for (const book of books.values()) book.begin();
  for (const trade of byTime(trades)) add(trade);
  return [...books.values()].map((book) => book.result()).sort((a, b) =>
    a.algoRunId - b.algoRunId || (a.symbol < b.symbol ? -1 : 1)
  );
}

/** The row of gain_loss; `timeUs` is when it was computed. */
export function gainLossRow(result: SymbolResult, timeUs: number): GainLossRow {
  return {
    symbol: result.symbol,
    algoRunId: result.algoRunId,
    gainPercentage: result.gainPercentage,
    gainValue: result.gainValue,
    timeUs,
  };
}

/** The rows of trade_analysis, one a round trip. An open position has none. */
export function tradeAnalysisRows(result: SymbolResult, timeUs: number): TradeAnalysisRow[] {
  return result.trips.map((trip) => ({
    symbol: result.symbol,
    algoRunId: result.algoRunId,
    startUs: trip.startUs,
    endUs: trip.endUs,
    gainPercentage: trip.gainPercentage,
    gainValue: trip.gainValue,
    rUnits: trip.rUnits,
    timeUs,
  }));
}

function firstRun(algoRunId: number, continues: ReadonlyMap<number, number> | undefined): number {
  let run = algoRunId;
  // A row refers to an older one, so its number falls; anything else is no chain.
  for (let next = continues?.get(run); next !== undefined && next < run;) {
    run = next;
    next = continues?.get(run);
  }
  return run;
}

/** Sums of what was closed. */
interface Realised {
  gain: Decimal;
  notional: Decimal;
  fees: Decimal;
}

const NOTHING: Realised = { gain: decimal(0), notional: decimal(0), fees: decimal(0) };

class SymbolBook {
  #trips: RoundTrip[] = [];
  #trip: Trip | null = null;
  #closed = NOTHING;
  #fees = decimal(0);
  /** What was realised before. */
  #before = NOTHING;
  #lastStartUs = -Infinity;

  constructor(readonly algoRunId: number, readonly symbol: string) {}

  /** What has been added until now was before. */
  begin(): void {
    this.#trips = [];
    this.#fees = decimal(0);
    this.#before = this.#realised();
  }

  add(trade: TradeRow): void {
    const isBuy = trade.operation === "buy" || trade.operation === "buy_short";
    const price = decimal(trade.price);
    let qty = decimal(trade.qty);
    let fee = decimal(trade.fee);
    this.#fees = this.#fees.plus(fee);
    const trip = this.#trip;
    if (trip !== null && trip.isLong !== isBuy) {
      const closing = qty.lt(trip.heldQty) ? qty : trip.heldQty;
      const closingFee = shareOf(fee, closing, qty);
      trip.takeOff(closing, price, closingFee, trade.tradeUs);
      qty = qty.minus(closing);
      fee = fee.minus(closingFee);
      if (trip.heldQty.eq(0)) this.#close(trip);
      if (qty.eq(0)) return;
    }
    this.#trip ??= this.#open(isBuy, trade.tradeUs);
    this.#trip.putOn(qty, price, fee, trade);
  }

  result(): SymbolResult {
    const all = this.#realised();
    const gain = all.gain.minus(this.#before.gain);
    return {
      algoRunId: this.algoRunId,
      symbol: this.symbol,
      trips: this.#trips,
      open: this.#trip === null ? null : this.#trip.asOpen(),
      gainValue: plain(gain),
      gainPercentage: percentage(gain, all.notional.minus(this.#before.notional)),
      fees: plain(this.#fees),
      gainFees: plain(all.fees.minus(this.#before.fees)),
    };
  }

  #realised(): Realised {
    const { gain, notional, fees } = this.#closed;
    const open = this.#trip;
    return open === null ? this.#closed : {
      gain: gain.plus(open.realised()),
      notional: notional.plus(open.releasedCost),
      fees: fees.plus(open.fees()),
    };
  }

  #open(isLong: boolean, tradeUs: number): Trip {
    // trade_analysis is unique by start time: two trips begun at one microsecond are told apart.
    this.#lastStartUs = Math.max(tradeUs, this.#lastStartUs + 1);
    return new Trip(isLong, this.#lastStartUs);
  }

  #close(trip: Trip): void {
    this.#trip = null;
    const { gain, notional, fees } = this.#closed;
    this.#closed = {
      gain: gain.plus(trip.realised()),
      notional: notional.plus(trip.entryNotional),
      fees: fees.plus(trip.fees()),
    };
    this.#trips.push(trip.asClosed());
  }
}

/** One way from flat to flat while it goes on. */
class Trip {
  entryNotional = decimal(0);
  heldQty = decimal(0);
  /** Cost of what has been taken off. */
  releasedCost = decimal(0);
  #releasedFees = decimal(0);
  #entryQty = decimal(0);
  #heldCost = decimal(0);
  #heldFees = decimal(0);
  #exitQty = decimal(0);
  #exitNotional = decimal(0);
  #exitFees = decimal(0);
  #stopQty = decimal(0);
  #stopNotional = decimal(0);
  #executions = 0;
  #endUs = 0;

  constructor(readonly isLong: boolean, readonly startUs: number) {}

  putOn(qty: Decimal, price: Decimal, fee: Decimal, trade: TradeRow): void {
    const notional = qty.times(price);
    this.#entryQty = this.#entryQty.plus(qty);
    this.entryNotional = this.entryNotional.plus(notional);
    this.heldQty = this.heldQty.plus(qty);
    this.#heldCost = this.#heldCost.plus(notional);
    this.#heldFees = this.#heldFees.plus(fee);
    if (trade.stopPrice !== null) {
      this.#stopQty = this.#stopQty.plus(qty);
      this.#stopNotional = this.#stopNotional.plus(qty.times(trade.stopPrice));
    }
    this.#executions++;
  }

  takeOff(qty: Decimal, price: Decimal, fee: Decimal, tradeUs: number): void {
    const cost = shareOf(this.#heldCost, qty, this.heldQty);
    const fees = shareOf(this.#heldFees, qty, this.heldQty);
    this.releasedCost = this.releasedCost.plus(cost);
    this.#releasedFees = this.#releasedFees.plus(fees);
    this.#heldCost = this.#heldCost.minus(cost);
    this.#heldFees = this.#heldFees.minus(fees);
    this.heldQty = this.heldQty.minus(qty);
    this.#exitQty = this.#exitQty.plus(qty);
    this.#exitNotional = this.#exitNotional.plus(qty.times(price));
    this.#exitFees = this.#exitFees.plus(fee);
    this.#executions++;
    this.#endUs = Math.max(tradeUs, this.startUs);
  }

  /** Proceeds − cost − fees of what has been taken off. */
  realised(): Decimal {
    const gain = this.isLong
      ? this.#exitNotional.minus(this.releasedCost)
      : this.releasedCost.minus(this.#exitNotional);
    return gain.minus(this.fees());
  }

  asClosed(): RoundTrip {
    const gain = this.realised();
    return {
      side: this.isLong ? "long" : "short",
      startUs: this.startUs,
      endUs: this.#endUs,
      qty: plain(this.#entryQty),
      entryPrice: average(this.entryNotional, this.#entryQty),
      exitPrice: average(this.#exitNotional, this.#exitQty),
      openingNotional: plain(this.entryNotional),
      fees: plain(this.fees()),
      gainValue: plain(gain),
      gainPercentage: percentage(gain, this.entryNotional),
      rUnits: this.#rUnits(),
      executions: this.#executions,
    };
  }

  asOpen(): OpenPosition {
    return {
      side: this.isLong ? "long" : "short",
      startUs: this.startUs,
      qty: plain(this.heldQty),
      averagePrice: average(this.#heldCost, this.heldQty),
      cost: plain(this.#heldCost),
      fees: plain(this.#heldFees),
      realisedValue: plain(this.realised()),
    };
  }

  /** Of what has been taken off. */
  fees(): Decimal {
    return this.#exitFees.plus(this.#releasedFees);
  }

  /** A short's turned signs, (entry − exit) ÷ (stop − entry), are the same quotient. */
  #rUnits(): string | null {
    if (this.#stopQty.eq(0)) return null;
    const entry = this.entryNotional.div(this.#entryQty);
    const exit = this.#exitNotional.div(this.#exitQty);
    const risk = entry.minus(this.#stopNotional.div(this.#stopQty));
    if (this.isLong ? risk.lte(0) : risk.gte(0)) return null;
    return plain(exit.minus(entry).div(risk).round(R_UNIT_DECIMALS, Decimal.roundHalfUp));
  }
}

/** `part` ÷ `whole` of an amount; the whole of it is exact. */
function shareOf(amount: Decimal, part: Decimal, whole: Decimal): Decimal {
  if (part.eq(whole)) return amount;
  return amount.times(part).div(whole).round(SHARE_DECIMALS, Decimal.roundHalfUp);
}

function average(notional: Decimal, qty: Decimal): string {
  return plain(notional.div(qty).round(PRICE_DECIMALS, Decimal.roundHalfUp));
}

function percentage(gain: Decimal, notional: Decimal): string {
  if (notional.eq(0)) return "0";
  return plain(gain.times(100).div(notional).round(PERCENTAGE_DECIMALS, Decimal.roundHalfUp));
}
