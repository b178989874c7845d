import type { BrokerAccount } from "../../contracts/broker.ts";
import type { Amount } from "../../model/order.ts";
import type { AccountFigures } from "../../protocol.ts";
import type { Soon } from "../../util/soon.ts";
import type { Work } from "./work.ts";

interface Reserved {
  readonly work: Work;
  readonly amount: number;
}

/**
 * The account as the broker last told it, and what has been promised since. Invariant: buying power
 * is given once: to the broker's own holds, or to a work that it has not heard of.
 */
export class Account {
  #broker: BrokerAccount | null = null;
  /** What was promised to works, and is not in the figures. */
  #reserved: Reserved[] = [];
  /** Something that changes the figures has happened since they were asked for. */
  isStale = false;
  /** The most that the equity was below that of the first reading; account currency, ≥ 0. It never shrinks again. */
  worstLoss = 0;
  /** The most that it was below its highest; account currency, ≥ 0. It never shrinks again. */
  worstDrawdown = 0;
  /** The last reading's equity was a number. */
  isMeasured = true;
  /** The last two readings' equity; NaN: there was none, or it was no number. */
  #lastEquity = NaN;
  #equityBefore = NaN;
  #firstEquity = NaN;
  #highestEquity = NaN;
  /** A reading that is due, and was put off until somebody looks. */
  #putOff: (() => void) | null = null;
  /** The figures as they are when they are looked at. */
  readonly late: AccountFigures;

  /**
   * `confirms`: no single reading makes a loss or a highest, but two in a row do. One reply of a
   * broker may be wrong, and what a day has lost is not forgotten on that day.
   */
  constructor(readonly confirms = false) {
    const read = () => this.broker;
    this.late = {
      get cash() {
        return numberOf(read().cash);
      },
      get equity() {
        return numberOf(read().equity);
      },
      get buyingPower() {
        return numberOf(read().buyingPower);
      },
    };
  }

  get figures(): AccountFigures {
    const { cash, equity, buyingPower } = this.broker;
    return {
      cash: numberOf(cash),
      equity: numberOf(equity),
      buyingPower: numberOf(buyingPower),
    };
  }

  get broker(): BrokerAccount {
    this.catchUp();
    if (this.#broker === null) throw new Error("Bug in Liu: the account was not read at the start");
    return this.#broker;
  }

  /** The reading is made when somebody looks, but before the market's time goes on. */
  putOff(read: () => void, isKnown: (work: Work) => boolean): void {
    this.isStale = false;
    this.#putOff = read;
    // Whoever looks at what is left has the figures read first, which hold these.
    this.#releaseAll(isKnown);
  }

  /** As last read, put off or not. */
  get known(): BrokerAccount | null {
    return this.#broker;
  }

  /** What is promised, and not in the figures. */
  get reserved(): number {
    let sum = 0;
    for (const { amount } of this.#reserved) sum += amount;
    return sum;
  }

  get isPutOff(): boolean {
    return this.#putOff !== null;
  }

  /** Makes the reading that was put off. */
  catchUp(): void {
    if (this.#putOff === null) return;
    const read = this.#putOff;
    this.#putOff = null;
    read();
  }

  /**
   * A session begins: what was lost before is not of this day. `day`: it began before, and the
   * trader has been started again.
   */
  startDay(day: { firstEquity: number; highestEquity: number } | null): void {
    const equity = this.#lastEquity;
    this.worstLoss = 0;
    this.worstDrawdown = 0;
    this.#firstEquity = day?.firstEquity ?? equity;
    this.#highestEquity = day?.highestEquity ?? equity;
    if (this.#broker !== null) this.#measure();
  }

  get firstEquity(): number {
    return this.#firstEquity;
  }

  get highestEquity(): number {
    return this.#highestEquity;
  }

  /** What the last reading alone would make of the day; account currency. */
  get lastLoss(): number {
    return this.#firstEquity - this.#lastEquity;
  }

  get lastDrawdown(): number {
    return this.#highestEquity - this.#lastEquity;
  }

  #measure(): void {
    const equity = this.#lastEquity;
    this.isMeasured = Number.isFinite(equity);
    if (!this.isMeasured) return;
    if (Number.isNaN(this.#firstEquity)) this.#firstEquity = this.#highestEquity = equity;
    const before = this.confirms ? this.#equityBefore : equity;
    if (Number.isNaN(before)) return;
    const low = Math.max(equity, before);
    const high = Math.min(equity, before);
    this.worstLoss = Math.max(this.worstLoss, this.#firstEquity - low);
    if (high > this.#highestEquity) this.#highestEquity = high;
    else this.worstDrawdown = Math.max(this.worstDrawdown, this.#highestEquity - low);
  }

  /** What is left for a new entry. Crypto is bought with cash only. */
  available(isCrypto: boolean): number {
    const { buyingPower, cash } = this.broker;
    let left = numberOf(buyingPower);
    if (isCrypto) left = Math.min(left, numberOf(cash));
    for (const { amount } of this.#reserved) left -= amount;
    return left;
  }

  reserve(work: Work, amount: number): void {
    if (amount > 0) this.#reserved.push({ work, amount });
  }

  release(work: Work): void {
    this.#releaseAll((other) => other === work);
  }

  #releaseAll(isDone: (work: Work) => boolean): void {
    if (this.#reserved.length === 0) return;
    if (this.#reserved.length === 1) {
      if (isDone(this.#reserved[0].work)) this.#reserved.pop();
      return;
    }
    this.#reserved = this.#reserved.filter(({ work }) => !isDone(work));
  }

  /** `isKnown`: the broker had the whole work before it was asked, so that its figures hold it. */
  refresh(read: () => Soon<BrokerAccount>, isKnown: (work: Work) => boolean): Soon<void> {
    this.isStale = false;
    this.#putOff = null;
    const known = this.#reserved.filter(({ work }) => isKnown(work));
    const account = read();
    if (!(account instanceof Promise)) return this.#set(account, known);
    return account.then((account) => this.#set(account, known), (error) => {
      this.isStale = true;
      throw error;
    });
  }

  #set(account: BrokerAccount, known: Reserved[]): void {
    this.#broker = account;
    this.#equityBefore = this.#lastEquity;
    this.#lastEquity = numberOf(account.equity);
    this.#measure();
    if (known.length > 0) this.#reserved = this.#reserved.filter((one) => !known.includes(one));
  }
}

function numberOf(amount: Amount): number {
  return typeof amount === "string" ? Number(amount) : amount.toNumber();
}
