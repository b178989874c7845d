/**
 * The store over a MessagePort: it lives in a worker of its own, and each isolate that needs it
 * has a port to it. Every message between them is here.
 * Invariant: what a client wrote before a `flush` is in the store when that flush is answered, and
 * reaches it in the order it was written.
 */
import type { RunStart, Store, StoreRecord } from "../contracts/store.ts";
import { ConfigError, OperationError, RetryableError } from "../util/errors.ts";
import type { MineScope } from "./mine/access.ts";
import type { StoreTrouble } from "./writer.ts";

/** From main to the worker. The DSN is a secret: this message is never logged. */
export type StoreWorkerRequest =
  | { type: "start"; dsn: string | null; dataDir: string; readOnly: boolean }
  /** A client's port, transferred. */
  | { type: "port"; port: MessagePort }
  /** A miner's port, transferred, with what it may write. */
  | { type: "minePort"; port: MessagePort; scope: MineScope }
  | { type: "close" };

export type StoreWorkerEvent =
  | { type: "ready" }
  | { type: "failed"; error: PortError }
  | { type: "trouble"; trouble: StoreTrouble }
  | { type: "log"; level: "info" | "warn" | "error"; message: string }
  | { type: "closed" };

/** What has an answer. */
type Method = Exclude<keyof Store, "write" | "close">;
type Call = { [M in Method]: { method: M; args: Parameters<Store[M]> } }[Method];

export type StoreRequest =
  | { type: "write"; records: StoreRecord[] }
  | { type: "call"; id: number; call: Call }
  /** Answered when all before it was taken in. */
  | { type: "bye"; id: number };

export type StoreReply =
  | { type: "answer"; id: number; value: unknown }
  | { type: "refusal"; id: number; error: PortError }
  /** A write failed: the spool's disk is full or broken. */
  | { type: "fault"; error: PortError };

/** An error's class doesn't survive a port, its name does. */
export interface PortError {
  name: string;
  message: string;
}

/** The store as the other isolates see it. */
export class StoreClient implements Store {
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  #gone: Error | null = null;

  /** `onFault` hears of writes that the store could not take in, not even on disk. */
  constructor(port: MessagePort, onFault: (error: Error) => void) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<StoreReply>) => {
      if (data.type === "fault") onFault(fromPortError(data.error));
      else this.#settle(data);
    };
  }

  startRun(run: RunStart): Promise<number> {
    return this.#call({ method: "startRun", args: [run] });
  }

  /** On its way when this returns; in the spool when the worker has it. `flush` tells. */
  write(records: StoreRecord[]): void {
    if (this.#gone !== null) throw this.#gone;
    this.#post({ type: "write", records });
  }

  flush(): Promise<void> {
    return this.#call({ method: "flush", args: [] });
  }

  lockAccount(name: string): Promise<string | null> {
    return this.#call({ method: "lockAccount", args: [name] });
  }

  runs(batchId: string): ReturnType<Store["runs"]> {
    return this.#call({ method: "runs", args: [batchId] });
  }

  liveRuns(fromUs: number, toUs: number): ReturnType<Store["liveRuns"]> {
    return this.#call({ method: "liveRuns", args: [fromUs, toUs] });
  }

  trades(batchId: string): ReturnType<Store["trades"]> {
    return this.#call({ method: "trades", args: [batchId] });
  }

  denials(batchId: string): ReturnType<Store["denials"]> {
    return this.#call({ method: "denials", args: [batchId] });
  }

  gainLoss(batchId: string): ReturnType<Store["gainLoss"]> {
    return this.#call({ method: "gainLoss", args: [batchId] });
  }

  tradeAnalysis(batchId: string): ReturnType<Store["tradeAnalysis"]> {
    return this.#call({ method: "tradeAnalysis", args: [batchId] });
  }

  trending(batchId: string): ReturnType<Store["trending"]> {
    return this.#call({ method: "trending", args: [batchId] });
  }

  batchFigures(batchId: string): ReturnType<Store["batchFigures"]> {
    return this.#call({ method: "batchFigures", args: [batchId] });
  }

  portfolioBatches(portfolioId: string): ReturnType<Store["portfolioBatches"]> {
    return this.#call({ method: "portfolioBatches", args: [portfolioId] });
  }

  keystore(algoName: string): ReturnType<Store["keystore"]> {
    return this.#call({ method: "keystore", args: [algoName] });
  }

  targetPortfolio(id: string): ReturnType<Store["targetPortfolio"]> {
    return this.#call({ method: "targetPortfolio", args: [id] });
  }

  batches(...args: Parameters<Store["batches"]>): ReturnType<Store["batches"]> {
    return this.#call({ method: "batches", args });
  }

  runSummaries(...args: Parameters<Store["runSummaries"]>): ReturnType<Store["runSummaries"]> {
    return this.#call({ method: "runSummaries", args });
  }

  batchReferences(batchId: string): ReturnType<Store["batchReferences"]> {
    return this.#call({ method: "batchReferences", args: [batchId] });
  }

  deleteBatch(batchId: string): ReturnType<Store["deleteBatch"]> {
    return this.#call({ method: "deleteBatch", args: [batchId] });
  }

  optimizerSessions(limit: number): ReturnType<Store["optimizerSessions"]> {
    return this.#call({ method: "optimizerSessions", args: [limit] });
  }

  optimizerRuns(sessionId: string): ReturnType<Store["optimizerRuns"]> {
    return this.#call({ method: "optimizerRuns", args: [sessionId] });
  }

  /**
   * Resolves when the store has taken in all that was written. The store itself is closed by
   * whoever started its worker.
   */
  async close(): Promise<void> {
    if (this.#gone === null) {
      const { id, promise } = this.#expect();
      this.#post({ type: "bye", id });
      this.#gone = new OperationError("The store's client is closed");
      await promise.catch(() => {});
    }
    this.#port.close();
  }

  /** The worker is gone: those who wait for it are told. */
  abandon(error: Error): void {
    this.#gone ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  // The answer's type is the method's: serveStore calls just that one.
  #call<T>(call: Call): Promise<T> {
    if (this.#gone !== null) return Promise.reject(this.#gone);
    const { id, promise } = this.#expect();
    this.#post({ type: "call", id, call });
    return promise as Promise<T>;
  }

  #expect(): { id: number; promise: Promise<unknown> } {
    const id = ++this.#lastId;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    return { id, promise: waiting.promise };
  }

  #settle(reply: Exclude<StoreReply, { type: "fault" }>): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.type === "answer") waiting?.resolve(reply.value);
    else waiting?.reject(fromPortError(reply.error));
  }

  #post(request: StoreRequest): void {
    this.#port.postMessage(request);
  }
}

/** Serves a store to the client at the other end. */
export function serveStore(store: Store, port: MessagePort): void {
  const reply = (message: StoreReply) => port.postMessage(message);
  port.onmessage = ({ data }: MessageEvent<StoreRequest>) => {
    switch (data.type) {
      case "write":
        try {
          store.write(data.records);
        } catch (error) {
          reply({ type: "fault", error: toPortError(error) });
        }
        return;
      case "call": {
        const { id } = data;
        callStore(store, data.call).then(
          (value) => reply({ type: "answer", id, value }),
          (error) => reply({ type: "refusal", id, error: toPortError(error) }),
        );
        return;
      }
      case "bye":
        return reply({ type: "answer", id: data.id, value: null });
      default:
        return data satisfies never;
    }
  };
}

export function toPortError(error: unknown): PortError {
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: "Error", message: String(error) };
}

export function fromPortError({ name, message }: PortError): Error {
  switch (name) {
    case "ConfigError":
      return new ConfigError(message);
    case "OperationError":
      return new OperationError(message);
    case "RetryableError":
      return new RetryableError(message);
    default:
      return new Error(message);
  }
}

async function callStore(store: Store, { method, args }: Call): Promise<unknown> {
  // Of a union of methods TypeScript can't see that each goes with its own arguments.
  return await (store[method] as (...args: unknown[]) => Promise<unknown>)(...args);
}
