/** What the benchmark of backtests asks one of its workers, and hears from it. */
export interface Case {
  symbols: number;
  sessions: number;
  /** False: the strategy looks at the same, and orders nothing. */
  hasOrders: boolean;
  warmUpRounds: number;
  rounds: number;
}

/** Times in seconds of a core; the first run of the worker is not among the rounds. */
export interface Measured {
  bars: number;
  /** Fills, or what would have been ordered. */
  count: number;
  firstRun: number;
  rounds: { bare: number; backtest: number }[];
  /** Allocated by a run, and by one over every other minute of the same sessions. */
  allocatedBytes: { whole: number; half: number };
}

export type FromBacktestWorker =
  | { type: "measured"; measured: Measured }
  | { type: "failed"; message: string };
