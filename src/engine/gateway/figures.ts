import type { BrokerAccount } from "../../contracts/broker.ts";
import type { AccountFigures } from "../../protocol.ts";
import { RetryableError } from "../../util/errors.ts";
import { assert } from "../../util/assert.ts";
import { after, type Soon } from "../../util/soon.ts";
import type { AccountGuard } from "./account_guard.ts";
import type { GatewayState } from "./state.ts";
import { isSent, type Work } from "./work.ts";

/** Between two readings of the account, outside of steps. */
const PAUSE_MS = 1000;
const READS_MAX = 5;
const FRESH_MS = 60_000;

/** Keeps the account's figures: read when something that changes them has happened, and told. */
export class Figures {
  #isReading = false;

  constructor(
    readonly state: GatewayState,
    readonly signal: AbortSignal,
    readonly guard: Pick<AccountGuard, "look">,
    /** `tell`: to consumers, outside of steps; in steps they are told with each. */
    readonly options: {
      tell(account: AccountFigures): void;
      run(task: () => Soon<void>): void;
    },
  ) {}

  read(): Soon<void> {
    const read = this.state.account.refresh(() => this.#account(), isKnown);
    return read instanceof Promise ? read.then(() => this.guard.look()) : this.guard.look();
  }

  /** In a step: read now, or, where the broker answers at once and nobody minds, when needed. */
  refreshInStep(): Soon<void> {
    const { account, options } = this.state;
    if (!options.readsAccountLate?.()) return this.refresh();
    account.putOff(this.#readLate, isKnown);
  }

  readonly #readLate = (): void => {
    const read = this.read();
    assert(!(read instanceof Promise), "an account that is read late is there at once");
  };

  refresh(): Soon<void> {
    return after(this.read(), () => this.#tell());
  }

  #tell(): void {
    const { account, book, options } = this.state;
    const { figures } = account;
    const positions = book.size;
    const { openOrders } = this.state.board;
    options.toMain({ type: "status", account: figures, positions, openOrders });
    if (!options.stepping) this.options.tell(figures);
  }

  /**
   * Prices move the account's value without anything being traded, and the broker may block it: it
   * is read again each minute.
   */
  async keepFresh(): Promise<void> {
    const { account, options } = this.state;
    while (!this.signal.aborted) {
      await options.wait(FRESH_MS, this.signal);
      account.isStale = true;
      this.refreshSoon();
    }
  }

  /** At once where nothing is being read, else after a pause. */
  refreshSoon(): void {
    if (this.#isReading || !this.state.account.isStale) return;
    this.#isReading = true;
    this.options.run(async () => {
      try {
        await this.refresh();
      } catch (error) {
        if (this.signal.aborted) return;
        // The figures of before serve until the broker answers again; it refuses what goes too far.
        this.state.options.log("warning", "The account cannot be read: {error}", {
          error: String(error),
        });
      }
      await this.state.options.wait(PAUSE_MS, this.signal);
      this.#isReading = false;
      if (!this.signal.aborted) this.refreshSoon();
    });
  }

  #account(attempt = 1): Soon<BrokerAccount> {
    const { broker, wait } = this.state.options;
    const account = broker.account(this.signal);
    if (!(account instanceof Promise)) return account;
    return account.catch(async (error) => {
      if (!(error instanceof RetryableError) || attempt === READS_MAX) throw error;
      await wait(error.options.retryAfterMs ?? attempt * PAUSE_MS, this.signal);
      return this.#account(attempt + 1);
    });
  }
}

/** All of a work must be at the broker, or done with, for its figures to hold it. */
function isKnown(work: Work): boolean {
  return work.isFinal || isSent(work);
}
