/**
 * The workers of a session, and the ports between them. Invariant: none has more permissions than
 * its part needs; what a consumer that is gone may still send reaches nobody.
 */
import type {
  ClockSetting,
  ConsumerToMain,
  GatewayToMain,
  LogMessage,
  MainToConsumer,
  MainToGateway,
  ScannersToMain,
  StrategyTraits,
} from "../protocol.ts";
import { latchFiles } from "../control/kill_latch.ts";
import { sleep } from "../util/sleep.ts";
import { controlBlock } from "./control.ts";
import { ScannerWorkers } from "./scanner_workers.ts";
import type { SessionOptions, StrategySetup } from "./session_options.ts";
import { Inbox } from "./worker_link.ts";
import { NOTHING, userPermissions, WorkerSpawner } from "./worker_spawner.ts";

export interface ConsumerLink {
  readonly index: number;
  readonly inbox: Inbox<ConsumerToMain>;
  post(message: MainToConsumer, transfer?: Transferable[]): void;
  /** See control.ts. */
  readonly control: Int32Array;
  readonly sequence: SharedArrayBuffer;
  readonly strategies: StrategySetup[];
  traits: StrategyTraits[];
  /** Its strategies are loaded, and it lives. */
  isReady: boolean;
}

/** How consumers of a session are started. */
export interface ConsumerSetting {
  clock: ClockSetting;
  stepping: boolean;
}

/**
 * Messages that the session's owner works on as they come; all others are waited for through an
 * inbox.
 */
export interface WorkerEvents {
  onGateway(message: GatewayToMain): void;
  onConsumer(consumer: number, message: ConsumerToMain): void;
  /** A consumer that was ready has died. */
  onConsumerLost(consumer: number, error: Error): void;
  onScanners(worker: number, message: ScannersToMain): void;
  onFailure(error: Error): void;
}

export class SessionWorkers {
  readonly consumers: ConsumerLink[] = [];
  readonly gatewayInbox = new Inbox<GatewayToMain>();
  readonly scanners: ScannerWorkers;
  /** Shows the gateway's newest sequence number. */
  readonly gatewaySequence = new SharedArrayBuffer(8);
  readonly #options: SessionOptions;
  readonly #events: WorkerEvents;
  readonly #spawner: WorkerSpawner;
  #gateway: Worker | null = null;
  /** The consumers' ends of their ways to the gateway; null: handed over to the consumer. */
  #gatewayPorts: (MessagePort | null)[] = [];
  readonly #consumerWorkers: { worker: Worker; port: MessagePort }[] = [];

  constructor(options: SessionOptions, events: WorkerEvents) {
    this.#options = options;
    this.#events = events;
    const onFailure = (error: Error) => this.#fail(error);
    this.#spawner = new WorkerSpawner({ log: options.log, onFailure });
    this.scanners = new ScannerWorkers(
      this.#spawner,
      (...message) => events.onScanners(...message),
    );
  }

  /** Starts the gateway, connected to the broker. */
  async startGateway(groups: number): Promise<Extract<GatewayToMain, { type: "ready" }>> {
    const { gateway, batchId, storePort, environment, recovery } = this.#options;
    const { assets: assetClasses, cryptoEndMinutes } = this.#options;
    const worker = this.#spawner.spawn("gateway.ts", {
      net: gateway.hosts,
      read: [gateway.journalFolder, ...latchFiles(gateway.killFolder)],
      write: [gateway.journalFolder],
      ...NOTHING,
    });
    this.#gateway = worker;
    worker.onmessage = ({ data }: MessageEvent<GatewayToMain>) =>
      this.#spawner.received("gateway", data, (message) => {
        this.#events.onGateway(message);
        this.gatewayInbox.deliver(message);
      });
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

  /**
   * Starts consumer number `index` with these strategies, and waits until they are loaded. It may
   * take the place of one that was detached.
   */
  async startConsumer(
    index: number,
    strategies: StrategySetup[],
    setting: ConsumerSetting,
  ): Promise<ConsumerLink> {
    const replaces = index < this.consumers.length;
    const netHosts = strategies[0]?.netHosts ?? [];
    const { port1: main, port2 } = new MessageChannel();
    const gateway = replaces ? null : this.#gatewayPorts[index];
    const control = controlBlock(strategies.length);
    const link: ConsumerLink = {
      index,
      inbox: new Inbox<ConsumerToMain>(),
      post: (message, transfer = []) => main.postMessage(message, transfer),
      control: new Int32Array(control),
      sequence: this.consumers[index]?.sequence ?? new SharedArrayBuffer(8),
      strategies,
      traits: [],
      isReady: false,
    };
    this.consumers[index] = link;
    const onError = (error: Error) => this.#consumerFailed(link, error);
    main.onmessage = ({ data }: MessageEvent<ConsumerToMain | LogMessage>) =>
      this.#spawner.received(`consumer ${index}`, data, (message) => {
        this.#events.onConsumer(index, message);
        link.inbox.deliver(message);
      }, onError);
    const worker = this.#spawner.spawn("consumer.ts", userPermissions(netHosts), onError);
    this.#consumerWorkers[index] = { worker, port: main };
    const ready = link.inbox.next("ready");
    if (!replaces) this.#gatewayPorts[index] = null;
    worker.postMessage({
      type: "start",
      index,
      main: port2,
      gateway,
      control,
      sequence: link.sequence,
      strategies: strategies.map(({ source }) => source),
      hasNet: netHosts.length > 0,
      memoryMb: this.#options.supervision.memoryMb,
      portfolioValue: this.#options.portfolioValue,
      events: this.#options.events,
      ...setting,
    }, gateway === null ? [port2] : [port2, gateway]);
    link.traits = (await ready).strategies;
    link.isReady = true;
    return link;
  }

  /** A consumer that took another's place is ready for what the gateway has told meanwhile. */
  resumeConsumer(index: number): void {
    const gateway = this.#gatewayPorts[index]!;
    this.#gatewayPorts[index] = null;
    this.consumers[index].post({ type: "resume", gateway }, [gateway]);
  }

  /** A consumer that is being loaded does not come to an end. */
  giveUpLoading(index: number, error: Error): void {
    this.consumers[index].inbox.fail(error);
  }

  /**
   * A consumer is ended, and cut off: where its thread cannot be stopped, nobody hears what it says.
   * What the gateway tells its place waits for the next.
   */
  detachConsumer(index: number, error: Error): void {
    const link = this.consumers[index];
    const { worker, port } = this.#consumerWorkers[index];
    worker.terminate();
    port.close();
    link.isReady = false;
    link.post = () => {};
    link.inbox.fail(error);
    // A block in which nothing happens, for those who watch.
    this.consumers[index] = { ...link, control: new Int32Array(controlBlock(0)) };
    // One that was not ready when it died has no port yet: what waits there waits on.
    if (this.#gatewayPorts[index] !== null) return;
    const { port1, port2 } = new MessageChannel();
    this.#gatewayPorts[index] = port2;
    this.postGateway({ type: "consumer", consumer: index, port: port1 }, [port1]);
  }

  /** Strategies close; one that does not return, not even at its guards, is not waited for. */
  async stopConsumers(withinMs: number): Promise<void> {
    const living = this.consumers.filter(({ isReady }) => isReady);
    await Promise.all(living.map(async ({ post, inbox, index }) => {
      const stopped = inbox.next("stopped").then(() => true, () => false);
      post({ type: "stop" });
      const waited = new AbortController();
      const isLate = sleep(withinMs, waited.signal).then(() => false);
      try {
        if (await Promise.race([stopped, isLate])) return;
        const text = "Consumer {consumer} does not stop; its strategies are not closed";
        this.#options.log("error", ["liu", "session"], text, {
          consumer: index,
          alert: "consumer_not_stopped",
        });
      } finally {
        waited.abort();
      }
    }));
  }

  /** Ends all workers. Those that are to finish something have been asked to, and have answered. */
  close(): void {
    // Not handed over: the session ended before there was a gateway, or all consumers.
    if (this.#gateway === null) this.#options.storePort.close();
    for (const port of this.#gatewayPorts) port?.close();
    this.#spawner.close();
    this.scanners.close();
    for (const { port } of this.#consumerWorkers) port.close();
  }

  #consumerFailed(link: ConsumerLink, error: Error): void {
    if (this.consumers[link.index] !== link) return;
    if (link.isReady) this.#events.onConsumerLost(link.index, error);
    else link.inbox.fail(error);
  }

  #fail(error: Error): void {
    this.gatewayInbox.fail(error);
    this.scanners.fail(error);
    for (const { inbox } of this.consumers) inbox.fail(error);
    this.#events.onFailure(error);
  }
}
