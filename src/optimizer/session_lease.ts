/**
 * Who works on a session: one process of this machine at a time.
 * Invariant: a lease ends with its process, however that ends.
 */
import { join } from "node:path";
import { OperationError } from "../util/errors.ts";
import { FileLock } from "../util/file_lock.ts";

export class SessionLease {
  readonly #lock: FileLock;
  readonly #file: string;

  private constructor(lock: FileLock, file: string) {
    this.#lock = lock;
    this.#file = file;
  }

  /** `folder`: of Liu's data. Throws OperationError where another process is at it. */
  static take(folder: string, sessionId: string): SessionLease {
    const leases = join(folder, "optimizer");
    Deno.mkdirSync(leases, { recursive: true });
    const file = join(leases, `${sessionId}.lock`);
    const lock = FileLock.tryTake(file);
    if (lock === null) {
      const since = Deno.statSync(file).mtime?.toISOString().replace(/\.\d+/, "");
      throw new OperationError(
        `Session ${sessionId} is running (started ${since ?? "by another process"}): wait for ` +
          "it, or give another --seed for a session of its own",
      );
    }
    const now = new Date();
    // The file may be an earlier process's.
    Deno.utimeSync(file, now, now);
    return new SessionLease(lock, file);
  }

  release(): void {
    // While it is held: afterwards it may be another's. Windows removes no open file.
    if (Deno.build.os !== "windows") Deno.removeSync(this.#file);
    this.#lock.release();
  }
}
