import { RetryableError } from "../../util/errors.ts";
import type { Dispatch } from "./dispatch.ts";
import type { OrderFlow } from "./order_flow.ts";
import type { GatewayState } from "./state.ts";
import { isMissingFills } from "./work.ts";

const PAUSE_MS = 1000;
const READS_MAX = 5;

/**
 * Makes up for what happened while no order updates came: executions by their identity, then the
 * orders' states. Executions may be listed later than the orders know of them.
 */
export async function reconcile(
  state: GatewayState,
  flow: OrderFlow,
  dispatch: Dispatch,
): Promise<void> {
  const { broker, wait, log } = state.options;
  const live = flow.live();
  const sinceUs = Math.min(state.nowUs(), ...live.map((child) => child.sentUs));
  for (let attempt = 1; attempt <= READS_MAX && !dispatch.signal.aborted;) {
    try {
      for (const execution of await broker.executions(sinceUs, dispatch.signal)) {
        flow.onExecution(execution);
      }
      for (const child of live) await dispatch.lookUp(child);
      if (!live.some(isMissingFills)) break;
      attempt++;
    } catch (error) {
      // As long as it takes: without the answer nothing is known of what is open.
      if (!(error instanceof RetryableError)) throw error;
      log("warning", "Executions cannot be read: {error}", { error: error.message });
    }
    await wait(attempt * PAUSE_MS, dispatch.signal);
  }
  for (const { clientOrderId } of live.filter(isMissingFills)) {
    log("error", "Executions of {clientOrderId} cannot be found", { clientOrderId });
  }
  state.account.isStale = true;
}
