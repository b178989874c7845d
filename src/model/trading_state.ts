/** What the trader lets through: all orders, those that shrink a position, none. */
export type TradingState = "active" | "reducing" | "halted";

/** Why it does not let all through. Each is set and lifted by the one part that knows of it. */
export type RestrictionCause =
  /** `liu kill`: lifted by `liu resume` only. */
  | "kill"
  /** Records of the journal were lost, and the broker has not been compared with it yet. */
  | "journal"
  /** The database has not taken records for too long. */
  | "database"
  /** The broker's answer and the book differ in a way that was not explained. */
  | "mismatch"
  /** Somebody else trades the account with Liu's order ids. */
  | "other_trader"
  /** The broker has blocked the account. */
  | "blocked"
  /** The machine's clock is too far from the broker's. */
  | "clock"
  /** A limit for losses was reached. */
  | "loss"
  /** Somebody else, as the broker, has closed positions in several symbols: lifted by `liu resume`. */
  | "liquidated"
  | "stop";

export interface Restriction {
  cause: RestrictionCause;
  state: Exclude<TradingState, "active">;
  /** One sentence for the person who looks: what happened, and what lifts it. */
  reason: string;
  /** Market time. */
  sinceUs: number;
}
