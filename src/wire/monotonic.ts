/** Time that only goes forward, for time-outs and back-off; never for the market. Passed in. */
export interface Monotonic {
  nowMs(): number;
  /** Calls `run` once, `ms` from now; the function returned takes that back. */
  after(ms: number, run: () => void): () => void;
}

export const systemMonotonic: Monotonic = {
  nowMs: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves `ms` from now; rejects with the signal's reason where that comes first. */
export function wait(monotonic: Monotonic, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = monotonic.after(ms, () => {
      signal.removeEventListener("abort", aborted);
      resolve();
    });
    function aborted() {
      stop();
      reject(signal.reason);
    }
    signal.addEventListener("abort", aborted, { once: true });
  });
}
