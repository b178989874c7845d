/** Market time, passed in everywhere: real, at a simulated exchange's rate, or set by steps. */
export interface Clock {
  /** Microseconds since the epoch. Never goes back. */
  nowUs(): number;
}
