import type { Operation } from "../contracts/store.ts";
import type { ToldTrade } from "../engine/gateway/told_trade.ts";
import { Decimal } from "../util/decimal.ts";
import type { BacktestTrade } from "./result.ts";

/**
 * Executions in columns: an object for each of hundreds of thousands would be carried along by every
 * collection of garbage, and so would their texts, which are made at the end.
 */
export class TradeList {
  #timeUs = new Float64Array(1024);
  #runId = new Int32Array(1024);
  readonly #symbol: string[] = [];
  readonly #operation: Operation[] = [];
  readonly #qty = new DecimalColumn();
  readonly #price = new DecimalColumn();
  readonly #fee = new DecimalColumn();

  add(trade: ToldTrade): void {
    const { child, execution, operation } = trade;
    const { length } = this.#symbol;
    if (length === this.#timeUs.length) this.#grow();
    this.#timeUs[length] = execution.timeUs;
    this.#runId[length] = child.runId;
    this.#symbol.push(child.symbol);
    this.#operation.push(operation);
    this.#qty.set(length, execution.qty);
    this.#price.set(length, execution.price);
    this.#fee.set(length, execution.fee);
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
      qty: this.#qty.textAt(i),
      price: this.#price.textAt(i),
      fee: this.#fee.textAt(i),
      timeUs: this.#timeUs[i],
      strategy: nameOf(this.#runId[i]),
    }));
  }
}

class DecimalColumn {
  #mantissas = new Float64Array(1024);
  #scales = new Uint8Array(1024);
  /** Those that are no safe integer at any scale. */
  readonly #long = new Map<number, Decimal>();

  /** The next one. */
  set(i: number, value: Decimal): void {
    if (i === this.#mantissas.length) this.#grow();
    const { mantissa } = value;
    this.#mantissas[i] = mantissa;
    this.#scales[i] = value.scale;
    if (Number.isNaN(mantissa)) this.#long.set(i, value);
  }

  textAt(i: number): string {
    const mantissa = this.#mantissas[i];
    if (Number.isNaN(mantissa)) return this.#long.get(i)!.toFixed();
    return Decimal.scaled(mantissa, this.#scales[i]).toFixed();
  }

  #grow(): void {
    const [mantissas, scales] = [this.#mantissas, this.#scales];
    this.#mantissas = new Float64Array(2 * mantissas.length);
    this.#mantissas.set(mantissas);
    this.#scales = new Uint8Array(2 * scales.length);
    this.#scales.set(scales);
  }
}
