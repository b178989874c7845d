/** What can be asked of a trader that runs, from outside of its process. */
import type { OpenOrder } from "../model/open_order.ts";
import type { OpenPosition } from "../model/open_position.ts";
import type { Restriction, TradingState } from "../model/trading_state.ts";

export interface TraderStatus {
  batchId: string;
  environment: string;
  /** Market time; null: not known yet. */
  timeUs: number | null;
  state: TradingState;
  restrictions: Restriction[];
  /** Account currency; null: not read yet. */
  account: { cash: number; equity: number; buyingPower: number } | null;
  positions: OpenPosition[];
  openOrders: OpenOrder[];
  /** What the account holds that is not Liu's. */
  external: { symbol: string; qty: string }[];
  /** Market rows that wait, per consumer and for the gateway, and what runs there. */
  consumers: { name: string; waitingRows: number; strategies: string[] }[];
  symbols: number;
  rows: number;
  dropped: number;
  /** Strategies that were stopped, in all or some of their runs (one a consumer), and why. */
  stopped: { name: string; reason: string; runs: number; ofRuns: number }[];
  strategies: { name: string; state: "runs" | "starts" | "stopped"; reason: string | null }[];
}

export interface TraderControl {
  /** Killed, by whomever, and not resumed since. */
  readonly isKilled: boolean;
  /** Resolves when no order of a strategy can be sent any more. */
  kill(options: { reason: string; flatten: boolean }): Promise<void>;
  /** Lifts the kill switch, and what follows a liquidation by the broker; gives the state after it. */
  resume(): Promise<TraderStatus>;
  status(): Promise<TraderStatus>;
}
