/** The workers of scanners, one per grant. Invariant: none has more permissions than its part needs. */
import type { ClockSetting, LogMessage, MainToScanners, ScannersToMain } from "../protocol.ts";
import { controlBlock, flagAt, Stop } from "./control.ts";
import type { ScannerSetup } from "./session_options.ts";
import { Inbox } from "./worker_link.ts";
import { userPermissions, type WorkerSpawner } from "./worker_spawner.ts";
import type { Watched } from "./watchdog.ts";

/** One of them, with the plan's scanners that it runs. */
export interface ScannersLink extends Watched {
  control: Int32Array;
  readonly group: [index: number, setup: ScannerSetup][];
  post(message: MainToScanners): void;
}

interface Link extends ScannersLink {
  worker: Worker | null;
  port: MessagePort | null;
}

export class ScannerWorkers {
  readonly inbox = new Inbox<ScannersToMain>();
  readonly links: Link[] = [];
  readonly #spawner: WorkerSpawner;
  readonly #onMessage: (worker: number, message: ScannersToMain) => void;
  #clock: ClockSetting | null = null;

  constructor(
    spawner: WorkerSpawner,
    onMessage: (worker: number, message: ScannersToMain) => void,
  ) {
    this.#spawner = spawner;
    this.#onMessage = onMessage;
  }

  /** Starts them; gives the minutes after the open from which each scanner runs. */
  async start(scanners: ScannerSetup[], clock: ClockSetting): Promise<Map<string, number>> {
    this.#clock = clock;
    const fromOpen = new Map<string, number>();
    const all = [...scanners.entries()];
    const byGrant = Map.groupBy(all, ([, { netHosts }]) => JSON.stringify(netHosts.toSorted()));
    for (const group of byGrant.values()) {
      const link: Link = {
        index: this.links.length,
        control: new Int32Array(controlBlock(0)),
        group,
        post: () => {},
        worker: null,
        port: null,
      };
      this.links.push(link);
      const ready = await this.#start(link);
      for (const { name, fromMarketOpen } of ready) fromOpen.set(name, fromMarketOpen);
    }
    return fromOpen;
  }

  /** The worker that the plan's scanner number `scanner` runs in. */
  of(scanner: number): ScannersLink {
    return this.links.find(({ group }) => group.some(([index]) => index === scanner))!;
  }

  /** The scanner's code throws at its next loop or function. */
  stop(scanner: number): void {
    const { control, group } = this.of(scanner);
    const at = group.findIndex(([index]) => index === scanner);
    Atomics.store(control, flagAt(at), Stop.tooLong);
  }

  /** Another takes the place of one that does not hear. Scanners that were stopped stay so. */
  async restart(worker: number): Promise<void> {
    const link = this.links[worker];
    const stopped = link.group.map((_, at) => Atomics.load(link.control, flagAt(at)));
    link.worker?.terminate();
    link.port?.close();
    link.post = () => {};
    link.control = new Int32Array(controlBlock(0));
    await this.#start(link, stopped);
  }

  fail(error: Error): void {
    this.inbox.fail(error);
  }

  close(): void {
    for (const { port } of this.links) port?.close();
  }

  async #start(link: Link, stopped: number[] = []) {
    const { index, group } = link;
    const { port1, port2 } = new MessageChannel();
    const control = controlBlock(group.length);
    const { netHosts } = group[0][1];
    const worker = this.#spawner.spawn("scanners.ts", userPermissions(netHosts), (error) => {
      if (link.worker === worker) this.#spawner.onFailure(error);
    });
    Object.assign(link, { worker, port: port1 });
    link.post = (message) => port1.postMessage(message);
    port1.onmessage = ({ data }: MessageEvent<ScannersToMain | LogMessage>) =>
      this.#spawner.received("scanners", data, (message) => {
        this.#onMessage(index, message);
        this.inbox.deliver(message);
      });
    const ready = this.inbox.next("ready");
    const scanners = group.map(([, { source }]) => source);
    const hasNet = netHosts.length > 0;
    const clock = this.#clock!;
    worker.postMessage({ type: "start", main: port2, scanners, clock, control, hasNet }, [port2]);
    // From here on the watchdog sees what is being loaded.
    link.control = new Int32Array(control);
    const told = (await ready).scanners;
    stopped.forEach((why, at) => Atomics.store(link.control, flagAt(at), why));
    return told;
  }
}
