import type { MainToGateway } from "../../protocol.ts";
import type { AccountGuard } from "./account_guard.ts";
import { cancelEntries, setHalted } from "./halts.ts";
import { inspect } from "./inspect.ts";
import type { Liquidations } from "./liquidation.ts";
import type { GatewayState } from "./state.ts";

type Controlling = Extract<
  MainToGateway,
  { type: "session" | "halted" | "restrict" | "lift" | "inspect" }
>;

/** What main may say at any time, about what is let through. */
export function controlled(
  state: GatewayState,
  liquidations: Liquidations,
  guard: AccountGuard,
  message: Controlling,
): void {
  switch (message.type) {
    case "session": {
      const { assetClass, openUs } = message;
      state.sessions[assetClass] = message;
      state.streaks?.startSession(assetClass, openUs);
      liquidations.startSession(assetClass);
      guard.startDay();
      for (const desk of state.board.busy.list) desk.touch();
      return;
    }
    case "halted":
      return setHalted(state, message.symbol, message.isHalted);
    case "restrict":
      state.restrict(message.cause, message.state, message.reason);
      if (message.cause === "kill") cancelEntries(state, message.reason);
      return;
    case "lift":
      // What it closed stays closed; what comes after may be traded again.
      if (message.cause === "kill") liquidations.forget("kill");
      if (message.cause === "liquidated") resume(state);
      return state.lift(message.cause);
    case "inspect":
      return state.options.toMain({ type: "inspected", id: message.id, ...inspect(state) });
    default:
      return message satisfies never;
  }
}

/** A person has looked at what somebody else has closed: it may be entered again. */
function resume(state: GatewayState): void {
  const { closedOutside, options: { journal } } = state;
  closedOutside.clear();
  if (journal.isKept) journal.note({ type: "resumed", timeUs: state.nowUs() });
}
