/** Main's end of a worker: it is started by one message, answers over a port, and its failures are seen. */
import { ConfigError, OperationError } from "../util/errors.ts";
import type { FailedMessage } from "../protocol.ts";

export type WorkerPermissions = Deno.PermissionOptions;

/** Starts a worker's file with no more than these permissions. */
export function spawn(url: URL, permissions: WorkerPermissions): Worker {
  // `deno` is Deno's own extension of the standard's options.
  const options = { type: "module", deno: { permissions } } as WorkerOptions;
  return new Worker(url, options);
}

/** The error that a worker met, as main throws it. */
export function errorOf(message: FailedMessage, who: string): Error {
  if (message.errorName === "ConfigError") return new ConfigError(message.message);
  // What could be tried again has been, until it was given up.
  if (message.errorName === "OperationError" || message.errorName === "RetryableError") {
    return new OperationError(message.message);
  }
  const error = new Error(`${who}: ${message.message}`);
  if (message.stack) error.stack = message.stack;
  return error;
}

/** Resolves with the next message that `pick` wants; rejects when the worker fails or dies first. */
export class Inbox<Message extends { type: string }> {
  readonly #waiting = new Set<Waiting<Message>>();
  #failure: Error | null = null;

  next<Type extends Message["type"]>(
    type: Type,
    matches: (message: Extract<Message, { type: Type }>) => boolean = () => true,
  ): Promise<Extract<Message, { type: Type }>> {
    return this.nextOf([type], matches);
  }

  nextOf<Type extends Message["type"]>(
    types: readonly Type[],
    matches: (message: Extract<Message, { type: Type }>) => boolean,
  ): Promise<Extract<Message, { type: Type }>> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.add({
        wants: (message) =>
          types.includes(message.type as Type) &&
          matches(message as Extract<Message, { type: Type }>),
        resolve: resolve as (message: Message) => void,
        reject,
      });
    });
  }

  /** Gives a message to who waits for it. */
  deliver(message: Message): void {
    if (this.#waiting.size === 0) return;
    for (const waiting of this.#waiting) {
      if (!waiting.wants(message)) continue;
      this.#waiting.delete(waiting);
      waiting.resolve(message);
    }
  }

  fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting.clear();
  }
}

interface Waiting<Message> {
  wants(message: Message): boolean;
  resolve(message: Message): void;
  reject(error: Error): void;
}
