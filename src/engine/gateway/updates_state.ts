import type { UpdatesState } from "../../contracts/broker.ts";
import { otherTrader } from "./one_trader.ts";
import type { Outage } from "./outage.ts";
import type { GatewayState } from "./state.ts";

/** Whether order updates come. `restored`: they come again, and what was missed is to be made up for. */
export function onUpdatesState(
  gateway: GatewayState,
  state: UpdatesState,
  outage: Outage,
  restored: () => void,
): void {
  const { log, toMain } = gateway.options;
  switch (state.state) {
    case "connected":
      gateway.isConnected = true;
      outage.end();
      return;
    case "interrupted":
      log("warning", "Order updates are interrupted: {reason}", { reason: state.reason });
      gateway.isConnected = false;
      gateway.interruptions++;
      outage.begin(state.reason);
      return;
    case "restored":
      return restored();
    case "taken":
      return gateway.restrict(
        "other_trader",
        "halted",
        otherTrader(`order updates: ${state.reason}`),
      );
    case "failed": {
      const { name, message, stack } = state.error;
      gateway.isConnected = false;
      toMain({ type: "failed", errorName: name, message, stack: stack ?? null });
      return;
    }
    default:
      return state satisfies never;
  }
}
