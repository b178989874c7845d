/**
 * The workers of a session, and the ports between them. Invariant: none has more permissions than
 * its part needs.
 */
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
import { latchFiles } from "../control/kill_latch.ts";
import { sleep } from "../util/sleep.ts";
import { errorOf, Inbox, spawn } from "./worker_link.ts";
import type { ScannerSetup, SessionOptions, StrategySetup } from "./session_options.ts";

const WORKERS = new URL("../../workers/", import.meta.url);
/** Loading and `create` of all strategies of a consumer may take so long. */
const LOAD_MS_MAX = 30_000;
/** A consumer closes its strategies in this time. */
const STOP_MS_MAX = 15_000;

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

/**
 * Messages that the session's owner works on as they come; all others are waited for through an
 * inbox.
 */
export interface WorkerEvents {
  onGateway(message: GatewayToMain): void;
  onConsumer(consumer: number, message: ConsumerToMain): void;
  onScanners(worker: number, message: ScannersToMain): void;
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
  readonly #scanners: MessagePort[] = [];
  /** Of each scanner of the plan: its worker, and where its stop flag is. */
  readonly #scannerPlaces = new Map<number, { worker: number; stops: Int32Array; at: number }>();
  #gatewayPorts: MessagePort[] = [];
  readonly #consumerPorts: MessagePort[] = [];

  constructor(options: SessionOptions, events: WorkerEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** Starts the gateway, connected to the broker. */
  async startGateway(groups: number): Promise<Extract<GatewayToMain, { type: "ready" }>> {
    const { gateway, batchId, storePort, environment, recovery } = this.#options;
    const { assets: assetClasses, cryptoEndMinutes } = this.#options;
    const worker = this.#spawn("gateway.ts", {
      net: gateway.hosts,
      read: [gateway.journalFolder, ...latchFiles(gateway.killFolder)],
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
      reconcile: gateway.reconcile,
      batchId,
      journalDir: gateway.journalFolder,
      killFolder: gateway.killFolder,
      plan: { ...recovery, assetClasses, cryptoEndMinutes },
      realMoney: environment === "PROD",
      clockSkewMsMax: gateway.clockSkewMsMax,
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
    const worker = this.#spawn("consumer.ts", userPermissions(netHosts));
    const ready = link.inbox.next("ready");
    worker.postMessage({
      type: "start",
      index,
      main: port2,
      gateway,
      control,
      sequence: link.sequence,
      strategies: strategies.map(({ source }) => source),
      hasNet: netHosts.length > 0,
      portfolioValue: this.#options.portfolioValue,
      events: this.#options.events,
      ...start,
    }, [port2, gateway]);
    link.traits = (await loading(ready, () => link.control.fill(1, 2))).strategies;
    return link;
  }

  /**
   * Starts the scanners, a worker per grant; gives the minutes after the open from which each runs.
   */
  async startScanners(clock: ClockSetting): Promise<Map<string, number>> {
    const fromOpen = new Map<string, number>();
    const all = [...this.#options.scanners.entries()];
    const byGrant = Map.groupBy(all, ([, { netHosts }]) => JSON.stringify(netHosts.toSorted()));
    for (const group of byGrant.values()) {
      const { scanners } = await this.#startScannersWorker(group, clock);
      for (const { name, fromMarketOpen } of scanners) fromOpen.set(name, fromMarketOpen);
    }
    return fromOpen;
  }

  async #startScannersWorker(group: [index: number, ScannerSetup][], clock: ClockSetting) {
    const { port1, port2 } = new MessageChannel();
    const index = this.#scanners.length;
    const control = new SharedArrayBuffer(group.length * 4);
    const stops = new Int32Array(control);
    this.#scanners.push(port1);
    group.forEach(([scanner], at) =>
      this.#scannerPlaces.set(scanner, { worker: index, stops, at })
    );
    port1.onmessage = ({ data }: MessageEvent<ScannersToMain>) =>
      this.#received(
        "scanners",
        this.scannersInbox,
        data,
        () => this.#events.onScanners(index, data),
      );
    const { netHosts } = group[0][1];
    const worker = this.#spawn("scanners.ts", userPermissions(netHosts));
    const ready = this.scannersInbox.next("ready");
    const scanners = group.map(([, { source }]) => source);
    const hasNet = netHosts.length > 0;
    worker.postMessage({ type: "start", main: port2, scanners, clock, control, hasNet }, [port2]);
    return await loading(ready, () => stops.fill(1));
  }

  /** To a worker of scanners, by its number. */
  postScanners(worker: number, message: MainToScanners): void {
    this.#scanners[worker].postMessage(message);
  }

  /** The worker that the plan's scanner number `scanner` runs in. */
  scannersWorkerOf(scanner: number): number {
    return this.#scannerPlaces.get(scanner)!.worker;
  }

  /** The scanner's code throws at its next loop or function. */
  stopScanner(scanner: number): void {
    const { stops, at } = this.#scannerPlaces.get(scanner)!;
    Atomics.store(stops, at, 1);
  }

  /** Strategies close; one that does not return, not even at its guards, is not waited for. */
  async stopConsumers(): Promise<void> {
    await Promise.all(this.consumers.map(async ({ post, inbox, index }) => {
      const stopped = inbox.next("stopped");
      post({ type: "stop" });
      const waited = new AbortController();
      const isLate = sleep(STOP_MS_MAX, waited.signal).then(() => !waited.signal.aborted);
      try {
        if (!await Promise.race([stopped.then(() => false), isLate])) return;
        const text = "Consumer {consumer} does not stop; its strategies are not closed";
        this.#options.log("error", ["liu", "session"], text, { consumer: index });
      } finally {
        waited.abort();
      }
    }));
  }

  /** Ends all workers. Those that are to finish something have been asked to, and have answered. */
  close(): void {
    // Not handed over: the session ended before there was a gateway, or all consumers.
    if (this.#gateway === null) this.#options.storePort.close();
    for (const port of this.#gatewayPorts.slice(this.consumers.length)) port.close();
    for (const worker of this.#workers) worker.terminate();
    for (const port of [...this.#scanners, ...this.#consumerPorts]) port.close();
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

/** What a worker with user code may touch: the hosts that the plan grants, and nothing else. */
function userPermissions(netHosts: string[]): Deno.PermissionOptions {
  return netHosts.length > 0 ? { net: netHosts, ...NO_FILES, ...NOTHING } : "none";
}

const NOTHING = { env: false, sys: false, run: false, ffi: false, import: false } as const;
const NO_FILES = { read: false, write: false } as const;
