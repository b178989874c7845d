// What an account's money, positions and other orders allow.
import { type Decimal, decimal, plain } from "../util/decimal.ts";
import { type AccountState, shortReservePrice } from "./account_state.ts";
import type { Holding } from "./holding.ts";
import type { SymbolMarket } from "./market.ts";
import { type OrderState, type OrderTerms, ZERO } from "./order_state.ts";
import { forbidden, unprocessable } from "./refusal.ts";
import type { PositionIntent, Refusal } from "./types.ts";

export interface Admission {
  readonly positionIntent: PositionIntent;
  /** null: it closes, or no price is known, and holds no buying power. */
  readonly reservePrice: Decimal | null;
}

const CLOSES_LONG: Admission = { positionIntent: "sell_to_close", reservePrice: null };
const CLOSES_SHORT: Admission = { positionIntent: "buy_to_close", reservePrice: null };

/** `ignoring`: the order whose place this one takes. */
export function checkAccount(options: {
  account: AccountState;
  holding: Holding;
  terms: OrderTerms;
  ignoring: OrderState | null;
}): Admission | { refusal: Refusal } {
  const { holding, terms } = options;
  const isBuy = terms.side === "buy";
  const isClosing = !holding.qty.isZero && isBuy === holding.qty.s < 0;
  if (isClosing) {
    const refusal = checkClosing(options);
    if (refusal !== null) return { refusal };
    return isBuy ? CLOSES_SHORT : CLOSES_LONG;
  }
  const reservePrice = openingPrice(terms, holding.market);
  const refusal = checkOpening(options, reservePrice);
  if (refusal !== null) return { refusal };
  return { positionIntent: isBuy ? "buy_to_open" : "sell_to_open", reservePrice };
}

type Options = Parameters<typeof checkAccount>[0];

function checkClosing(options: Options): Refusal | null {
  const { holding, terms, ignoring } = options;
  const wash = checkWash(options);
  if (wash !== null) return wash;
  const price = holding.market.lastDecimal;
  const available = holding.availableQty(ignoring);
  const isEnough = terms.qty !== null ? terms.qty.lte(available) : available.gt(ZERO) &&
    (price === null || available.times(price).gte(terms.notional!));
  return isEnough ? null : insufficientQty(options, available);
}

function checkOpening(options: Options, price: Decimal | null): Refusal | null {
  const { account, terms, ignoring } = options;
  const { asset } = terms;
  if (terms.orderClass === "oco") return unprocessable("oco orders must be exit orders");
  if (terms.side === "sell") {
    if (asset.assetClass === "crypto") return insufficientQty(options, ZERO);
    if (!isWhole(terms.qty)) return unprocessable("fractional orders cannot be sold short");
    // What is hard to borrow is refused like what cannot be borrowed at all.
    if (!asset.shortable || !asset.easyToBorrow || asset.isLentOut === true) {
      return unprocessable(`asset "${asset.symbol}" cannot be sold short`);
    }
    if (account.funds().multiplier === 1) {
      return forbidden("account is not allowed to short");
    }
  }
  const wash = checkWash(options) ?? checkBothWays(options);
  if (wash !== null) return wash;
  if (terms.notional === null && price === null) return null;
  const cost = terms.notional ?? terms.qty!.times(price!);
  if (asset.assetClass !== "crypto" && account.surelyAffords(cost.toNumber(), ignoring)) {
    return null;
  }
  const funds = account.funds(ignoring);
  if (asset.assetClass === "crypto") {
    return cost.lte(funds.nonMarginable) ? null : forbidden(
      `insufficient balance for USD (requested: ${plain(cost)}, available: ${
        plain(funds.nonMarginable)
      })`,
      { symbol: "USD", balance: plain(account.cash), available: plain(funds.nonMarginable) },
    );
  }
  return cost.lte(funds.buyingPower) ? null : forbidden("insufficient buying power", {
    buying_power: plain(funds.buyingPower),
    cost_basis: plain(cost),
  });
}

/**
 * Simple orders of one account that could meet each other. Complex and trailing orders are exempt.
 */
function checkWash({ holding, terms, ignoring }: Options): Refusal | null {
  if (terms.orderClass !== "simple" || terms.type === "trailing_stop") return null;
  for (const other of holding.open) {
    if (other === ignoring || other.side === terms.side || other.type === "trailing_stop") continue;
    if (other.terms.orderClass !== "simple") continue;
    const isUnlimited = [other.type, terms.type].some((type) =>
      type === "market" || type === "stop"
    );
    const [buy, sell] = terms.side === "buy" ? [terms, other.terms] : [other.terms, terms];
    if (!isUnlimited && buy.limitPrice!.lt(sell.limitPrice!)) continue;
    const kind = other.type === "market" || other.type === "stop" ? "market/stop" : "limit";
    return forbidden("potential wash trade detected. use complex orders", {
      existing_order_id: other.id,
      reject_reason: `opposite side ${kind} order exists`,
    });
  }
  return null;
}

/**
 * Opening orders of both sides at once: a fill could take a position from long to short or back.
 */
function checkBothWays({ holding, terms, ignoring }: Options): Refusal | null {
  for (const other of holding.open) {
    if (other === ignoring || other.side === terms.side) continue;
    const { positionIntent } = other;
    if (positionIntent !== "buy_to_open" && positionIntent !== "sell_to_open") continue;
    return forbidden(
      terms.side === "buy"
        ? "cannot open a long buy while a short sell order is open"
        : "cannot open a short sell while a long buy order is open",
    );
  }
  return null;
}

/** What one share or coin counts against buying power; null: no price is known, nothing is held. */
function openingPrice(terms: OrderTerms, market: SymbolMarket): Decimal | null {
  if (terms.side === "sell") return shortReservePrice(market.buyPrice, terms.limitPrice);
  const far = Number.isNaN(market.buyPrice) ? null : decimal(market.buyPrice);
  if (terms.limitPrice !== null) return terms.limitPrice;
  if (terms.triggerPrice === null || far?.gt(terms.triggerPrice)) return far;
  return terms.triggerPrice;
}

function insufficientQty(
  { holding, terms, ignoring }: Options,
  available: Decimal,
): Refusal {
  const { symbol, assetClass } = terms.asset;
  const requested = plain(terms.qty ?? terms.notional!);
  const numbers = `(requested: ${requested}, available: ${plain(available)})`;
  const what = assetClass === "crypto"
    ? `insufficient balance for ${symbol.split("/")[0]}`
    : "insufficient qty available for order";
  return forbidden(`${what} ${numbers}`, {
    symbol,
    available: plain(available),
    existing_qty: plain(holding.qty.abs()),
    held_for_orders: plain(holding.heldQty(ignoring)),
  });
}

function isWhole(qty: Decimal | null): boolean {
  return qty !== null && qty.isWhole;
}
