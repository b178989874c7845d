import type { Clock } from "../contracts/clock.ts";
import type { Monotonic } from "./monotonic.ts";
import type { WireLog } from "./wire_log.ts";

/** What every provider and broker is given beside its own settings. */
export interface ClientContext {
  /** The market's time. */
  clock: Clock;
  /** For time-outs and back-off. */
  monotonic: Monotonic;
  /** In [0, 1): spreads retries. */
  random(): number;
  log: WireLog;
}
