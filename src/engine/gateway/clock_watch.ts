/**
 * The market clock against the broker's. It is set by the broker's once, at the start, and runs by
 * the machine's from then on: a machine that slept, or counts wrong, would think it another minute.
 */
import type { Broker } from "../../contracts/broker.ts";
import { OperationError } from "../../util/errors.ts";
import type { GatewayOptions } from "./options.ts";
import type { GatewayState } from "./state.ts";

const SKEW_WARNED_MS = 1000;
const LOOK_MS = 120_000;
/** An answer that took longer says too little: it is asked for again. */
const ROUND_TRIP_MS_MAX = 500;
const READS_MAX = 3;

/** What of the gateway it needs. */
type Watched = Pick<GatewayState, "restrict" | "lift"> & {
  options: Pick<GatewayOptions, "clock" | "wait" | "log" | "clockSkewMsMax">;
};

/** How far a clock is ahead of the broker's. */
export interface Skew {
  ms: number;
  /** Half of the round trip: the true value is within so much of it. */
  uncertainMs: number;
}

/**
 * Measures by the middle of a round trip, the shortest of up to three. `nowUs`: the clock in
 * question; of one at a rate above 1 both numbers are of its time.
 */
export async function measureSkew(read: () => Promise<number>, nowUs: () => number): Promise<Skew> {
  let best: Skew | null = null;
  for (
    let i = 0;
    i < READS_MAX && (best === null || 2 * best.uncertainMs > ROUND_TRIP_MS_MAX);
    i++
  ) {
    const beforeUs = nowUs();
    const brokerUs = await read();
    const afterUs = nowUs();
    const uncertainMs = (afterUs - beforeUs) / 2000;
    if (best !== null && best.uncertainMs <= uncertainMs) continue;
    best = { ms: ((beforeUs + afterUs) / 2 - brokerUs) / 1000, uncertainMs };
  }
  return best!;
}

/** What is sure of it, whatever the network did. */
function sureSkewMs({ ms, uncertainMs }: Skew): number {
  return Math.max(0, Math.abs(ms) - uncertainMs);
}

function skewText({ ms }: Skew): string {
  return `${(Math.abs(ms) / 1000).toFixed(1)} s ${ms > 0 ? "ahead of" : "behind"} the broker's`;
}

/** At the start. Throws OperationError where this machine's clock is too far from the broker's. */
export function checkMachineClock(skew: Skew, maxMs: number, log: GatewayOptions["log"]): void {
  const sureMs = sureSkewMs(skew);
  if (sureMs <= SKEW_WARNED_MS) return;
  const text = `This machine's clock is ${skewText(skew)}`;
  if (sureMs <= maxMs) return log("warning", text);
  throw new OperationError(
    `Cannot trade: ${text.charAt(0).toLowerCase()}${text.slice(1)}. Have it set over the network ` +
      `(timedatectl set-ntp true), or allow more: max_clock_skew_seconds in the plan`,
  );
}

/** Looks every two minutes, until the signal is aborted. */
export async function watchClock(
  state: Watched,
  broker: Pick<Broker, "clock">,
  signal: AbortSignal,
): Promise<void> {
  const { clock, wait, log, clockSkewMsMax } = state.options;
  if (clockSkewMsMax === undefined) return;
  for (;;) {
    await wait(LOOK_MS, signal);
    if (signal.aborted) return;
    try {
      let rate = 1;
      const read = async () => {
        const reply = await broker.clock(signal);
        rate = Math.max(1, reply.rate);
        return reply.timeUs;
      };
      const measured = await measureSkew(read, () => clock.nowUs());
      const skew = { ms: measured.ms / rate, uncertainMs: measured.uncertainMs / rate };
      judge(state, skew, clockSkewMsMax);
    } catch (error) {
      if (signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      log("debug", "The broker's clock cannot be read: {reason}", { reason });
    }
  }
}

function judge(state: Watched, skew: Skew, maxMs: number): void {
  const sureMs = sureSkewMs(skew);
  const { log } = state.options;
  if (sureMs > maxMs) {
    const reason = `the market clock is ${skewText(skew)}; it is lifted when it is right again, ` +
      `else start the trader again`;
    return state.restrict("clock", "reducing", reason);
  }
  if (sureMs > SKEW_WARNED_MS) {
    log("warning", "The market clock is {skew}", { skew: skewText(skew) });
  }
  state.lift("clock");
}
