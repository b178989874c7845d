/**
 * How often the trader compares what it knows with what the broker says, milliseconds of network
 * time; 0: never.
 */
export interface ReconcilePeriods {
  /** Orders that should have been heard of by now. */
  inFlightMs: number;
  openOrdersMs: number;
  positionsMs: number;
}
