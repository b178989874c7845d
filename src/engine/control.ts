/**
 * What a worker with user code and main have in common, in shared memory: what runs in it, whose
 * code is to stop, and that it is alive. One writer a word: 0, 1 and the last are the worker's, stop
 * flags are main's.
 */

import { Atomics, setInterval, SharedArrayBuffer } from "../util/natives.ts";

/** Index of what runs + 1; 0: nothing; negative: it is being loaded. */
export const RUNNING = 0;
/** Calls of user code so far. */
export const CALLS = 1;
const FLAGS = 2;
/** A living worker beats so often. */
const BEAT_MS = 500;

/** What a stop flag says to the code that meets it. */
export const Stop = { none: 0, tooLong: 1, tooMuchMemory: 2, promises: 3 } as const;
export type Stop = (typeof Stop)[keyof typeof Stop];

/** For so many strategies or scanners. */
export function controlBlock(count: number): SharedArrayBuffer {
  return new SharedArrayBuffer((FLAGS + count + 1) * 4);
}

/** How many strategies or scanners a block is for. */
export function countOf(control: Int32Array): number {
  return control.length - FLAGS - 1;
}

/** Where the stop flag of number `index` is. */
export function flagAt(index: number): number {
  return FLAGS + index;
}

/** The flag alone, for guards that user code could reach. */
export function stopFlagOf(control: SharedArrayBuffer, index: number): Int32Array {
  return new Int32Array(control, flagAt(index) * 4, 1);
}

/** Counts on as long as the worker comes to its timers. */
export function beatOf(control: Int32Array): number {
  return Atomics.load(control, control.length - 1);
}

/** In the worker: this one is being loaded. */
export function showLoading(control: Int32Array, index: number): void {
  Atomics.add(control, CALLS, 1);
  Atomics.store(control, RUNNING, -(index + 1));
}

export function showIdle(control: Int32Array): void {
  Atomics.store(control, RUNNING, 0);
}

/** In the worker: it beats from now on, and does this with each beat. */
export function startBeat(control: Int32Array, onBeat: () => void = () => {}): void {
  const beat = () => void Atomics.add(control, control.length - 1, 1);
  beat();
  setInterval(() => {
    beat();
    onBeat();
  }, BEAT_MS);
}
