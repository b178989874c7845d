import type { Operation } from "../contracts/store.ts";
import type { TradeLine } from "../protocol.ts";
import type { BacktestTrade } from "./result.ts";

/**
 * Executions in columns: an object for each of hundreds of thousands would be carried along by every
 * collection of garbage.
 */
export class TradeList {
  #timeUs = new Float64Array(1024);
  #runId = new Int32Array(1024);
  readonly #symbol: string[] = [];
  readonly #operation: Operation[] = [];
  readonly #qty: string[] = [];
  readonly #price: string[] = [];
  readonly #fee: string[] = [];

  add({ timeUs, runId, symbol, operation, qty, price, fee }: TradeLine): void {
    const { length } = this.#symbol;
    if (length === this.#timeUs.length) this.#grow();
    this.#timeUs[length] = timeUs;
    this.#runId[length] = runId;
    this.#symbol.push(symbol);
    this.#operation.push(operation);
    this.#qty.push(qty);
    this.#price.push(price);
    this.#fee.push(fee);
  }

  #grow(): void {
    const [timeUs, runId] = [this.#timeUs, this.#runId];
    this.#timeUs = new Float64Array(2 * timeUs.length);
    this.#timeUs.set(timeUs);
    this.#runId = new Int32Array(2 * runId.length);
    this.#runId.set(runId);
  }

  /** `nameOf`: the strategy of a run. */
  toArray(nameOf: (runId: number) => string): BacktestTrade[] {
    return this.#symbol.map((symbol, i) => ({
      symbol,
      operation: this.#operation[i],
      qty: this.#qty[i],
      price: this.#price[i],
      fee: this.#fee[i],
      timeUs: this.#timeUs[i],
      strategy: nameOf(this.#runId[i]),
    }));
  }
}
