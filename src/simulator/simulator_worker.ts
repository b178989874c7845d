/** A simulated exchange in a worker of its own, that can reach its port and its data files only. */
import { ConfigError, OperationError } from "../util/errors.ts";
import type { FromSimulatorWorker, SimulatorOptions, ToSimulatorWorker } from "./options.ts";

export interface SimulatorWorker {
  readonly baseUrl: string;
  /** What is traded and when, one line each. */
  readonly summary: string[];
  close(): Promise<void>;
}

/** Resolves when it listens. Throws what startSimulator throws. */
export async function startSimulatorWorker(options: SimulatorOptions): Promise<SimulatorWorker> {
  const { hostname = "127.0.0.1", port, sources, faults } = options;
  const files = sources.flatMap((source) => source.kind === "generate" ? [] : [source.file]);
  // With faults, all goes through a door in front of the exchange, which has a port of its own.
  const net = faults === undefined ? [`${hostname}:${port}`] : [hostname, "127.0.0.1"];
  const worker = new Worker(new URL("../../workers/simulator.ts", import.meta.url), {
    type: "module",
    name: "simulator",
    deno: { permissions: { read: files.length > 0 ? files : false, net } },
  } as WorkerOptions);
  const tell = (message: ToSimulatorWorker) => worker.postMessage(message);
  const next = () =>
    new Promise<FromSimulatorWorker>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`The simulated exchange's worker failed: ${event.message}`));
      };
    });
  try {
    const first = next();
    tell({ type: "start", options });
    const started = await first;
    if (started.type === "failed") {
      const { message, wrongUsage } = started;
      throw wrongUsage ? new ConfigError(message) : new OperationError(message);
    }
    if (started.type !== "ready") throw new Error("the simulated exchange's worker ended early");
    const { baseUrl, summary } = started;
    return {
      baseUrl,
      summary,
      close: async () => {
        const closed = next();
        tell({ type: "close" });
        await closed;
        worker.terminate();
      },
    };
  } catch (error) {
    worker.terminate();
    throw error;
  }
}
