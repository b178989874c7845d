/** What the risk checks look at, and what they give. */
import type { BrokerCapabilities } from "../../contracts/broker.ts";
import type { Asset } from "../../model/asset.ts";
import type { RiskLimits } from "../../model/limit.ts";
import type { TradingState } from "../../model/trading_state.ts";
import type { Intent } from "../../protocol.ts";
import type { Decimal } from "../../util/decimal.ts";
import type { Position } from "./book.ts";
import type { Denied } from "./denials.ts";
import type { OrderTerms } from "./work.ts";

/** Quantities of an asset, as numbers. */
export interface QtyRules {
  increment: Decimal;
  /** Where no fractions are taken. */
  wholeIncrement: Decimal;
  minOrderQty: Decimal;
}

/** The intent, and the world at its moment. */
export interface RiskView {
  intent: Intent;
  /** null: the broker does not have it. */
  asset: Asset | null;
  /** Worked out once. */
  qtyRules(asset: Asset): QtyRules;
  capabilities: BrokerCapabilities;
  limits: RiskLimits;
  nowUs: number;
  /** The run's own. */
  position: Position | null;
  hasOpenOrder: boolean;
  /** Another run has a non-protective order open on the other side. */
  isOppositeOpen: boolean;
  isRegularSession: boolean;
  isConnected: boolean;
  isBlocked: boolean;
  isShortingEnabled: boolean;
  isNoEntries: boolean;
  isHalted: boolean;
  /** Why nothing is entered where somebody else closed a position; null: nobody did. */
  closedOutside: string | null;
  /** Why nothing is entered in the symbol; null: nothing speaks against it. */
  lock: string | null;
  tradingState: TradingState;
  /** Why not all orders are let through. */
  restriction: string;
  /** True: so much is sure to be within the buying power, which need not be asked for then. */
  surelyAffords(cost: number): boolean;
  /** Account currency, less what is reserved for orders on their way. */
  buyingPower: number;
  /** Of all runs' positions and entries on their way in this symbol. */
  symbolNotional: number;
  /** Of the strategy's positions and entries on their way in all symbols. */
  strategyNotional: number;
  /** Of all runs' in all symbols. */
  grossExposure: number;
  /** Account currency since the session's start; what was gained is negative. */
  dailyLoss: number;
  /** Account currency below the session's highest. */
  drawdown: number;
  openOrders: number;
  /** Of the last 60 seconds. */
  ordersLastMinute: number;
  sharesLastMinute: number;
  /** Until when the strategy makes no entries in the symbol after trades that lost; 0: it may. */
  pausedUntilUs: number;
  /** Why the rule for pattern day traders keeps an entry back; null: it does not. */
  dayTradeProblem: string | null;
  /** The last price that the gateway saw; NaN where it does not watch the symbol. */
  lastPrice: number;
}

export interface CheckedOrder {
  result: "passed";
  qty: Decimal;
  terms: OrderTerms;
  stopPrice: string | null;
  targetPrice: string | null;
  /** Account currency that it may bind; 0 for exits. */
  reserve: number;
}

export type RiskResult = CheckedOrder | Denied;
