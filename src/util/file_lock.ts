/**
 * A lock between processes that is tried, never waited for, and that the operating system lifts
 * when its holder dies, however it dies. Deno's own file locks can only be waited for in some
 * versions, so SQLite's are used: an empty database file, locked by an open transaction.
 */
import { DatabaseSync } from "node:sqlite";

export class FileLock {
  readonly #file: DatabaseSync;

  private constructor(file: DatabaseSync) {
    this.#file = file;
  }

  /** The lock, or null while another holder (in this process too) has it. */
  static tryTake(path: string): FileLock | null {
    const file = new DatabaseSync(path);
    try {
      file.exec("pragma journal_mode = memory; pragma busy_timeout = 0; begin exclusive");
      return new FileLock(file);
    } catch (error) {
      file.close();
      if (error instanceof Error && error.message.includes("locked")) return null;
      throw error;
    }
  }

  release(): void {
    this.#file.close();
  }
}
