/** What gateway and consumers tell a session, and what it makes of that. */
import type { ConsumerToMain, GatewayToMain } from "../protocol.ts";
import type { Producer } from "./producer.ts";
import type { Refills } from "./refills.ts";
import type { HeldSymbols } from "./held_symbols.ts";
import type { SessionEvent, SessionLog } from "./session_options.ts";
import type { SessionRuns } from "./session_runs.ts";
import type { StrategyStates } from "./strategy_states.ts";
import type { Supervisor } from "./supervisor.ts";

export interface SessionMessagesOptions {
  runs: SessionRuns;
  producer: Producer;
  refills: Refills;
  held: HeldSymbols;
  log: SessionLog;
  /** null: the clock is not known yet. */
  nowUs(): number | null;
  /** The gateway's number among the producer's receivers. */
  gatewayReceiver(): number;
  symbols(): string[];
  reject(runId: number, symbol: string): Promise<void>;
  /** Something that a step waits for. */
  before(task: Promise<void>): void;
  onEvent(event: SessionEvent): void;
  supervisor: Pick<Supervisor, "strategyFailed" | "overMemory">;
  states: Pick<StrategyStates, "checkpoint">;
}

export class SessionMessages {
  readonly #options: SessionMessagesOptions;
  /** What the gateway wants rows of. */
  #watched: readonly string[] = [];
  /** The newest step that the gateway has done. */
  completedStep = -1;
  /** The greatest age of market data that a consumer told of. */
  lagSecondsMax = 0;
  /** The account's when the batch began (null: not known), and as it was told last, in its currency. */
  readonly cash: { before: number | null; after: number } = { before: null, after: 0 };

  constructor(options: SessionMessagesOptions) {
    this.#options = options;
  }

  onGateway(message: GatewayToMain): void {
    const { runs, producer, onEvent, gatewayReceiver } = this.#options;
    switch (message.type) {
      case "trade":
        this.#options.held.onTrade(message);
        return onEvent({ type: "trade", strategy: runs.nameOf(message.runId), line: message });
      case "denial":
        return onEvent({
          type: "denial",
          strategy: runs.nameOf(message.runId),
          denial: message,
        });
      case "status":
        return this.#onStatus(message);
      case "watch":
        this.#watched = message.symbols;
        return this.routeWatched();
      case "carriesOn":
        runs.before = message.runs;
        return;
      case "returned":
        return producer.returned(gatewayReceiver(), message.buffer);
      case "stepComplete":
        this.completedStep = Math.max(this.completedStep, message.n);
        return;
      default:
        return; // waited for through the inbox
    }
  }

  start({ account, cashAtStart }: Extract<GatewayToMain, { type: "ready" }>): void {
    this.cash.before = cashAtStart === null ? null : Number(cashAtStart);
    this.cash.after = Number(account.cash);
  }

  /** What is watched before the producer has the gateway among its receivers is routed then. */
  routeWatched(): void {
    const receiver = this.#options.gatewayReceiver();
    if (receiver < 0) return;
    for (const symbol of this.#watched) this.#options.producer.route(symbol, receiver);
  }

  #onStatus({ account, positions, openOrders }: GatewayToMain & { type: "status" }): void {
    const { nowUs, symbols, producer, onEvent } = this.#options;
    const timeUs = nowUs();
    // The first may come before main has read the clock that "ready" brought.
    if (timeUs === null) return;
    this.cash.after = account.cash;
    onEvent({
      type: "status",
      timeUs,
      account,
      positions,
      openOrders,
      symbols: symbols().length,
      ...producer.counts,
    });
  }

  onConsumer(consumer: number, message: ConsumerToMain): void {
    const { runs, producer, refills, nowUs, onEvent, before, reject, supervisor } = this.#options;
    switch (message.type) {
      case "returned":
        return producer.returned(consumer, message.buffer);
      case "reject": {
        const { runId, symbol, reason } = message;
        const strategy = runs.nameOf(runId);
        onEvent({ type: "reject", timeUs: nowUs()!, strategy, symbol, reason });
        return before(reject(runId, symbol));
      }
      case "strategyFailed":
        return supervisor.strategyFailed(message.runId, message.message, message.stack);
      case "overMemory":
        return supervisor.overMemory(consumer, message.strategy, message.heapMb);
      case "checkpoint":
        return this.#options.states.checkpoint(message.states);
      case "outOfSync": {
        const { symbol, lagSeconds, rowsLost, symbols } = message;
        // Of an interrupted stream its own line tells.
        if (rowsLost > 0) onEvent({ type: "lost", symbol, lagSeconds, rowsLost });
        return before(refills.add(consumer, symbols));
      }
      case "corrected":
        return before(refills.correct(consumer, message.symbol));
      case "counts":
        this.lagSecondsMax = Math.max(this.lagSecondsMax, message.lagMsMax / 1000);
        if (message.corrections === 0) return;
        return this.#options.log("info", "{corrections} bars and trades were corrected", {
          consumer,
          corrections: message.corrections,
        });
      default:
        return; // waited for through the inbox
    }
  }
}
