/**
 * Liu's own way of an event: provider, producer, consumers' workers, a user's strategy. What a
 * session adds to that, and the gateway, is played here: it acknowledges steps, and orders nothing.
 */
import { controlBlock } from "../../src/engine/control.ts";
import { fileURLToPath } from "node:url";
import type { MarketStream } from "../../src/contracts/provider.ts";
import { MarketClock, workerWallMs } from "../../src/engine/market_clock.ts";
import { Producer } from "../../src/engine/producer.ts";
import { spawn } from "../../src/engine/worker_link.ts";
import type { Asset } from "../../src/model/asset.ts";
import { emptyBars } from "../../src/model/bars.ts";
import type {
  ClockSetting,
  ConsumerStart,
  ConsumerToGateway,
  ConsumerToMain,
  MainToConsumer,
} from "../../src/protocol.ts";
import { createProvider } from "../../src/providers/alpaca.ts";
import { type Bundle, bundle } from "../../src/sandbox/bundle.ts";
import { SymbolTable } from "../../src/util/symbol_table.ts";
import { systemMonotonic } from "../../src/wire/monotonic.ts";
import { FIRST_EVENT_US, SYMBOLS } from "./frames.ts";
import type { Totals } from "./totals.ts";

const CONSUMER = new URL("../../workers/consumer.ts", import.meta.url);
const STRATEGY = new URL("./summing_strategy.ts", import.meta.url);
const NAME = "summing";

export interface LiuClientOptions {
  origin: string;
  /** Its key at the exchange. */
  name: string;
  consumers: number;
  /** Something was lost or broke: no figure is worth printing. */
  onProblem(problem: Error): void;
}

export class LiuClient {
  readonly #options: LiuClientOptions;
  readonly #symbols = new SymbolTable();
  readonly #producer: Producer;
  readonly #links: ConsumerLink[] = [];
  readonly #abort = new AbortController();
  #stream!: MarketStream;
  #stepsDone = 0;

  private constructor(options: LiuClientOptions) {
    this.#options = options;
    this.#producer = new Producer({
      symbols: this.#symbols,
      // As at a real exchange: a queue that is full drops rows. A block is smaller than a queue.
      isLossless: () => false,
      onStep: () => {},
    });
  }

  static async open(options: LiuClientOptions): Promise<LiuClient> {
    const client = new LiuClient(options);
    await client.#open();
    return client;
  }

  /** Ends the strategies, and gives what they came to. */
  async close(): Promise<Totals> {
    const totals = { events: 0, sum: 0 };
    for (const link of this.#links) {
      const { events, sum } = await link.stop();
      totals.events += events;
      totals.sum += sum;
    }
    await this.#stream.close();
    this.#abort.abort();
    const { dropped } = this.#producer.counts;
    if (dropped > 0) throw new Error(`${this.#options.name}: ${dropped} rows were dropped`);
    return totals;
  }

  async #open(): Promise<void> {
    // Market time begins with the first event, and events come faster than it goes: none is old.
    const setting = { baseUs: FIRST_EVENT_US, wallBaseMs: workerWallMs(), rate: 1 };
    const strategy = await bundle({
      id: NAME,
      entry: fileURLToPath(STRATEGY),
      root: fileURLToPath(new URL(".", STRATEGY)),
      read: (path) => Deno.readTextFile(path),
    });
    for (let index = 0; index < this.#options.consumers; index++) {
      const link: ConsumerLink = new ConsumerLink(consumerStart(index, setting, strategy), {
        onReturned: (buffer) => this.#producer.returned(index, buffer),
        onStepDone: (n) => this.#onStepDone(n),
        onProblem: this.#options.onProblem,
      });
      this.#links.push(link);
      await link.ready;
      this.#producer.addReceiver({ post: link.post }, link.sequence);
    }
    this.#route();
    await this.#openStream(setting);
  }

  #route(): void {
    for (const [i, symbol] of SYMBOLS.entries()) {
      const consumer = i % this.#links.length;
      const link = this.#links[consumer];
      this.#producer.route(symbol, consumer);
      link.post({
        type: "follow",
        symbol,
        symbolId: this.#symbols.idOf(symbol),
        asset: assetOf(symbol),
        runIds: [link.runId],
        history: emptyBars(),
        previousClose: NaN,
      });
    }
  }

  async #openStream(setting: ClockSetting): Promise<void> {
    const { origin, name, onProblem } = this.#options;
    const { signal } = this.#abort;
    const warn = (message: string) => onProblem(new Error(`${name}: ${message}`));
    const provider = createProvider(
      { keyId: name, secretKey: "x", baseUrl: origin, acksSteps: "true" },
      {
        clock: new MarketClock(setting, workerWallMs),
        monotonic: systemMonotonic,
        random: () => 0.5,
        log: { debug: () => {}, info: () => {}, warn },
      },
    );
    this.#stream = await provider.openStream({
      assetClass: "us_equity",
      sink: this.#producer.addStream(),
      onState: ({ state }) => {
        if (state !== "connected") warn(`its stream is ${state}`);
      },
      signal,
    });
    this.#producer.start();
    await this.#stream.subscribe({ bars: SYMBOLS, trades: SYMBOLS, quotes: SYMBOLS }, signal);
  }

  #onStepDone(n: number): void {
    if (++this.#stepsDone % this.#links.length === 0) this.#stream.ackStep(n);
  }
}

/** A consumer's worker, and the bench's ends of its two ports. */
class ConsumerLink {
  readonly runId: number;
  readonly sequence: SharedArrayBuffer;
  readonly #ready = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  readonly #totals = Promise.withResolvers<Totals>();
  readonly #worker: Worker;
  readonly #main: MessagePort;
  readonly #gateway: MessagePort;

  constructor(start: Omit<ConsumerStart, "main" | "gateway">, events: {
    onReturned(buffer: ArrayBuffer): void;
    onStepDone(n: number): void;
    onProblem(problem: Error): void;
  }) {
    this.runId = start.index;
    this.sequence = start.sequence;
    const main = new MessageChannel();
    const gateway = new MessageChannel();
    this.#main = main.port1;
    this.#gateway = gateway.port1;
    main.port1.onmessage = ({ data }: MessageEvent<ConsumerToMain>) => {
      if (data.type === "returned") events.onReturned(data.buffer);
      else if (data.type === "ready") this.#ready.resolve();
      else if (data.type === "stopped") this.#stopped.resolve();
      // A gap, a strategy that threw, a warning: each spoils the sums.
      else if (data.type !== "counts") events.onProblem(new Error(JSON.stringify(data)));
    };
    gateway.port1.onmessage = ({ data }: MessageEvent<ConsumerToGateway>) => {
      if (data.type === "stepDone") events.onStepDone(data.n);
      else if (data.type === "keystore") this.#totals.resolve(JSON.parse(data.value));
      else events.onProblem(new Error(JSON.stringify(data)));
    };
    this.#worker = spawn(CONSUMER, "none");
    this.#worker.onerror = (event) => {
      event.preventDefault();
      events.onProblem(new Error(`a consumer stopped: ${event.message}`));
    };
    this.#worker.postMessage(
      { ...start, main: main.port2, gateway: gateway.port2 },
      [main.port2, gateway.port2],
    );
  }

  get ready(): Promise<void> {
    return this.#ready.promise.then(() => {
      const run = { runId: this.runId, strategy: NAME, consumer: this.runId, dayTrade: true };
      this.post({ type: "runs", runs: [run] });
    });
  }

  readonly post = (message: MainToConsumer, transfer: Transferable[] = []): void =>
    this.#main.postMessage(message, transfer);

  async stop(): Promise<Totals> {
    this.post({ type: "stop" });
    await this.#stopped.promise;
    const totals = await this.#totals.promise;
    this.#worker.terminate();
    this.#main.close();
    this.#gateway.close();
    return totals;
  }
}

function consumerStart(
  index: number,
  clock: ClockSetting,
  strategy: Bundle,
): Omit<ConsumerStart, "main" | "gateway"> {
  return {
    type: "start",
    index,
    control: controlBlock(1),
    memoryMb: 4096,
    sequence: new SharedArrayBuffer(8),
    stepping: false,
    hasNet: false,
    clock,
    strategies: [{
      name: NAME,
      from: { kind: "user", bundle: strategy },
      parameters: {},
      schedule: [],
      keystore: [],
    }],
    portfolioValue: 0,
    events: ["minute", "trade", "quote"],
  };
}

function assetOf(symbol: string): Asset {
  return {
    symbol,
    assetClass: "us_equity",
    name: symbol,
    exchange: "NASDAQ",
    tradable: true,
    shortable: true,
    easyToBorrow: true,
    fractionable: true,
    minOrderQty: "1",
    qtyIncrement: "1",
    priceIncrement: null,
  };
}
