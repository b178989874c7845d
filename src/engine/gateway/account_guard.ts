/**
 * What the account's figures restrict: a day's loss, its drawdown, and a block by the broker. Looked
 * at with each reading.
 */
import type { AssetClass } from "../../model/asset.ts";
import type { MainToGateway } from "../../protocol.ts";
import { money } from "./risk_limits.ts";
import type { GatewayState } from "./state.ts";

type Liquidate = Extract<MainToGateway, { type: "liquidate" }>;

const ASSET_CLASSES: AssetClass[] = ["us_equity", "crypto"];
/** Main's requests have numbers from 0 on. */
const FIRST_ID = -1;

export class AccountGuard {
  #isBlocked = false;
  #isLost = false;
  #id = FIRST_ID;

  constructor(
    readonly state: GatewayState,
    /** Positions are to be closed. */
    readonly liquidate: (request: Liquidate) => void,
  ) {}

  look(): void {
    const { account, options } = this.state;
    const { known } = account;
    if (known === null) return;
    if (known.tradingBlocked !== this.#isBlocked) this.#onBlocked(known.tradingBlocked);
    const { maxDailyLoss, maxDrawdown } = options.risk;
    if (this.#isLost || (maxDailyLoss === Infinity && maxDrawdown === Infinity)) return;
    if (account.worstLoss >= maxDailyLoss) {
      const lost = money(account.worstLoss);
      this.#onLoss(`${lost} lost today, ${money(maxDailyLoss)} is allowed (max_daily_loss)`);
    } else if (account.worstDrawdown >= maxDrawdown) {
      const lost = money(account.worstDrawdown);
      this.#onLoss(
        `${lost} below the day's highest, ${money(maxDrawdown)} is allowed (max_drawdown)`,
      );
    }
  }

  /** A session begins: what was lost before is not of this day. */
  startDay(): void {
    this.#isLost = false;
    this.state.lift("loss");
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
    this.#isLost = true;
    const { onLoss } = this.state.options.risk;
    const follows = onLoss === "flatten"
      ? "all positions are closed"
      : "only exits are let through";
    this.state.restrict("loss", "reducing", `${what}: ${follows} until the session ends`);
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
}
