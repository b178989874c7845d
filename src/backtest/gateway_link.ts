/**
 * The gateway, entered step by step.
 * Invariant: when `enter` is done, all that the step's intents and fills cause has happened.
 */
import type { SimulatedBroker } from "../brokers/simulated.ts";
import type { Broker } from "../contracts/broker.ts";
import type { StoreRecord } from "../contracts/store.ts";
import { Gateway } from "../engine/gateway/gateway.ts";
import { NoJournal } from "../engine/gateway/journal.ts";
import type { ToldTrade } from "../engine/gateway/told_trade.ts";
import { errorOf, Inbox } from "../engine/worker_link.ts";
import type { MarketBatch } from "../model/market_batch.ts";
import { type RiskLimits } from "../model/limit.ts";
import type {
  AccountFigures,
  ConsumerToGateway,
  GatewayToConsumer,
  GatewayToMain,
  MainToGateway,
} from "../protocol.ts";
import type { LogSink } from "../util/log.ts";
import type { Soon } from "../util/soon.ts";

const MINUTE_US = 60e6;

type StepDone = Extract<ConsumerToGateway, { type: "stepDone" }>;

export interface GatewayLinkOptions {
  /** In this isolate: `step` begins a step of the gateway. */
  broker: Broker & Pick<SimulatedBroker, "step">;
  risk: RiskLimits;
  batchId: string;
  store: { write(records: StoreRecord[]): void };
  log: LogSink;
  toConsumer(message: GatewayToConsumer): void;
  onTrade(trade: ToldTrade): void;
  onMain(message: GatewayToMain): void;
  /** See the gateway's option. */
  readsAccountLate(): boolean;
  /** The account as the gateway has just read it. */
  onAccount(account: AccountFigures): void;
}

export class GatewayLink {
  readonly inbox = new Inbox<GatewayToMain>();
  readonly #options: GatewayLinkOptions;
  readonly #gateway: Gateway;
  #done: StepDone | null = null;
  /** Of steps in which nothing was decided. */
  readonly #nothingDone: StepDone = {
    type: "stepDone",
    n: -1,
    intents: [],
    cancels: [],
    keystore: [],
  };
  /** The newest step that is complete. */
  #complete = -1;
  /** It waits for the rows of watched symbols in each step. */
  #hasWatched = false;

  constructor(options: GatewayLinkOptions) {
    this.#options = options;
    const { broker, risk, batchId, store, log } = options;
    this.#gateway = new Gateway({
      broker,
      journal: new NoJournal(),
      store,
      // Not asked for: steps set the time, and nothing is waited for.
      clock: { nowUs: () => 0 },
      wait: () => Promise.resolve(),
      risk,
      batchId,
      stepping: true,
      readsAccountLate: options.readsAccountLate,
      consumers: 1,
      toConsumer: (_consumer, message) => this.#onConsumer(message),
      toMain: (message) => this.#onMain(message),
      onTrade: options.onTrade,
      log: (level, message, properties = {}) => log(level, ["liu", "gateway"], message, properties),
    });
  }

  async start(): Promise<void> {
    await this.#gateway.start();
  }

  get isQuiet(): boolean {
    return this.#gateway.isQuiet;
  }

  post(message: Exclude<MainToGateway, { type: "start" }>): void {
    this.#gateway.fromMain(message);
  }

  /** What strategies decided in this step. */
  take(message: ConsumerToGateway): void {
    if (message.type === "stepDone") this.#done = message;
  }

  /** Before a step's events: what is due at whole minutes is read anew then. */
  beforeStep(timeUs: number): void {
    if (!this.#gateway.isAccountPutOff) return;
    // A remainder would take longer than all the rest of a step.
    if (Math.floor(timeUs / MINUTE_US) * MINUTE_US !== timeUs) this.#gateway.catchUpAccount();
  }

  /** A promise only where something waits. */
  enter(
    n: number,
    timeUs: number,
    market: { watchBatch(n: number, timeUs: number): MarketBatch },
  ): Soon<void> {
    if (this.#done === null) {
      this.#nothingDone.n = n;
      this.#done = this.#nothingDone;
    }
    this.#options.broker.step(n, timeUs);
    if (this.#hasWatched) {
      const { buffer, length } = market.watchBatch(n, timeUs);
      this.#gateway.fromMain({ type: "market", buffer, length, firstSeq: 0 });
    }
    if (this.#complete === n) return;
    return this.inbox.next("stepComplete", (message) => message.n === n).then(() => {});
  }

  #onConsumer(message: GatewayToConsumer): void {
    if (message.type !== "stepBegin") return this.#options.toConsumer(message);
    this.#options.onAccount(message.account);
    const done = this.#done!;
    this.#done = null;
    this.#gateway.fromConsumer(0, done);
  }

  #onMain(message: GatewayToMain): void {
    switch (message.type) {
      case "stepComplete":
        this.#complete = message.n;
        return this.inbox.deliver(message);
      case "log": {
        const { level, category, message: text, properties } = message;
        return this.#options.log(level, category, text, properties);
      }
      case "failed":
        return this.inbox.fail(errorOf(message, "gateway"));
      case "watch":
        this.#hasWatched = true;
    }
    this.#options.onMain(message);
    this.inbox.deliver(message);
  }
}
