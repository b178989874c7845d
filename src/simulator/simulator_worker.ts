/** Starts the simulated exchange in a worker of its own, which may touch its port and its data files only. */
import { ConfigError, OperationError } from "../util/errors.ts";
import type { FromSimulatorWorker, SimulatorOptions, ToSimulatorWorker } from "./options.ts";

export interface SimulatorWorker {
  baseUrl: string;
  /** What it serves, a line each. */
  summary: string[];
  close(): Promise<void>;
}

/** Resolves when it listens. Throws ConfigError for data that cannot be read, OperationError for a port in use. */
export async function startSimulatorWorker(options: SimulatorOptions): Promise<SimulatorWorker> {
  const hostname = options.hostname ?? "127.0.0.1";
  const files = options.sources.flatMap((source) =>
    source.kind === "generate" ? [] : [source.file]
  );
  const permissions: Deno.PermissionOptionsObject = {
    net: [options.port === 0 ? hostname : `${hostname}:${options.port}`],
    read: files.length > 0 ? files : false,
    write: false,
    env: false,
    sys: false,
    run: false,
    ffi: false,
    import: false,
  };
  const worker = new Worker(
    new URL("../../workers/simulator.ts", import.meta.url),
    { type: "module", name: "simulator", deno: { permissions } } as WorkerOptions,
  );
  const ready = Promise.withResolvers<Extract<FromSimulatorWorker, { type: "ready" }>>();
  const closed = Promise.withResolvers<void>();
  worker.onmessage = ({ data }: MessageEvent<FromSimulatorWorker>) => {
    switch (data.type) {
      case "ready":
        return ready.resolve(data);
      case "failed": {
        const Kind = data.wrongUsage ? ConfigError : OperationError;
        return ready.reject(new Kind(data.message));
      }
      case "closed":
        return closed.resolve();
      default:
        return data satisfies never;
    }
  };
  worker.onerror = (event) => {
    event.preventDefault();
    ready.reject(new OperationError(`The simulated exchange stopped: ${event.message}`));
    closed.resolve();
  };
  const post = (message: ToSimulatorWorker) => worker.postMessage(message);
  post({ type: "start", options });
  try {
    const { baseUrl, summary } = await ready.promise;
    return {
      baseUrl,
      summary,
      async close() {
        post({ type: "close" });
        await closed.promise;
        worker.terminate();
      },
    };
  } catch (error) {
    worker.terminate();
    throw error;
  }
}
