/** The workers of a session, and the ports between them. Invariant: none has more permissions than its part needs. */
import type {
  ClockSetting,
  ConsumerToMain,
  GatewayToMain,
  LogMessage,
  MainToConsumer,
  MainToGateway,
  MainToScanners,
  ScannersToMain,
  StrategyTraits,
} from "../protocol.ts";
import { errorOf, Inbox, spawn } from "./worker_link.ts";
import type { SessionOptions, StrategySetup } from "./session_options.ts";

const WORKERS = new URL("../../workers/", import.meta.url);
/** Loading and `create` of all strategies of a consumer may take so long. */
const LOAD_MS_MAX = 30_000;

export interface ConsumerLink {
  index: number;
  inbox: Inbox<ConsumerToMain>;
  post(message: MainToConsumer, transfer?: Transferable[]): void;
  /** Int32: what runs, calls so far, stop flags. */
  control: Int32Array;
  sequence: SharedArrayBuffer;
  strategies: StrategySetup[];
  traits: StrategyTraits[];
}

/** Messages that the session's owner works on as they come; all others are waited for through an inbox. */
export interface WorkerEvents {
  onGateway(message: GatewayToMain): void;
  onConsumer(consumer: number, message: ConsumerToMain): void;
  onScanners(message: ScannersToMain): void;
  onFailure(error: Error): void;
}

export class SessionWorkers {
  readonly consumers: ConsumerLink[] = [];
  readonly gatewayInbox = new Inbox<GatewayToMain>();
  readonly scannersInbox = new Inbox<ScannersToMain>();
  /** Shows the gateway's newest sequence number. */
  readonly gatewaySequence = new SharedArrayBuffer(8);
  readonly #options: SessionOptions;
  readonly #events: WorkerEvents;
  readonly #workers: Worker[] = [];
  #gateway: Worker | null = null;
  #scanners: MessagePort | null = null;
  /** Int32: stop flags of the scanners. */
  #scannersControl = new Int32Array(new SharedArrayBuffer(0));
  #gatewayPorts: MessagePort[] = [];
  readonly #consumerPorts: MessagePort[] = [];

  constructor(options: SessionOptions, events: WorkerEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** Starts the gateway, connected to the broker. */
  async startGateway(groups: number): Promise<Extract<GatewayToMain, { type: "ready" }>> {
    const { gateway, batchId, storePort, environment } = this.#options;
    const worker = this.#spawn("gateway.ts", {
      net: gateway.hosts,
      read: [gateway.journalFolder],
      write: [gateway.journalFolder],
      ...NOTHING,
    });
    this.#gateway = worker;
    worker.onmessage = ({ data }: MessageEvent<GatewayToMain>) =>
      this.#received("gateway", this.gatewayInbox, data, () => this.#events.onGateway(data));
    const channels = Array.from({ length: groups }, () => new MessageChannel());
    this.#gatewayPorts = channels.map(({ port2 }) => port2);
    const consumers = channels.map(({ port1 }) => port1);
    const ready = this.gatewayInbox.next("ready");
    worker.postMessage({
      type: "start",
      broker: gateway.broker,
      brokerOptions: gateway.brokerOptions,
      risk: gateway.risk,
      batchId,
      journalDir: gateway.journalFolder,
      realMoney: environment === "PROD",
      store: storePort,
      consumers,
    }, [storePort, ...consumers]);
    return await ready;
  }

  postGateway(message: MainToGateway, transfer: Transferable[] = []): void {
    this.#gateway?.postMessage(message, transfer);
  }

  /** Starts a consumer for these strategies, and waits until they are loaded. */
  async startConsumer(
    strategies: StrategySetup[],
    start: { clock: ClockSetting; stepping: boolean },
  ): Promise<ConsumerLink> {
    const index = this.consumers.length;
    const netHosts = strategies[0]?.netHosts ?? [];
    const { port1: main, port2 } = new MessageChannel();
    const gateway = this.#gatewayPorts[index];
    const control = new SharedArrayBuffer((2 + strategies.length) * 4);
    const link: ConsumerLink = {
      index,
      inbox: new Inbox<ConsumerToMain>(),
      post: (message, transfer = []) => main.postMessage(message, transfer),
      control: new Int32Array(control),
      sequence: new SharedArrayBuffer(8),
      strategies,
      traits: [],
    };
    this.consumers.push(link);
    this.#consumerPorts.push(main);
    main.onmessage = ({ data }: MessageEvent<ConsumerToMain>) =>
      this.#received(
        `consumer ${index}`,
        link.inbox,
        data,
        () => this.#events.onConsumer(index, data),
      );
    const worker = this.#spawn(
      "consumer.ts",
      netHosts.length > 0 ? { net: netHosts, ...NO_FILES, ...NOTHING } : "none",
    );
    const ready = link.inbox.next("ready");
    worker.postMessage({
      type: "start",
      index,
      main: port2,
      gateway,
      control,
      sequence: link.sequence,
      strategies: strategies.map(({ source }) => source),
      portfolioValue: this.#options.portfolioValue,
      events: this.#options.events,
      ...start,
    }, [port2, gateway]);
    link.traits = (await loading(ready, () => link.control.fill(1, 2))).strategies;
    return link;
  }

  /** Starts the scanners' worker; gives the minutes after the open from which each runs. */
  async startScanners(clock: ClockSetting): Promise<Map<string, number>> {
    const { scanners } = this.#options;
    const { port1, port2 } = new MessageChannel();
    this.#scanners = port1;
    port1.onmessage = ({ data }: MessageEvent<ScannersToMain>) =>
      this.#received("scanners", this.scannersInbox, data, () => this.#events.onScanners(data));
    const netHosts = [...new Set(scanners.flatMap((scanner) => scanner.netHosts))];
    const worker = this.#spawn(
      "scanners.ts",
      netHosts.length > 0 ? { net: netHosts, ...NO_FILES, ...NOTHING } : "none",
    );
    const ready = this.scannersInbox.next("ready");
    const sources = scanners.map(({ source }) => source);
    const control = new SharedArrayBuffer(Math.max(1, scanners.length) * 4);
    const stops = this.#scannersControl = new Int32Array(control);
    worker.postMessage({ type: "start", main: port2, scanners: sources, clock, control }, [port2]);
    const loaded = await loading(ready, () => stops.fill(1));
    return new Map(loaded.scanners.map(({ name, fromMarketOpen }) => [name, fromMarketOpen]));
  }

  /** The scanner's code throws at its next loop or function. */
  stopScanner(index: number): void {
    Atomics.store(this.#scannersControl, index, 1);
  }

  postScanners(message: MainToScanners): void {
    this.#scanners?.postMessage(message);
  }

  /** Ends all workers. Those that are to finish something have been asked to, and have answered. */
  close(): void {
    for (const worker of this.#workers) worker.terminate();
    for (const port of [this.#scanners, ...this.#consumerPorts]) port?.close();
  }

  #spawn(file: string, permissions: Deno.PermissionOptions): Worker {
    const worker = spawn(new URL(file, WORKERS), permissions);
    this.#workers.push(worker);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(new Error(`The worker ${file} stopped: ${event.message}`));
    };
    return worker;
  }

  #received<Message extends { type: string }>(
    who: string,
    inbox: Inbox<Message>,
    message: Message | LogMessage,
    onEvent: () => void,
  ): void {
    if (message.type === "log") {
      const { level, category, message: text, properties } = message as LogMessage;
      return this.#options.log(level, category, text, properties);
    }
    if (message.type === "failed") {
      return this.#fail(errorOf(message as never, who));
    }
    onEvent();
    inbox.deliver(message as Message);
  }

  #fail(error: Error): void {
    this.gatewayInbox.fail(error);
    this.scannersInbox.fail(error);
    for (const { inbox } of this.consumers) inbox.fail(error);
    this.#events.onFailure(error);
  }
}

/** Waits for user code to be loaded; code that does not return meets its guards then. */
async function loading<T>(ready: Promise<T>, stop: () => void): Promise<T> {
  const timer = setTimeout(stop, LOAD_MS_MAX);
  try {
    return await ready;
  } finally {
    clearTimeout(timer);
  }
}

const NOTHING = { env: false, sys: false, run: false, ffi: false, import: false } as const;
const NO_FILES = { read: false, write: false } as const;
