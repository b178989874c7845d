/**
 * How the gateway ends, and how it leaves a strategy's orders and positions when that is stopped.
 * Invariant: bounded in time, whoever does not answer; what is not done by then is told as open.
 */
import type { AssetClass } from "../../model/asset.ts";
import type { PositionDifference } from "../../model/open_position.ts";
import type { MainToGateway, StopOrders } from "../../protocol.ts";
import { AbortController } from "../../util/natives.ts";
import type { Soon } from "../../util/soon.ts";
import { isSettled, openPositions } from "./leaving.ts";
import type { Liquidations } from "./liquidation.ts";
import type { GatewayState } from "./state.ts";

type Abandon = Extract<MainToGateway, { type: "abandon" }>;
type Liquidate = Extract<MainToGateway, { type: "liquidate" }>;

/** Its state is looked at so often. */
const LOOK_MS = 100;
/** The last figures, and the stream's end, are waited for so long. */
const LAST_MS_MAX = 500;
/** An execution may be on its way: what still differs after this is told. */
const CONFIRM_MS = 150;
/** Of the liquidation when all is to be closed: nobody waits for its answer. */
const STOP_ID = Number.MIN_SAFE_INTEGER;
const ALL_CLASSES: AssetClass[] = ["us_equity", "crypto"];

export interface StoppingOptions {
  state: GatewayState;
  liquidations: Liquidations;
  signal: AbortSignal;
  /** Sends what is planned; in steps, all rounds of it. */
  pump(): Soon<void>;
  isPumping(): boolean;
  refresh(): Soon<void>;
  /** From the broker's positions, as they are now. */
  differences(): Promise<PositionDifference[]>;
  /** Gives up what still waits for the exchange, and closes the stream of updates. */
  giveUp(): Soon<void> | undefined;
  /** Closes the journal. */
  close(): Promise<void>;
}

export class Stopping {
  /** From the broker's positions; null: they could not be read. */
  #differences: PositionDifference[] | null = null;

  constructor(readonly options: StoppingOptions) {}

  /** What the runs would open is not opened. Gives what is to be closed; null: nothing. */
  abandon({ id, runIds, flatten, reason }: Abandon): Liquidate | null {
    const { state } = this.options;
    for (const runId of runIds) state.stopped.add(runId);
    for (const desk of state.board.busy.list) {
      for (const work of desk.works) {
        if (!runIds.includes(work.runId) || work.kind !== "entry") continue;
        work.cancelReason ??= reason;
        desk.touch();
      }
    }
    const open = openPositions(state, (runId) => runIds.includes(runId));
    state.options.toMain({ type: "abandoned", id, open });
    return flatten ? { ...closing(id, reason), runIds } : null;
  }

  /** All that is to be written is written, and main is told what remains. */
  async stop({ orders, withinMs }: Extract<MainToGateway, { type: "stop" }>): Promise<void> {
    const { state, giveUp, close } = this.options;
    await this.#settle(orders, withinMs);
    await this.#soon(giveUp());
    const { options: { toMain, log }, board: { openOrders } } = state;
    try {
      await close();
    } catch (error) {
      // What was not written the broker knows: the next start asks it.
      const text = "The journal could not be written to its end: {error}";
      log("error", text, { error: String(error), alert: "journal" });
    }
    const differences = this.#differences ?? [];
    toMain({ type: "stopped", open: openPositions(state), orders: openOrders, differences });
  }

  /** Resolves when all that the gateway was to leave is left so, or the time is over. */
  async #settle(orders: StopOrders, withinMs: number): Promise<void> {
    const { state, liquidations, signal, pump, isPumping, refresh } = this.options;
    const { stepping, wait, log } = state.options;
    state.isStopping = true;
    state.restrict("stop", "reducing", "the trader stops");
    if (orders === "keep") { for (const desk of state.desks.values()) desk.touch(); }
    else state.closeDesks("the trader stops");
    if (orders === "flatten") liquidations.add(closing(STOP_ID, "stop"));
    const isDone = () =>
      !isPumping() && isSettled(state, orders === "keep") &&
      (orders !== "flatten" || state.book.isFlat);
    await pump();
    // In steps the exchange's time stands still: nothing more would come.
    for (let ms = 0; !stepping && ms < withinMs && !isDone(); ms += LOOK_MS) {
      await wait(LOOK_MS, signal);
      if (orders === "flatten") await pump();
    }
    const compared = stepping ? undefined : this.#soon(this.#compare());
    try {
      await this.#soon(refresh());
    } catch (error) {
      log("warning", "The account cannot be read: {error}", { error: String(error) });
    }
    if (stepping) return;
    await compared;
    this.#tellDifferences();
  }

  /** Whatever has been found when the time is over counts. */
  async #compare(): Promise<void> {
    const { state: { options: { wait, log } }, signal, differences } = this.options;
    try {
      const first = this.#differences = await differences();
      if (first.length === 0) return;
      await wait(CONFIRM_MS, signal);
      if (signal.aborted) return;
      const again = await differences();
      const isConfirmed = ({ symbol }: PositionDifference) =>
        first.some((one) => one.symbol === symbol);
      this.#differences = again.filter(isConfirmed);
    } catch (error) {
      if (signal.aborted) return;
      this.#differences ??= [];
      const text = "Positions cannot be compared with the broker's: {error}";
      log("warning", text, { error: String(error) });
    }
  }

  #tellDifferences(): void {
    const { log } = this.options.state.options;
    if (this.#differences === null) {
      log("warning", "The broker's positions could not be compared before the end");
    }
    for (const { symbol, broker, book } of this.#differences ?? []) {
      const text = "{symbol}: at the end the broker has {broker}, Liu's books {book}; " +
        "look at the account before the next start";
      log("error", text, { symbol, broker, book, alert: "position_difference" });
    }
  }

  /** Waits for it, but not for long. */
  async #soon(done: Soon<void> | undefined): Promise<void> {
    if (!(done instanceof Promise)) return;
    const { wait } = this.options.state.options;
    const given = new AbortController();
    // With a reason: where user code runs there is no DOMException to make one of.
    await Promise.race([done, wait(LAST_MS_MAX, given.signal)])
      .finally(() => given.abort(new Error("it is there, or waited for too long")));
  }
}

function closing(id: number, reason: string): Liquidate {
  const assetClasses = ALL_CLASSES;
  return { type: "liquidate", id, scope: "all", assetClasses, reason, deadlineUs: Infinity };
}
