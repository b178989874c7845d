import type { OrderUpdate } from "../../../contracts/broker.ts";
import type { GatewayToMain, MainToGateway, Recovered, RunInfo } from "../../../protocol.ts";
import type { Dispatch } from "../dispatch.ts";
import type { OrderFlow } from "../order_flow.ts";
import type { Reports } from "../reports.ts";
import type { GatewayState } from "../state.ts";
import { AtStart, type Compared } from "./at_start.ts";
import { carryRun } from "./carry_runs.ts";
import type { Quiet } from "./quiet.ts";
import { Replay } from "./replay.ts";

type Ready = Extract<GatewayToMain, { type: "ready" }>;

export interface RecoveryParts {
  state: GatewayState;
  flow: OrderFlow;
  reports: Reports;
  dispatch: Dispatch;
  /** null: the journal is new. */
  quiet: Quiet | null;
  signal: AbortSignal;
}

/** The gateway's start: journal, then broker, then trade. */
export class Recovery {
  readonly #parts: RecoveryParts;
  readonly #replay: Replay;
  /** Updates that came before the books were compared; null: they have been. */
  #early: OrderUpdate[] | null = [];

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
    this.#replay = new Replay(parts.state, parts.flow);
    const { quiet, state } = parts;
    const { journal, recovery } = state.options;
    if (quiet === null) return;
    this.#replay.run(journal.restored);
    quiet.isQuiet = false;
    const liquidation = state.closedOutside.liquidationOf(state.nowUs());
    if (liquidation !== null) state.restrict("liquidated", "reducing", liquidation);
    if (recovery && recovery.damage !== null) {
      state.restrict("journal", "reducing", recovery.damage);
    }
  }

  /** True: it is kept until the books have been compared with the broker's. */
  keepsBack(update: OrderUpdate): boolean {
    this.#early?.push(update);
    return this.#early !== null;
  }

  /** Compares with the broker. Nothing has been traded before it is done. */
  async start(): Promise<Pick<Ready, "positions" | "openOrders" | "recovered">> {
    const { state, flow } = this.#parts;
    const runs = [...this.#replay.runs];
    if (runs.length > 0) state.options.toMain({ type: "carriesOn", runs });
    const atStart = new AtStart({ ...this.#parts, replay: this.#replay });
    const applyUpdates = () => {
      for (const update of this.#early?.splice(0) ?? []) flow.onUpdate(update);
    };
    const compared = await atStart.compare(applyUpdates);
    applyUpdates();
    this.#early = null;
    for (const desk of state.desks.values()) {
      // What was not sent, or cancelled by the trader that ended, are not the broker's refusals.
      desk.refusals.clear();
      for (const protection of desk.protections.values()) protection.failures = 0;
    }
    this.#tell(compared);
    state.lift("journal");
    return {
      positions: compared.external,
      openOrders: compared.openOrders,
      recovered: this.#recovered(),
    };
  }

  /** What was held before is these runs' from now on, and they are told of it. */
  startRuns({ runs, continued = [] }: Extract<MainToGateway, { type: "runs" }>): void {
    const { state, flow, reports } = this.#parts;
    const { journal } = state.options;
    if (journal.isKept) journal.note({ type: "runs", runs, continued });
    for (const { from, to } of continued) carryRun(state, flow, from, to);
    const isNew = ({ runId }: { runId: number }) => continued.some(({ to }) => to === runId);
    for (const desk of state.desks.values()) {
      const held = [...desk.positions.entries()].map(([runId]) => ({ runId }));
      const runIds = new Set([...held, ...desk.works].filter(isNew).map(({ runId }) => runId));
      for (const runId of runIds) reports.order(desk, runId, "order_status");
    }
  }

  /** The session has ended in order: what was open is said with it, and nothing comes after. */
  async close(): Promise<void> {
    const { journal } = this.#parts.state.options;
    if (journal.isKept) journal.note({ type: "end", timeUs: this.#parts.state.nowUs() });
    await journal.close();
  }

  #recovered(): Recovered | null {
    const { state } = this.#parts;
    const { recovery, batchId } = state.options;
    if (!recovery?.fromBatchId) return null;
    const held: Recovered["held"] = [];
    for (const { symbol, positions, works } of state.desks.values()) {
      const runIds = new Set([...positions.entries()].map(([runId]) => runId));
      for (const { runId } of works) runIds.add(runId);
      for (const runId of runIds) {
        held.push({ runId, symbol, qty: positions.get(runId)?.qty.toFixed() ?? "0" });
      }
    }
    // Of runs before the last only those are of interest that hold something.
    const known = new Map(this.#replay.runs.map((run) => [run.runId, run]));
    for (const { runId } of held) {
      const run = state.runs.get(runId);
      if (run !== undefined && !known.has(runId)) known.set(runId, run);
    }
    const runs: RunInfo[] = [...known.values()];
    const { fromBatchId } = recovery;
    return { batchId: fromBatchId, isSameBatch: fromBatchId === batchId, runs, held };
  }

  #tell({ differences, external }: Compared): void {
    const { state } = this.#parts;
    const { log, recovery, journal } = state.options;
    if (recovery?.fromBatchId) {
      log("info", "Carried on from batch {batchId}: {positions} positions, {orders} open orders", {
        batchId: recovery.fromBatchId,
        records: journal.restored.length,
        positions: state.book.size,
        orders: state.board.openOrders,
      });
    }
    const unknown: string[] = [];
    for (const { symbol, unknown: qty, closed } of differences) {
      if (closed !== "0") {
        log("error", "{symbol}: {closed} that Liu held is not at the broker; closed in the books", {
          symbol,
          closed,
          alert: "position_gone",
        });
      }
      if (qty !== "0") unknown.push(`${qty} ${symbol}`);
    }
    if (recovery?.unknownPositions === "halt" && external.length > 0) {
      const held = external.map(({ symbol, qty }) => `${qty} ${symbol}`).join(", ");
      const reason = `the account has ${held}, which is not Liu's, and the plan says [risk] ` +
        'unknown_positions = "halt". Close it, or write "external", and start again';
      return state.restrict("mismatch", "halted", reason);
    }
    // Of a first start main tells what the account holds.
    if (unknown.length === 0 || !recovery?.fromBatchId) return;
    const list = unknown.join(", ");
    log("warning", "The account has {list} that Liu did not know: EXTERNAL, left alone", {
      list,
      differences,
    });
  }
}
