/**
 * What the account's figures restrict: a day's loss, its drawdown, and a block by the broker. Looked
 * at with each reading. Invariant: where a limit cannot be worked out nothing is sent (HALTED).
 */
import type { AssetClass } from "../../model/asset.ts";
import { exchangeDay } from "../../model/calendar.ts";
import type { MainToGateway } from "../../protocol.ts";
import { cancelEntries } from "./halts.ts";
import type { DayRecord } from "./journal.ts";
import { money } from "./risk_limits.ts";
import type { GatewayState } from "./state.ts";

type Liquidate = Extract<MainToGateway, { type: "liquidate" }>;

const ASSET_CLASSES: AssetClass[] = ["us_equity", "crypto"];
/** Main's requests have numbers from 0 on. */
const FIRST_ID = -1;
/** A new highest is written down when it is by such a share of the drawdown's limit above the last. */
const NOTED_SHARE = 0.05;

export class AccountGuard {
  #isBlocked = false;
  /** The limit that was reached; null: none was. */
  #loss: string | null = null;
  /** The day's losses cannot be worked out. */
  #isUnknown = false;
  #notedHighest = NaN;
  #id = FIRST_ID;
  readonly #isLimited: boolean;

  constructor(
    readonly state: GatewayState,
    /** Positions are to be closed. */
    readonly liquidate: (request: Liquidate) => void,
  ) {
    const { maxDailyLoss, maxDrawdown } = state.options.risk;
    this.#isLimited = maxDailyLoss < Infinity || maxDrawdown < Infinity;
  }

  look(): void {
    const { known } = this.state.account;
    if (known === null) return;
    if (known.tradingBlocked !== this.#isBlocked) this.#onBlocked(known.tradingBlocked);
    if (!this.#isLimited || this.#loss !== null) return;
    const problem = this.#measured();
    if (problem !== null) return this.#onUnknown(problem);
    if (!this.#isUnknown) return;
    this.#isUnknown = false;
    if (this.#loss === null) this.state.lift("loss");
  }

  /** A session begins, or goes on after a restart. */
  startDay(): void {
    const { state } = this;
    const day = this.#isLimited ? this.#restored() : null;
    state.account.startDay(day);
    this.#loss = null;
    this.#isUnknown = false;
    state.lift("loss");
    if (!this.#isLimited) return;
    this.#notedHighest = state.account.highestEquity;
    if (day === null) this.#note();
    if (day !== null && day.loss !== null) this.#onLoss(day.loss);
    else this.look();
  }

  /** Compares the day's losses with their limits; gives what made that impossible. */
  #measured(): string | null {
    try {
      const { account, options: { risk: { maxDailyLoss, maxDrawdown } } } = this.state;
      const { worstLoss, worstDrawdown, highestEquity } = account;
      if (!account.isMeasured) {
        return `the account's equity is ${account.known?.equity}`;
      }
      if (worstLoss >= maxDailyLoss) {
        const lost = `${money(worstLoss)} lost today`;
        this.#onLoss(`${lost}, ${money(maxDailyLoss)} is allowed (max_daily_loss)`);
      } else if (worstDrawdown >= maxDrawdown) {
        const lost = `${money(worstDrawdown)} below the day's highest`;
        this.#onLoss(`${lost}, ${money(maxDrawdown)} is allowed (max_drawdown)`);
      } else if (highestEquity - this.#notedHighest >= maxDrawdown * NOTED_SHARE) {
        this.#notedHighest = highestEquity;
        this.#note();
      }
      if (account.confirms) this.#askAgain();
      return null;
    } catch (error) {
      return String(error);
    }
  }

  /** One reading is beyond a limit: the next one says whether it was right. */
  #askAgain(): void {
    const { account, options: { risk: { maxDailyLoss, maxDrawdown }, log } } = this.state;
    const isBeyond = account.lastLoss >= maxDailyLoss || account.lastDrawdown >= maxDrawdown;
    if (isBeyond && this.#loss === null) {
      account.isStale = true;
      const equity = money(account.figures.equity);
      log("warning", "Equity {equity} is beyond a limit for losses: it is read again", { equity });
    }
  }

  #onUnknown(problem: string): void {
    this.#isUnknown = true;
    const reason =
      `the day's losses cannot be worked out (${problem}): nothing is sent until they can`;
    this.state.restrict("loss", "halted", reason);
  }

  #onBlocked(isBlocked: boolean): void {
    this.#isBlocked = isBlocked;
    if (!isBlocked) {
      // What the broker refused because of it may be taken now.
      for (const desk of this.state.desks.values()) {
        if (desk.refusals.size === 0) continue;
        desk.refusals.clear();
        desk.touch();
      }
      return this.state.lift("blocked");
    }
    const reason =
      "the broker has blocked the account for trading; trading goes on when it lifts that";
    this.state.restrict("blocked", "halted", reason);
  }

  #onLoss(what: string): void {
    this.#loss = what;
    this.#isUnknown = false;
    const { risk: { onLoss } } = this.state.options;
    const follows = onLoss === "flatten"
      ? "all positions are closed"
      : "only exits are let through";
    this.state.restrict("loss", "reducing", `${what}: ${follows} until the session ends`);
    // They would add to what loses.
    cancelEntries(this.state, what);
    this.#note();
    if (onLoss === "reduce") return;
    for (const assetClass of ASSET_CLASSES) {
      this.liquidate({
        type: "liquidate",
        id: this.#id--,
        scope: "all",
        assetClasses: [assetClass],
        reason: "loss limit",
        deadlineUs: Infinity,
      });
    }
  }

  /** What a trader that died has written of this day. */
  #restored(): DayRecord | null {
    const { journal } = this.state.options;
    const last = journal.restored.findLast((record) => record.type === "day");
    if (last?.type !== "day") return null;
    return exchangeDay(last.timeUs) === exchangeDay(this.state.nowUs()) ? last : null;
  }

  #note(): void {
    const { account, options: { journal } } = this.state;
    if (!journal.isKept) return;
    const { firstEquity, highestEquity } = account;
    const timeUs = this.state.nowUs();
    journal.note({ type: "day", firstEquity, highestEquity, loss: this.#loss, timeUs });
  }
}
