/** What all workers' entries share. */
import type { FailedMessage } from "../protocol.ts";

/** Why a worker could not go on, as a message. */
export function failedMessage(error: unknown): FailedMessage {
  const isError = error instanceof Error;
  return {
    type: "failed",
    errorName: isError ? error.name : "Error",
    message: isError ? error.message : String(error),
    stack: isError ? error.stack ?? null : null,
  };
}

/** Numbers in [0, 1) that are the same in each run (Mulberry32). What user code gets as Math.random. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
