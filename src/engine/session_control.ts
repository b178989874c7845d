/** What a session does for who controls it from outside: kill, resume, status. */
import type { AssetClass } from "../model/asset.ts";
import type { Restriction, TradingState } from "../model/trading_state.ts";
import type { TraderControl, TraderStatus } from "../control/trader_control.ts";
import { killText } from "../control/kill_latch.ts";
import type { AccountFigures, GatewayToMain, MainToGateway, RunInfo } from "../protocol.ts";
import type { Producer } from "./producer.ts";
import type { ConsumerLink, SessionWorkers } from "./session_workers.ts";

const ASSET_CLASSES: AssetClass[] = ["us_equity", "crypto"];
/** The day's own liquidations have numbers from 0 on. */
const FIRST_ID = 1_000_000;

export interface SessionControlOptions {
  environment: string;
  workers: Pick<SessionWorkers, "gatewayInbox" | "postGateway">;
  consumers(): readonly Pick<ConsumerLink, "index" | "strategies">[];
  producer: Pick<Producer, "waiting" | "counts">;
  runs: { readonly current: readonly RunInfo[]; failureOf(runId: number): string | null };
  /** Of the plan, in its order. */
  strategies: readonly string[];
  batchId(): string;
  /** null: the clock is not known yet. */
  nowUs(): number | null;
  symbols(): readonly string[];
}

export class SessionControl implements TraderControl {
  readonly #options: SessionControlOptions;
  #state: TradingState = "active";
  #restrictions: Restriction[] = [];
  #account: AccountFigures | null = null;
  #id = FIRST_ID;
  #isReady = false;
  /** Fired in this process, whatever the disk says. */
  #killed: string | null = null;

  constructor(options: SessionControlOptions) {
    this.#options = options;
  }

  /** What the gateway tells, as far as it is shown. */
  onGateway(message: GatewayToMain): void {
    switch (message.type) {
      case "ready":
        this.#isReady = true;
        // Before, nobody listened.
        if (this.#killed !== null) this.#restrict(this.#killed);
        return;
      case "state":
        this.#state = message.state;
        this.#restrictions = message.restrictions;
        return;
      case "status":
        this.#account = message.account;
        return;
      default:
        return;
    }
  }

  get isKilled(): boolean {
    return this.#killed !== null;
  }

  async kill({ reason, flatten }: { reason: string; flatten: boolean }): Promise<void> {
    this.#killed = killText({ reason, flatten, atMs: null });
    this.#restrict(this.#killed);
    if (flatten) this.flatten();
    // Behind it nothing goes that came before. A gateway that starts reads the latch itself.
    if (this.#isReady) await this.#inspect();
  }

  /** Closes all that is Liu's, which needs the runs to be there. */
  flatten(): void {
    for (const assetClass of ASSET_CLASSES) {
      this.#post({
        type: "liquidate",
        id: this.#id++,
        scope: "all",
        assetClasses: [assetClass],
        reason: "kill",
        deadlineUs: Infinity,
      });
    }
  }

  async resume(): Promise<TraderStatus> {
    this.#killed = null;
    this.#post({ type: "lift", cause: "kill" });
    // That somebody has looked is what it waits for.
    this.#post({ type: "lift", cause: "liquidated" });
    return await this.status();
  }

  async status(): Promise<TraderStatus> {
    const { environment, batchId, nowUs, symbols, producer } = this.#options;
    const inspected = this.#isReady ? await this.#inspect() : null;
    return {
      batchId: batchId(),
      environment,
      timeUs: nowUs(),
      state: this.#state,
      restrictions: this.#restrictions,
      account: this.#account,
      positions: inspected?.positions ?? [],
      openOrders: inspected?.openOrders ?? [],
      external: inspected?.external ?? [],
      consumers: this.#consumers(),
      symbols: symbols().length,
      ...producer.counts,
      stopped: this.#stopped(),
      strategies: this.#options.strategies.map((name) => this.#strategy(name)),
    };
  }

  #restrict(reason: string): void {
    this.#post({ type: "restrict", cause: "kill", state: "halted", reason });
  }

  #post(message: MainToGateway): void {
    this.#options.workers.postGateway(message);
  }

  #inspect() {
    const id = this.#id++;
    const { gatewayInbox } = this.#options.workers;
    const answer = gatewayInbox.next("inspected", (message) => message.id === id);
    this.#post({ type: "inspect", id });
    return answer;
  }

  #consumers(): TraderStatus["consumers"] {
    const { producer, consumers } = this.#options;
    const { waiting } = producer;
    const links = consumers();
    return waiting.map((waitingRows, receiver) => {
      const link = links.find(({ index }) => index === receiver);
      return {
        name: link ? `consumer ${receiver}` : "gateway",
        waitingRows,
        strategies: link?.strategies.map(({ source }) => source.name) ?? [],
      };
    });
  }

  #strategy(name: string): TraderStatus["strategies"][number] {
    const { ofRuns, failures } = this.#failuresOf(name);
    const isStopped = ofRuns > 0 && failures.length === ofRuns;
    return {
      name,
      state: ofRuns === 0 ? "starts" : isStopped ? "stopped" : "runs",
      reason: failures[0] ?? null,
    };
  }

  #stopped(): TraderStatus["stopped"] {
    return this.#options.strategies.flatMap((name) => {
      const { ofRuns, failures } = this.#failuresOf(name);
      if (failures.length === 0) return [];
      return [{ name, reason: failures[0], runs: failures.length, ofRuns }];
    });
  }

  #failuresOf(name: string): { ofRuns: number; failures: string[] } {
    const { runs } = this.#options;
    const own = runs.current.filter(({ strategy }) => strategy === name);
    const failures = own.map(({ runId }) => runs.failureOf(runId)).filter((text) => text !== null);
    return { ofRuns: own.length, failures };
  }
}
