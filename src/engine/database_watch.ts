/**
 * What a trader does without its database: records are spooled, and after a while nothing is opened
 * any more, until the database has taken them. Where not even the spool takes them, at once.
 */
import type { MainToGateway } from "../protocol.ts";
import { sleep } from "../util/sleep.ts";
import type { SessionOptions } from "./session_options.ts";

/** Watches a session's database, and tells the gateway. */
export function watchDatabase(
  { supervision, watchStore }: Pick<SessionOptions, "supervision" | "watchStore">,
  post: (message: MainToGateway) => void,
): void {
  const afterMs = supervision.databaseSeconds * 1000;
  const watch = new DatabaseWatch({ afterMs, post, wait: sleep });
  watchStore((trouble) => watch.onTrouble(trouble));
}

interface DatabaseWatchOptions {
  /** Without the database for so long, nothing is opened any more. */
  afterMs: number;
  post(message: MainToGateway): void;
  /** Resolves after so long; at once where the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export class DatabaseWatch {
  readonly #options: DatabaseWatchOptions;
  #waiting: AbortController | null = null;
  #isRestricted = false;

  constructor(options: DatabaseWatchOptions) {
    this.#options = options;
  }

  onTrouble({ database, spool }: { database: string | null; spool: string | null }): void {
    if (spool !== null) return this.#restrict(spool);
    if (database === null) return this.#lift();
    if (this.#isRestricted || this.#waiting !== null) return;
    const waiting = this.#waiting = new AbortController();
    const { afterMs, wait } = this.#options;
    void wait(afterMs, waiting.signal).then(() => {
      if (waiting.signal.aborted) return;
      this.#restrict(`no record was stored for ${afterMs / 1000} s; they are spooled. ${database}`);
    });
  }

  #restrict(reason: string): void {
    this.#waiting?.abort();
    this.#waiting = null;
    if (this.#isRestricted) return;
    this.#isRestricted = true;
    this.#options.post({ type: "restrict", cause: "database", state: "reducing", reason });
  }

  #lift(): void {
    this.#waiting?.abort();
    this.#waiting = null;
    if (this.#isRestricted) this.#options.post({ type: "lift", cause: "database" });
    this.#isRestricted = false;
  }
}
