/**
 * One trader an account: two would take each other's positions and orders for somebody else's. A
 * file says so in the data folder, a lock among all who use the database, and the broker's orders
 * among all others.
 */
import { join } from "node:path";
import type { Store } from "../../contracts/store.ts";
import type { BrokerOrder } from "../../model/order.ts";
import { OperationError } from "../../util/errors.ts";
import { FileLock } from "../../util/file_lock.ts";
import type { GatewayState } from "./state.ts";

const LOOK_MS = 10_000;

export interface OneTraderOptions {
  /** The journal's. */
  folder: string;
  accountId: string;
  /** Of the broker: simulated exchanges have the same accounts, each at its own address. */
  host: string;
  store: Pick<Store, "lockAccount">;
}

export class OneTrader {
  private constructor(
    readonly name: string,
    readonly store: Pick<Store, "lockAccount">,
    readonly file: FileLock,
  ) {}

  /** Held until `release`, or the process ends. Throws OperationError where there is another. */
  static async take({ folder, accountId, host, store }: OneTraderOptions): Promise<OneTrader> {
    await Deno.mkdir(folder, { recursive: true });
    const name = `account-${accountId}-${host}`.replace(/[^\w.-]/g, "_");
    const file = FileLock.tryTake(join(folder, `${name}.lock`));
    const refuse = (who: string) =>
      new OperationError(
        `Cannot trade: another trader (${who}) trades account ${accountId}; stop it first`,
      );
    if (file === null) throw refuse("this data folder");
    try {
      const holder = await store.lockAccount(name);
      if (holder !== null) throw refuse(`the same database, ${holder}`);
    } catch (error) {
      file.release();
      throw error;
    }
    return new OneTrader(name, store, file);
  }

  /**
   * Looks again and again whether the database's lock is still had: a server that was restarted has
   * forgotten it, and somebody else may be quicker.
   */
  async watch(
    { wait, signal, onOther }: {
      wait(ms: number, signal: AbortSignal): Promise<void>;
      signal: AbortSignal;
      onOther(reason: string): void;
    },
  ): Promise<void> {
    while (true) {
      await wait(LOOK_MS, signal);
      if (signal.aborted) return;
      // A database that is away says nothing; the store tells of that.
      const holder = await this.store.lockAccount(this.name).catch(() => null);
      if (holder !== null && !signal.aborted) {
        onOther(otherTrader(`the database's lock on it is another's: ${holder}`));
      }
    }
  }

  release(): void {
    this.file.release();
  }
}

/** Of a restriction "other_trader": `evidence` is one clause. */
export function otherTrader(evidence: string): string {
  return `another trader trades this account (${evidence}). Stop one of the two, then start this ` +
    "one again";
}

/** An order with Liu's prefix that this trader does not know, sent since it has been there. */
export function noteOtherTrader(state: GatewayState, order: BrokerOrder, sinceUs: number): void {
  const { clientOrderId, submittedUs, symbol } = order;
  // Before the books have been compared all that is old is new to it.
  const isAnothers = sinceUs > -Infinity && clientOrderId.startsWith("liu-") &&
    submittedUs > sinceUs &&
    !clientOrderId.startsWith(`liu-${state.options.batchId}-`);
  if (!isAnothers) return;
  const reason = otherTrader(`order ${clientOrderId} in ${symbol} is not this one's`);
  state.restrict("other_trader", "halted", reason);
}
