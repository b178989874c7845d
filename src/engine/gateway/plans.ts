import { type Desk, type DeskRequests, planDesk, type PlanView } from "./desk.ts";
import type { OrderFlow } from "./order_flow.ts";
import type { GatewayState } from "./state.ts";

/** Plans of desks: what of the gateway's state they look at, and what they do to it. */
export class Plans implements PlanView {
  /** The one that is planned. */
  #desk: Desk | null = null;
  readonly makeChild: PlanView["makeChild"];
  readonly makeExit: PlanView["makeExit"];
  readonly end: PlanView["end"];
  readonly capabilities: PlanView["capabilities"];
  readonly book: PlanView["book"];

  constructor(readonly state: GatewayState, flow: OrderFlow) {
    this.book = state.book;
    this.capabilities = state.options.broker.capabilities;
    this.makeChild = (work, qty, legs) => state.makeChild(work, qty, legs);
    this.makeExit = (desk, protection, side, qty) => state.makeExit(desk, protection, side, qty);
    this.end = (work, why) => flow.end(work, why);
  }

  get isConnected(): boolean {
    return this.state.isConnected;
  }

  get isStopping(): boolean {
    return this.state.isStopping;
  }

  get isRegularSession(): boolean {
    return this.state.isRegularSession(this.#desk!);
  }

  /** Adds what is to be sent now in the symbol. */
  add(desk: Desk, requests: DeskRequests): void {
    this.#desk = desk;
    planDesk(desk, this, requests);
  }
}
