import { type Asset, type AssetClass, tickSize } from "../../model/asset.ts";
import type { Side } from "../../model/order.ts";
import type { Json } from "../../contracts/store.ts";
import type { Intent, RunInfo } from "../../protocol.ts";
import type { Restriction, RestrictionCause } from "../../model/trading_state.ts";
import { assert } from "../../util/assert.ts";
import { type Decimal, decimal, plain, roundToTick } from "../../util/decimal.ts";
import { Account } from "./account.ts";
import { Book } from "./book.ts";
import { Board } from "./board.ts";
import { ClosedOutside } from "./closed_outside.ts";
import { Desk } from "./desk.ts";
import type { GatewayOptions } from "./options.ts";
import type { ExitPrices, Protection } from "./protection.ts";
import { Restrictions } from "./restrictions.ts";
import { DayTrades } from "./day_trades.ts";
import { LossStreaks } from "./loss_streaks.ts";
import { RateWindow } from "./rate_window.ts";
import { isRegularSession } from "./risk_session.ts";
import { defaultTimeInForce } from "./risk_terms.ts";
import type { CheckedOrder } from "./risk_view.ts";
import {
  type ChildOrder,
  isEntry,
  isOwnExit,
  type OrderKind,
  type OrderTerms,
  sideOf,
  type Work,
} from "./work.ts";

const ZERO = decimal(0);
const NO_CHILDREN: readonly ChildOrder[] = [];
/** Of a client order id: 16 of it are for a safe integer. */
const ID_LENGTH_MAX = 128;
/** How far an exit's limit is from the last price, where a market order is not taken. */
const EXIT_LIMIT_SHARE = 0.02;

/**
 * What the gateway's parts share. All of it belongs to one isolate and changes only between two
 * awaits.
 */
export class GatewayState {
  readonly book: Book;
  /** The broker tells each event once, in order (BrokerCapabilities). */
  readonly tellsOnce: boolean;
  readonly account = new Account();
  readonly desks = new Map<string, Desk>();
  readonly board = new Board();
  readonly runs = new Map<number, RunInfo>();
  /** Runs whose strategy is stopped: they open nothing any more. */
  readonly stopped = new Set<number>();
  readonly #assets = new Map<string, Asset>();
  readonly sessions: Partial<Record<AssetClass, { openUs: number; closeUs: number }>> = {};
  readonly halted = new Set<string>();
  readonly closedOutside = new ClosedOutside();
  /** Order updates come; else no entry is sent. */
  isConnected = true;
  /** How often they have not: what is being read of one time says nothing of the next. */
  interruptions = 0;
  /** Why not all orders are let through. */
  readonly restrictions: Restrictions;
  /** null: orders a minute are not limited, and so are not counted. */
  readonly rates: RateWindow | null;
  /** null: trades that lost keep no entry back. */
  readonly streaks: LossStreaks | null;
  /** null: day trades are not counted. */
  readonly dayTrades: DayTrades | null;
  /** Nobody will watch any more. */
  isStopping = false;
  /** Stepping mode: set by each step. */
  stepUs = 0;
  #sequence: number;
  readonly #idPrefixes = new Map<number, string>();

  constructor(readonly options: GatewayOptions) {
    this.tellsOnce = options.broker.capabilities.tellsOnce;
    this.book = new Book(this.tellsOnce);
    this.restrictions = new Restrictions(() => this.#tellState());
    const { risk } = options;
    const hasRates = risk.maxOrdersPerMinute < Infinity || risk.maxSharesPerMinute < Infinity;
    this.rates = hasRates ? new RateWindow() : null;
    this.streaks = risk.lossStreak === null ? null : new LossStreaks(risk.lossStreak);
    this.dayTrades = risk.isPatternDayTrader ? new DayTrades() : null;
    this.#sequence = 1;
    for (const record of options.journal.restored) {
      if (record.type === "order") this.#sequence = Math.max(this.#sequence, record.sequence + 1);
      if (record.type === "closed") {
        this.closedOutside.note(record.execution.symbol, record.execution.timeUs);
      }
      if (record.type === "resumed") this.closedOutside.clear();
      if (record.type === "session") this.#sequence = Math.max(this.#sequence, record.sequence);
    }
  }

  /** Restricts what is sent, from now on; said in the log and to main. */
  restrict(
    cause: RestrictionCause,
    state: Restriction["state"],
    reason: string,
  ): void {
    if (!this.restrictions.set({ cause, state, reason, sinceUs: this.nowUs() })) return;
    // In a backtest nobody needs to come and look.
    const level = cause === "stop" || this.tellsOnce ? "info" : "error";
    const text = "{state}: {reason}";
    this.options.log(level, text, { state: state.toUpperCase(), cause, reason });
  }

  /** The cause is gone. */
  lift(cause: RestrictionCause): void {
    if (!this.restrictions.lift(cause)) return;
    const { state } = this.restrictions;
    const text = "{state}: no longer restricted by {cause}";
    this.options.log("info", text, { state: state.toUpperCase(), cause });
  }

  #tellState(): void {
    const { state } = this.restrictions;
    this.options.toMain({ type: "state", state, restrictions: this.restrictions.list() });
  }

  nowUs(): number {
    return this.options.stepping ? this.stepUs : this.options.clock.nowUs();
  }

  desk(symbol: string): Desk {
    let desk = this.desks.get(symbol);
    if (desk === undefined) {
      desk = new Desk(symbol, this.desks.size, this.board, this.book.holding(symbol));
      desk.asset = this.#assets.get(symbol) ?? null;
      this.desks.set(symbol, desk);
    }
    return desk;
  }

  addAsset(asset: Asset): void {
    this.#assets.set(asset.symbol, asset);
    const desk = this.desks.get(asset.symbol);
    if (desk !== undefined) desk.asset = asset;
  }

  isRegularSession({ assetClass }: Desk): boolean {
    if (assetClass === "crypto") return true;
    return isRegularSession(assetClass, this.sessions.us_equity, this.nowUs());
  }

  /**
   * Ends what is open, and has all plans looked at once more. The gateway's own exits go on: without
   * them what a stop has decided to leave would stay, unprotected. In steps nothing goes on.
   */
  closeDesks(why: string): void {
    const { stepping } = this.options;
    for (const desk of this.desks.values()) {
      for (const work of desk.works) if (stepping || !isOwnExit(work)) work.cancelReason ??= why;
      for (const protection of desk.protections.values()) protection.failures = 0;
      desk.touch();
    }
  }

  /** A strategy's decision that has passed the checks. */
  workOf(intent: Intent, desk: Desk, strategy: string, order: CheckedOrder): Work {
    return {
      desk,
      runId: intent.runId,
      strategy,
      seq: intent.seq,
      symbol: intent.symbol,
      action: intent.action,
      side: sideOf(intent.action),
      kind: isEntry(intent.action) ? "entry" : "exit",
      intent,
      qty: order.qty,
      terms: order.terms,
      stopPrice: order.stopPrice,
      targetPrice: order.targetPrice,
      referencePrice: intent.referencePrice,
      reason: reasonOf(intent),
      indicators: intent.indicators,
      decidedUs: intent.decidedUs,
      sinceUs: this.nowUs(),
      children: NO_CHILDREN,
      filledQty: ZERO,
      cancelReason: null,
      isAccepted: false,
      isFinal: false,
    };
  }

  /** The gateway's own exit: the run's whole position at the market. */
  exitOf(runId: number, desk: Desk, kind: "stop" | "target" | "liquidation"): Work {
    const { symbol } = desk;
    const position = desk.positions.get(runId);
    assert(position !== undefined, `an exit of run ${runId}, which is flat in ${symbol}`);
    const action = position.qty.gt(0) ? "sell" : "cover";
    const held = position.qty.abs();
    const { available } = desk;
    desk.available = null;
    return {
      desk,
      runId,
      strategy: this.runs.get(runId)?.strategy ?? "",
      seq: -1,
      symbol,
      action,
      side: sideOf(action),
      kind,
      intent: null,
      qty: available === null || held.lt(available) ? held : available,
      terms: this.#exitTerms(desk, sideOf(action)),
      stopPrice: null,
      targetPrice: null,
      referencePrice: position.averagePrice,
      reason: kind,
      indicators: { why: kind },
      decidedUs: null,
      sinceUs: this.nowUs(),
      children: NO_CHILDREN,
      filledQty: ZERO,
      cancelReason: null,
      isAccepted: false,
      isFinal: false,
    };
  }

  /**
   * At the market; in extended hours, which take no market orders, a limit that is sure to be met.
   */
  #exitTerms(desk: Desk, side: Side): OrderTerms {
    const { asset, assetClass, lastPrice } = desk;
    const terms: OrderTerms = {
      type: "market",
      limitPrice: null,
      triggerPrice: null,
      timeInForce: defaultTimeInForce(assetClass),
      extendedHours: false,
    };
    if (this.isRegularSession(desk) || !this.options.broker.capabilities.extendedHours) {
      return terms;
    }
    if (!(lastPrice > 0) || asset === null) return terms;
    const price = lastPrice * (side === "buy" ? 1 + EXIT_LIMIT_SHARE : 1 - EXIT_LIMIT_SHARE);
    const limitPrice = plain(roundToTick(price, tickSize(asset, price)));
    return { ...terms, type: "limit", limitPrice, extendedHours: true };
  }

  /** The next order of a work, with the next number of the batch in its id. */
  makeChild(work: Work, qty: Decimal, legs: ExitPrices | null): ChildOrder {
    const { terms } = work;
    // Legs last as long as their entry's time in force, and a position outlives the day.
    const isFree = terms.type === "market" && work.intent?.timeInForce === null;
    const own = legs !== null && isFree ? { ...terms, timeInForce: "gtc" as const } : terms;
    return this.#child(work, work, qty, own, legs);
  }

  /** Both prices: an OCO, whose own order is the target. It rests until it is cancelled. */
  makeExit(desk: Desk, protection: Protection, side: Side, qty: Decimal): ChildOrder {
    const { runId, stopPrice, targetPrice } = protection;
    const terms: OrderTerms = {
      type: targetPrice !== null ? "limit" : "stop",
      limitPrice: targetPrice,
      triggerPrice: targetPrice !== null ? null : stopPrice,
      timeInForce: "gtc",
      extendedHours: false,
    };
    const kind = targetPrice !== null ? "target" : "stop";
    const legs = targetPrice !== null && stopPrice !== null ? protection : null;
    return this.#child(null, { desk, runId, side, kind }, qty, terms, legs);
  }

  #child(
    work: Work | null,
    { desk, runId, side, kind }: Pick<ChildOrder, "desk" | "runId" | "side" | "kind">,
    qty: Decimal,
    terms: OrderTerms,
    legs: ExitPrices | null,
  ): ChildOrder {
    const { symbol } = desk;
    const clientOrderId = this.#nextId(runId);
    const { type, limitPrice, triggerPrice, timeInForce, extendedHours } = terms;
    const closesOnly = work !== null && !isEntry(work.action) && closesAccount(desk, side);
    const stopPrice = legs === null ? null : legs.stopPrice;
    const targetPrice = legs === null ? null : legs.targetPrice;
    return {
      work,
      desk,
      runId,
      symbol,
      side,
      kind,
      qty,
      request: {
        clientOrderId,
        symbol,
        side,
        qty,
        notional: null,
        type,
        limitPrice,
        triggerPrice,
        timeInForce,
        extendedHours,
        trailPrice: null,
        trailPercent: null,
        takeProfit: targetPrice !== null ? { limitPrice: targetPrice } : null,
        stopLoss: stopPrice !== null ? { triggerPrice: stopPrice, limitPrice: null } : null,
        closesOnly,
      },
      clientOrderId,
      sentUs: this.nowUs(),
      brokerOrderId: null,
      status: "sending",
      filledQty: ZERO,
      reportedQty: ZERO,
      isSending: true,
      held: null,
      cancel: "none",
    };
  }

  #nextId(runId: number): string {
    let prefix = this.#idPrefixes.get(runId);
    if (prefix === undefined) {
      prefix = `liu-${this.options.batchId}-${runId}-`;
      assert(prefix.length <= ID_LENGTH_MAX - 16, `client order ids ${prefix}… are too long`);
      this.#idPrefixes.set(runId, prefix);
    }
    return prefix + this.#sequence++;
  }

  /** The number in a client order id that `makeChild` gave. */
  static sequenceOf(clientOrderId: string): number {
    return Number(clientOrderId.slice(clientOrderId.lastIndexOf("-") + 1));
  }
}

/**
 * As the books have it, an order on this side closes what the account holds. (Where it does not,
 * another run holds the other side, and a run's exit opens a position at the broker.) Crypto cannot
 * be sold short anyway.
 */
function closesAccount({ assetClass, holding: { net } }: Desk, side: Side): boolean {
  if (assetClass === "crypto" || net.isZero) return false;
  return side === "sell" ? net.s > 0 : net.s < 0;
}

/** What the strategy says of it, in a word. */
function reasonOf(intent: Intent): string {
  const indicators: Json = intent.indicators;
  if (indicators !== null && typeof indicators === "object" && !Array.isArray(indicators)) {
    if (typeof indicators.why === "string") return indicators.why;
  }
  return intent.action;
}

/** A leg, an order of its own that the broker made. */
export function legOf(
  { runId, desk }: { runId: number; desk: Desk },
  order: {
    brokerOrderId: string;
    clientOrderId: string;
    side: "buy" | "sell";
    type: string;
    qty: string | null;
    status: ChildOrder["status"];
    submittedUs: number;
  },
): ChildOrder {
  const kind: OrderKind = order.type === "limit" ? "target" : "stop";
  return {
    work: null,
    desk,
    runId,
    symbol: desk.symbol,
    side: order.side,
    kind,
    qty: decimal(order.qty ?? 0),
    request: null,
    clientOrderId: order.clientOrderId,
    sentUs: order.submittedUs,
    brokerOrderId: order.brokerOrderId,
    status: order.status,
    filledQty: ZERO,
    reportedQty: ZERO,
    isSending: false,
    held: null,
    cancel: "none",
  };
}
