/** A running trader's look at the kill switch on disk, whoever wrote it. */
import { sleep } from "../util/sleep.ts";
import { readKill } from "./kill_latch.ts";
import type { TraderControl } from "./trader_control.ts";

const LOOK_MS = 1000;

/**
 * Kills when the switch is fired, or cannot be read at two looks (it may just be being written), until the
 * signal aborts. Never lifts: that is asked for at the trader itself. What is fired already
 * is not closed by it, as the session does that when its runs are there.
 */
export async function watchKill(
  { folder, control, signal, onProblem, wait = sleep }: {
    folder: string;
    control: Pick<TraderControl, "kill" | "isKilled">;
    signal: AbortSignal;
    onProblem(text: string): void;
    wait?(ms: number, signal: AbortSignal): Promise<void>;
  },
): Promise<void> {
  const fire = (reason: string, flatten: boolean) => {
    control.kill({ reason, flatten }).catch((error) => onProblem(`kill: ${error}`));
  };
  const before = readKill(folder);
  if (before !== null) fire(before.reason, false);
  let wasDamaged = false;
  while (!signal.aborted) {
    await wait(LOOK_MS, signal);
    if (signal.aborted) return;
    const kill = readKill(folder);
    const isDamaged = kill !== null && kill.atMs === null;
    if (kill !== null && !control.isKilled && (!isDamaged || wasDamaged)) {
      fire(kill.reason, kill.flatten);
    }
    wasDamaged = isDamaged;
  }
}
