import type { Restriction, RestrictionCause, TradingState } from "../../model/trading_state.ts";

/**
 * What keeps the gateway from sending orders, by cause. Invariant: the state is that of the gravest
 * cause; one that is lifted lifts no other.
 */
export class Restrictions {
  readonly #byCause = new Map<RestrictionCause, Restriction>();
  /** Read for each order: not worked out there. */
  state: TradingState = "active";

  constructor(readonly onChange: () => void) {}

  /** True: this is new, or graver or milder than before. */
  set(restriction: Restriction): boolean {
    const before = this.#byCause.get(restriction.cause);
    if (before?.state === restriction.state) return false;
    this.#byCause.set(restriction.cause, restriction);
    this.#changed();
    return true;
  }

  lift(cause: RestrictionCause): boolean {
    if (!this.#byCause.delete(cause)) return false;
    this.#changed();
    return true;
  }

  /** The gravest first, then the oldest. */
  list(): Restriction[] {
    const weight = ({ state }: Restriction) => state === "halted" ? 0 : 1;
    return [...this.#byCause.values()].sort((a, b) =>
      weight(a) - weight(b) || a.sinceUs - b.sinceUs
    );
  }

  /** Of the gravest, for denials; empty when nothing is restricted. */
  get reason(): string {
    return this.list()[0]?.reason ?? "";
  }

  #changed(): void {
    this.state = this.list()[0]?.state ?? "active";
    this.onChange();
  }
}
