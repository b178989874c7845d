/**
 * Hostile strategies against the sandbox, in real workers. Used by the tests, and by a compiled
 * program of its own (hostile_main.ts), because Deno's holes differ between the two.
 */
import { type Bundle, bundle } from "../src/sandbox/bundle.ts";

export type ToHostileWorker =
  | { type: "load"; bundle: Bundle; stopFlag: Int32Array }
  | { type: "attempt"; id: string; name: string };

export type FromHostileWorker =
  | { type: "log"; level: string; text: string }
  | { type: "loaded"; names: string[] }
  | { type: "started" }
  | { type: "outcome"; outcome: string };

export interface CaseResult {
  name: string;
  outcome: string;
  held: boolean;
}

export interface HostileOptions {
  worker: Worker;
  /** Absolute path of tests/fixtures/hostile. */
  folder: string;
  read(path: string): string;
}

const SPIN_MS = 40;

/** Fixtures whose attempts must all fail. */
const HOSTILE = ["globals", "code_from_strings", "shared_objects"];

/**
 * Runs all attempts of all hostile fixtures in one worker, then an honest strategy in the same one,
 * then those that never end. Gives one result a case.
 */
export async function runHostileCases(options: HostileOptions): Promise<CaseResult[]> {
  const peer = new Peer(options.worker);
  const results: CaseResult[] = [];
  try {
    for (const fixture of HOSTILE) {
      await load(peer, options, fixture, (name, outcome) => {
        const held = outcome === "false" || outcome.startsWith("threw");
        results.push({ name: `${fixture}: ${name}`, outcome, held });
      });
    }
    await load(peer, options, "victim", (name, outcome) => {
      results.push({ name: `victim: ${name}`, outcome, held: outcome === "true" });
    });
    await load(peer, options, "spin", (name, outcome) => {
      results.push({ name: `spin: ${name}`, outcome, held: outcome === "threw StoppedError" });
    });
  } finally {
    peer.close();
  }
  return results;
}

async function load(
  peer: Peer,
  options: HostileOptions,
  fixture: string,
  report: (name: string, outcome: string) => void,
): Promise<void> {
  const { folder, read } = options;
  const stopFlag = new Int32Array(new SharedArrayBuffer(4));
  const entry = `${folder}/${fixture}.ts`;
  const made = await bundle({ id: fixture, entry, root: folder, read });
  peer.send({ type: "load", bundle: made, stopFlag });
  const { names } = await peer.receive("loaded");
  for (const name of names) {
    peer.send({ type: "attempt", id: fixture, name });
    await peer.receive("started");
    if (fixture === "spin") {
      // A worker that spins can't tell that it does: it is given time to be deep in it, and
      // compiled.
      await new Promise((resolve) => setTimeout(resolve, SPIN_MS));
      stopFlag[0] = 1;
    }
    const { outcome } = await peer.receive("outcome");
    stopFlag[0] = 0;
    report(name, outcome);
  }
}

/** The other side of the worker's port. */
class Peer {
  readonly #port: MessagePort;
  readonly #came: FromHostileWorker[] = [];
  #waiting: PromiseWithResolvers<void> | null = null;

  constructor(readonly worker: Worker) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    worker.postMessage(port2, [port2]);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#waiting?.reject(new Error(`the worker ended: ${event.message}`));
    };
    port1.onmessage = ({ data }) => {
      this.#came.push(data);
      this.#waiting?.resolve();
    };
  }

  send(message: ToHostileWorker): void {
    this.#port.postMessage(message);
  }

  async receive<T extends FromHostileWorker["type"]>(
    type: T,
  ): Promise<FromHostileWorker & { type: T }> {
    for (;;) {
      const message = this.#came.shift();
      if (message?.type === type) return message as FromHostileWorker & { type: T };
      if (message?.type === "log") {
        continue;
      }
      if (message) throw new Error(`expected ${type}, got ${JSON.stringify(message)}`);
      this.#waiting = Promise.withResolvers();
      await this.#waiting.promise;
    }
  }

  close(): void {
    this.#port.close();
    this.worker.terminate();
  }
}
