/** What the gateway is made with: it has no port, no disk and no timer of its own. */
import type { Broker } from "../../contracts/broker.ts";
import type { Clock } from "../../contracts/clock.ts";
import type { StoreRecord } from "../../contracts/store.ts";
import type { RiskLimits } from "../../model/limit.ts";
import type { ReconcilePeriods } from "../../model/reconcile_periods.ts";
import type { GatewayToConsumer, GatewayToMain, LogMessage } from "../../protocol.ts";
import type { Journal } from "./journal.ts";
import type { ToldTrade } from "./told_trade.ts";

export interface GatewayOptions {
  broker: Broker;
  journal: Journal;
  store: { write(records: StoreRecord[]): void };
  /** Market time; not asked where the exchange goes by steps, which set the time. */
  clock: Clock;
  /** Resolves after `ms` of network time, at once where the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  risk: RiskLimits;
  /** The broker is asked again and again for what is open and held; not given: never. */
  reconcile?: ReconcilePeriods;
  batchId: string;
  /** Of the batch that the journal's records are of, and what is done about unknown positions. */
  recovery?: {
    fromBatchId: string | null;
    unknownPositions: "external" | "halt";
    /** The account's cash when the batch began; null: not known. */
    cashAtStart?: string | null;
    /** Records were lost: why. */
    damage: string | null;
  };
  /** The market clock may be so far from the broker's; not given: it is not looked at. */
  clockSkewMsMax?: number;
  stepping: boolean;
  /**
   * In steps: the account is read when a check wants it, not whenever something has changed it. Only where the broker
   * answers at once and blocks no account, no loss is limited, and no strategy looks at it but in its turn.
   */
  readsAccountLate?(): boolean;
  /** How many consumers there are: a step waits for all of them. */
  consumers: number;
  toConsumer(consumer: number, message: GatewayToConsumer): void;
  toMain(message: GatewayToMain): void;
  /**
   * Who hears of executions in this isolate: then neither main nor the store is told of them, and no text is made that
   * nobody reads.
   */
  onTrade?(trade: ToldTrade): void;
  log(level: LogMessage["level"], message: string, properties?: Record<string, unknown>): void;
}
