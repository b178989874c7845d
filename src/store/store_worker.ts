/** Starts the store in a worker of its own, which may touch the database and its folder only. */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { within } from "../util/within.ts";
import { OperationError } from "../util/errors.ts";
import type { DatabaseOptions } from "./database.ts";
import type { MineScope } from "./mine/access.ts";
import { MIGRATIONS_URL } from "./migrations.ts";
import {
  fromPortError,
  StoreClient,
  type StoreWorkerEvent,
  type StoreWorkerRequest,
} from "./store_port.ts";
import type { StoreTrouble } from "./writer.ts";
import { LOOPBACK, targetOf } from "./target.ts";

export interface StoreWorkerOptions extends DatabaseOptions {
  /** Hears of writes that could not be taken in, and of the worker's end before `close`. */
  onFault: (error: Error) => void;
}

export interface StoreWorker {
  /** A store for this isolate. */
  connect(): StoreClient;
  /** Hears whether database and spool take records: now, and whenever that changes. */
  watch(listener: (trouble: StoreTrouble) => void): void;
  /** A port for another isolate, which makes its `new StoreClient(port, onFault)` of it. */
  port(): MessagePort;
  /** A port for a miner's worker, which makes its `new MineClient(port)` of it. */
  minePort(scope: MineScope): MessagePort;
  /**
   * Stores what is left, closes the database and ends the worker. `withinMs`: longer it is not waited
   * for; what is not in the database is in the spool.
   */
  close(withinMs?: number): Promise<void>;
}

/** What the worker needs: the database's address, the data folder, and no environment. */
export function storeWorkerPermissions(
  { dsn, dataDir }: { dsn: string | null; dataDir: string },
): Deno.PermissionOptionsObject {
  const target = targetOf({ dsn, dataDir });
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  const folder = resolve(dataDir);
  return {
    net: dsn === null ? [LOOPBACK] : [`${host}:${target.port}`],
    read: [folder, fileURLToPath(MIGRATIONS_URL), ...(dsn === null ? [embeddedAssets()] : [])],
    write: [folder],
    env: false,
    sys: false,
    run: false,
    ffi: false,
    import: false,
  };
}

/** PGlite reads its image of PostgreSQL from its own package. */
function embeddedAssets(): string {
  return fileURLToPath(new URL("./", import.meta.resolve("@electric-sql/pglite")));
}

/** Resolves when the store is open; rejects as openStore does. */
export async function startStoreWorker(options: StoreWorkerOptions): Promise<StoreWorker> {
  const { dsn, dataDir, log, onFault } = options;
  const worker = new Worker(
    new URL("../../workers/store.ts", import.meta.url),
    {
      type: "module",
      name: "store",
      deno: { permissions: storeWorkerPermissions({ dsn, dataDir }) },
    } as WorkerOptions,
  );
  const clients = new Set<StoreClient>();
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  let trouble: StoreTrouble = { database: null, spool: null };
  let onTrouble: (trouble: StoreTrouble) => void = () => {};
  const post = (request: StoreWorkerRequest, transfer: Transferable[] = []) =>
    worker.postMessage(request, transfer);

  worker.onmessage = ({ data }: MessageEvent<StoreWorkerEvent>) => {
    switch (data.type) {
      case "ready":
        return opened.resolve();
      case "failed":
        return opened.reject(fromPortError(data.error));
      case "trouble":
        trouble = data.trouble;
        return onTrouble(trouble);
      case "log":
        return log[data.level](data.message);
      case "closed":
        return closed.resolve();
      default:
        return data satisfies never;
    }
  };
  worker.onerror = (event) => {
    event.preventDefault();
    const error = new OperationError(`The store's worker stopped: ${event.message}`);
    for (const client of clients) client.abandon(error);
    opened.reject(error);
    closed.resolve();
    onFault(error);
  };

  post({ type: "start", dsn, dataDir: resolve(dataDir), readOnly: options.readOnly ?? false });
  try {
    await opened.promise;
  } catch (error) {
    worker.terminate();
    throw error;
  }
  const port = () => {
    const { port1, port2 } = new MessageChannel();
    post({ type: "port", port: port1 }, [port1]);
    return port2;
  };
  return {
    port,
    minePort(scope) {
      const { port1, port2 } = new MessageChannel();
      post({ type: "minePort", port: port1, scope }, [port1]);
      return port2;
    },
    watch(listener) {
      onTrouble = listener;
      listener(trouble);
    },
    connect() {
      const client = new StoreClient(port(), onFault);
      clients.add(client);
      return client;
    },
    async close(withinMs = Infinity) {
      const isClosed = (async () => {
        for (const client of clients) await client.close();
        post({ type: "close" });
        await closed.promise;
      })();
      await (withinMs === Infinity ? isClosed : within(isClosed, withinMs, undefined));
      worker.terminate();
    },
  };
}
