import { setImmediate } from "node:timers";
import type { Monotonic } from "../../src/wire/monotonic.ts";

/** Turns of the event loop after which nothing but waits can be under way. */
const TURNS = 4;
let nowMs = 0;

/** Waits are over as soon as nothing else is under way: they cost no time. */
export const instantWaits: Monotonic = {
  nowMs: () => nowMs,
  after(ms, run) {
    let isOn = true;
    const turn = (left: number): void => {
      if (!isOn) return;
      if (left > 0) return void setImmediate(() => turn(left - 1));
      nowMs += ms;
      run();
    };
    turn(TURNS);
    return () => void (isOn = false);
  },
};
