import type { BrokerPosition } from "../../contracts/broker.ts";
import type { PositionDifference } from "../../model/open_position.ts";
import { type Decimal, decimal, plain } from "../../util/decimal.ts";
import type { Desk } from "./desk.ts";
import type { OrderFlow } from "./order_flow.ts";
import type { GatewayState } from "./state.ts";
import { isLive, isMissingFills } from "./work.ts";

interface Difference {
  desk: Desk;
  /** The broker's position less the book's. */
  change: Decimal;
  /** null: the broker has none there. */
  position: BrokerPosition | null;
}

/** Between two looks of which the second is to confirm the first. */
const CONFIRM_MS = 5000;
const LOOKS_MAX = 4;
/** Executions before the last good look are read too: lists come late, and clocks differ. */
const OVERLAP_US = 120e6;

/** The broker's positions against the book's sums. */
export class PositionCheck {
  /** Market time of the last look that found no difference. */
  sinceUs = 0;
  /** One look at a time: two would take the same difference in twice. */
  #looking: Promise<void> = Promise.resolve();

  constructor(
    readonly state: GatewayState,
    readonly flow: OrderFlow,
    readonly signal: AbortSignal,
  ) {}

  /**
   * `lookUp`: brings these symbols' open orders up to date. What no execution explains at the end is
   * somebody else's doing.
   */
  look(lookUp: (desks: Desk[]) => Promise<void>): Promise<void> {
    const look = this.#looking.then(() => this.#look(lookUp));
    this.#looking = look.catch(() => {});
    return look;
  }

  /** How things are, with nothing done about it; none before the books were complete. */
  async compare(): Promise<PositionDifference[]> {
    if (this.sinceUs === 0) return [];
    const differences = await this.#differences();
    return differences.map(({ desk: { symbol }, position }) => ({
      symbol,
      broker: position?.qty ?? "0",
      book: plain(this.state.book.net(symbol)),
    }));
  }

  async #look(lookUp: (desks: Desk[]) => Promise<void>): Promise<void> {
    const { wait, broker } = this.state.options;
    let atUs = this.state.nowUs();
    let differences = await this.#differences();
    for (let looks = 1; differences.length > 0; looks++) {
      // What goes on changing is traded: the next period's look is as good.
      if (looks === LOOKS_MAX) return;
      await wait(CONFIRM_MS, this.signal);
      if (this.signal.aborted || !this.state.isConnected) return;
      atUs = this.state.nowUs();
      const again = await this.#differences();
      const same = again.filter((one) => isAmong(differences, one));
      if (same.length === 0) {
        differences = again;
        continue;
      }
      await lookUp(same.map(({ desk }) => desk));
      for (const one of await broker.executions(this.sinceUs - OVERLAP_US, this.signal)) {
        this.flow.onListedExecution(one);
      }
      // The look-ups may have taken as long as an update takes.
      differences = await this.#differences();
      differences = differences.filter((one) => !(isAmong(same, one) && this.#explain(one)));
    }
    this.sinceUs = atUs;
  }

  async #differences(): Promise<Difference[]> {
    const { state } = this;
    const positions = await state.options.broker.positions(this.signal);
    const bySymbol = new Map(positions.map((position) => [position.symbol, position]));
    const symbols = new Set([...bySymbol.keys(), ...state.book.symbols()]);
    const differences: Difference[] = [];
    for (const symbol of [...symbols].sort()) {
      const position = bySymbol.get(symbol) ?? null;
      const desk = state.desk(symbol);
      this.#release(desk, position);
      const change = decimal(position?.qty ?? 0).minus(state.book.net(symbol));
      if (!change.isZero) differences.push({ desk, change, position });
      else if (desk.shortfall !== null) forgetShortfall(desk);
    }
    return differences;
  }

  /** Exits that the broker refused are tried again when it has something for them. */
  #release(desk: Desk, position: BrokerPosition | null): void {
    if (desk.refusals.size === 0 || position === null) return;
    const available = decimal(position.qtyAvailable);
    if (available.isZero) return;
    desk.available = available;
    desk.refusals.clear();
    desk.touch();
  }

  /** True: taken in. False: something in the symbol is under way that may be the reason. */
  #explain({ desk, change, position }: Difference): boolean {
    const isMoving = desk.sending > 0 ||
      desk.works.some(({ children }) =>
        children.some((child) => isMissingFills(child) || (isLive(child) && !isQuiet(child)))
      );
    if (isMoving) return false;
    const { symbol } = desk;
    const { log } = this.state.options;
    log("error", "{symbol}: the broker has {broker}, Liu's books {book}; the broker's counts", {
      symbol,
      broker: position?.qty ?? "0",
      book: plain(this.state.book.net(symbol)),
      alert: "position_difference",
    });
    this.flow.externals.change(symbol, change, priceOf(desk, position));
    forgetShortfall(desk);
    return true;
  }
}

/** Book and broker agree: what waited for that goes on. */
function forgetShortfall(desk: Desk): void {
  desk.shortfall = null;
  desk.touch();
}

/** Nothing is expected of it at this moment. */
function isQuiet({ cancel, status }: { cancel: string; status: string }): boolean {
  return cancel === "none" && status !== "pending_cancel" && status !== "pending_replace";
}

function isAmong(differences: readonly Difference[], { desk, change }: Difference): boolean {
  return differences.some((one) => one.desk === desk && one.change.eq(change));
}

/** The nearest to a price at which it can have been traded. */
function priceOf(desk: Desk, position: BrokerPosition | null): Decimal {
  if (position !== null) return decimal(position.marketPrice);
  if (desk.lastPrice > 0) return decimal(desk.lastPrice);
  const [first] = desk.positions.entries();
  return decimal(first === undefined ? 0 : first[1].averagePrice);
}
