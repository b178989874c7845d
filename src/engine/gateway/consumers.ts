/** The consumers that are there: a step waits for all of them. */
import type { AccountFigures, MainToGateway } from "../../protocol.ts";
import { handOver } from "./handover.ts";
import type { Liquidations } from "./liquidation.ts";
import type { OrderFlow } from "./order_flow.ts";
import type { Reports } from "./reports.ts";
import type { GatewayState } from "./state.ts";

export class Consumers {
  readonly list: number[];
  readonly #state: GatewayState;

  constructor(state: GatewayState) {
    this.#state = state;
    this.list = Array.from({ length: state.options.consumers }, (_, i) => i);
  }

  tell(account: AccountFigures): void {
    const { toConsumer } = this.#state.options;
    for (const consumer of this.list) toConsumer(consumer, { type: "account", account });
  }

  /** One is gone: nobody waits for it until its place is taken. */
  drop(consumer: number): void {
    const at = this.list.indexOf(consumer);
    if (at >= 0) this.list.splice(at, 1);
  }

  /** Its place is taken, and its runs go on under other numbers. */
  handOver(
    { id, consumer, runs }: Extract<MainToGateway, { type: "handOver" }>,
    flow: OrderFlow,
    reports: Reports,
    liquidations: Liquidations,
  ): void {
    const { toConsumer, toMain } = this.#state.options;
    if (!this.list.includes(consumer)) this.list.push(consumer);
    toConsumer(consumer, { type: "account", account: this.#state.account.figures });
    handOver({ state: this.#state, flow, reports, liquidations }, runs);
    toConsumer(consumer, { type: "handedOver" });
    toMain({ type: "handedOver", id });
  }
}
