/** Starts workers and takes what all of them say alike: logs, and that they could not go on. */
import type { FailedMessage, LogMessage } from "../protocol.ts";
import type { LogSink } from "../util/log.ts";
import { errorOf, spawn } from "./worker_link.ts";

const WORKERS = new URL("../../workers/", import.meta.url);

export interface WorkerSpawnerOptions {
  log: LogSink;
  /** A worker without which the session cannot go on has failed. */
  onFailure(error: Error): void;
}

export class WorkerSpawner {
  readonly #workers: Worker[] = [];
  readonly #options: WorkerSpawnerOptions;

  constructor(options: WorkerSpawnerOptions) {
    this.#options = options;
  }

  onFailure(error: Error): void {
    this.#options.onFailure(error);
  }

  /** `onError` hears of what the worker did not catch: it is dead then. */
  spawn(
    file: string,
    permissions: Deno.PermissionOptions,
    onError: (error: Error) => void = this.#options.onFailure,
  ): Worker {
    const worker = spawn(new URL(file, WORKERS), permissions);
    this.#workers.push(worker);
    worker.onerror = (event) => {
      event.preventDefault();
      onError(new Error(`The worker ${file} stopped: ${event.message}`));
    };
    return worker;
  }

  /** Gives on what is not for all workers alike. */
  received<Message extends { type: string }>(
    who: string,
    message: Message | LogMessage | FailedMessage,
    onMessage: (message: Exclude<Message, LogMessage | FailedMessage>) => void,
    onFailure: (error: Error) => void = this.#options.onFailure,
  ): void {
    if (message.type === "log") {
      const { level, category, message: text, properties } = message as LogMessage;
      return this.#options.log(level, category, text, properties);
    }
    if (message.type === "failed") return onFailure(errorOf(message as FailedMessage, who));
    onMessage(message as Exclude<Message, LogMessage | FailedMessage>);
  }

  /** Ends all of them. Those that are to finish something have been asked to, and have answered. */
  close(): void {
    for (const worker of this.#workers) worker.terminate();
  }
}

/** What a worker with user code may touch: the hosts that the plan grants, and nothing else. */
export function userPermissions(netHosts: string[]): Deno.PermissionOptions {
  const NO_FILES = { read: false, write: false } as const;
  return netHosts.length > 0 ? { net: netHosts, ...NO_FILES, ...NOTHING } : "none";
}

export const NOTHING = { env: false, sys: false, run: false, ffi: false, import: false } as const;
