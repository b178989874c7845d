/** One strategy in one symbol on one consumer, and what its decisions become. */
import type { Decision, OrderDecision } from "../../contracts/decision.ts";
import type { Strategy, SymbolSetup } from "../../contracts/strategy.ts";
import { feedBar, feedRow, IndicatorSet } from "../../fincalcs/indicators.ts";
import type { AssetClass } from "../../model/asset.ts";
import type { Intent, OpenOrderFigures, PositionFigures } from "../../protocol.ts";
import { plainData } from "../../sandbox/plain_data.ts";
import type { StrategyKeystore } from "./keystore.ts";
import type { SymbolState } from "./symbol_state.ts";
import type { SlotFigures, SlotTick } from "./views.ts";

/** A strategy as this consumer runs it. */
export interface StrategyRun {
  readonly name: string;
  /** Its place in the consumer's list: its words in the control block are at 2 + index. */
  readonly index: number;
  readonly instance: Strategy;
  readonly keystore: StrategyKeystore;
  readonly whileOpen: boolean;
  readonly runsAll: boolean;
  readonly runAllMinutes: number;
  /** −1 until main has given one. */
  runId: number;
  /** The run that it continues: what was told of that one is its own. −1: none. */
  formerRunId: number;
  isStopped: boolean;
  /** Slots by symbol, in the order in which they were followed. */
  readonly slots: Map<string, Slot>;
  /** Number of the newest runAll interval that was run. */
  runAllInterval: number;
}

export class Setup extends IndicatorSet implements SymbolSetup {
  constructor(readonly symbol: string, readonly assetClass: AssetClass) {
    super();
  }
}

export class Slot implements SlotFigures {
  position: PositionFigures | null = null;
  openOrder: OpenOrderFigures | null = null;
  /** The session is over: its strategy is not asked before the next one begins. */
  isResting = false;
  /** Newest intent sent, −1 before the first. */
  lastSeq = -1;
  /** Set once `setup` has run. */
  declare tick: SlotTick;
  readonly setup: Setup;
  /** Start of the newest bar that its indicators have seen. */
  #fedUs = -Infinity;

  readonly run: StrategyRun;
  readonly symbol: SymbolState;

  constructor(run: StrategyRun, symbol: SymbolState) {
    this.run = run;
    this.symbol = symbol;
    this.setup = new Setup(symbol.symbol, symbol.asset.assetClass);
  }

  /** Gives the indicators the complete bars that they have not seen. */
  feed(): void {
    const { buffer: { columns, length }, completeUs } = this.symbol;
    const { timeUs } = columns;
    let i = length;
    while (i > 0 && timeUs[i - 1] > this.#fedUs) i--;
    for (; i < length && timeUs[i] <= completeUs; i++) {
      feedBar(this.setup, columns, i);
      this.#fedUs = timeUs[i];
    }
  }

  /** The same after a bar has come: at `at` of `rows`, and mostly it is the only one. */
  feedNext(rows: Float64Array, at: number): void {
    if (this.#fedUs < this.symbol.beforeUs) return this.feed();
    feedRow(this.setup, rows, at);
    this.#fedUs = rows[at];
  }
}

/** Where a strategy of these, by its run or by the one that it continues, follows the symbol. */
export function slotOf(
  strategies: readonly StrategyRun[],
  { runId, symbol }: { runId: number; symbol: string },
): Slot | undefined {
  for (const run of strategies) {
    if (run.runId === runId || run.formerRunId === runId) return run.slots.get(symbol);
  }
  return undefined;
}

const ACTIONS: readonly string[] = ["buy", "sell", "short", "cover"];
const TIMES_IN_FORCE: readonly string[] = ["day", "gtc", "opg", "cls", "ioc", "fok"];

/** A decision as plain data. */
export type ReadDecision =
  | { kind: "order"; intent: Intent }
  | { kind: "reject" | "cancel"; reason: string };

/** Opens or adds to a position. */
export function isEntry(decision: OrderDecision): boolean {
  return decision.action === "buy" || decision.action === "short";
}

/**
 * The intent of an order decision. Each property of what user code returned is read once, here; what is wrong with it
 * is said in `problem`.
 */
export function intentOf(
  slot: Slot,
  decision: Decision & { kind: "order" },
  seq: number,
  nowUs: number,
): Intent {
  const { action, qty, notional, limitPrice, triggerPrice, stopPrice, targetPrice } = decision;
  const { timeInForce, extendedHours, indicators } = decision;
  const symbol = slot.symbol;
  const isBuy = action === "buy" || action === "cover";
  const quoted = isBuy ? symbol.askPrice : symbol.bidPrice;
  const intent: Intent = {
    runId: slot.run.runId,
    seq,
    symbol: symbol.symbol,
    action,
    qty: isAmount(qty) ? qty : null,
    notional: isAmount(notional) ? notional : null,
    limitPrice: isPrice(limitPrice) ? limitPrice : null,
    triggerPrice: isPrice(triggerPrice) ? triggerPrice : null,
    stopPrice: isPrice(stopPrice) ? stopPrice : null,
    targetPrice: isPrice(targetPrice) ? targetPrice : null,
    timeInForce: timeInForce ?? null,
    extendedHours: extendedHours === true,
    indicators: indicators === undefined ? null : plainData(indicators),
    problem: null,
    referencePrice: quoted > 0 ? quoted : symbol.last,
    decidedUs: nowUs,
  };
  const isFine = ACTIONS.includes(action) &&
    (timeInForce === undefined || TIMES_IN_FORCE.includes(timeInForce)) &&
    (qty === undefined) !== (notional === undefined) &&
    isAmountOrNone(qty) && isAmountOrNone(notional) &&
    isPriceOrNone(limitPrice) && isPriceOrNone(triggerPrice) &&
    isPriceOrNone(stopPrice) && isPriceOrNone(targetPrice);
  if (isFine) return intent;
  const amounts = { qty, notional };
  const prices = { limitPrice, triggerPrice, stopPrice, targetPrice };
  intent.problem = problemOf(action, timeInForce, amounts, prices);
  return intent;
}

/** What is wrong with what was read of a decision. */
function problemOf(
  action: unknown,
  timeInForce: unknown,
  amounts: Record<"qty" | "notional", unknown>,
  prices: Record<"limitPrice" | "triggerPrice" | "stopPrice" | "targetPrice", unknown>,
): string {
  const isAction = ACTIONS.includes(action as string);
  const isTime = timeInForce === undefined || TIMES_IN_FORCE.includes(timeInForce as string);
  const isOne = (amounts.qty === undefined) !== (amounts.notional === undefined);
  const problems: string[] = [];
  if (!isAction) problems.push(`the action must be one of ${ACTIONS.join(", ")}`);
  if (!isTime) problems.push(`timeInForce must be one of ${TIMES_IN_FORCE.join(", ")}`);
  if (!isOne) problems.push("exactly one of qty and notional must be given");
  for (const [name, value] of Object.entries(amounts)) {
    if (isAmountOrNone(value)) continue;
    problems.push(`${name} must be a number > 0, got ${String(value)}`);
  }
  for (const [name, value] of Object.entries(prices)) {
    if (isPriceOrNone(value)) continue;
    problems.push(`${name} must be a price > 0, got ${String(value)}`);
  }
  return problems.join("; ");
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value < Infinity;
}

function isAmountOrNone(value: unknown): boolean {
  return value === undefined || value === null || isAmount(value);
}

function isPrice(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value < Infinity;
}

function isPriceOrNone(value: unknown): boolean {
  return value === undefined || value === null || isPrice(value);
}
