/**
 * Marks on disk, in the journal's folder, for the trader that starts after this one: which strategies
 * are left out for the rest of the day, and which one ran when the process died.
 *
 *   left_out.json   [{ strategy, why, day }]: it could not be stopped, or filled the memory
 *   running-PID.json  { strategy, day, lock }: a call that takes longer than calls do is under way
 *
 * A call that fills V8's memory ends the process before anybody can write: so the second file is
 * written while such a call goes on, and removed when it has ended. One that is left behind by a
 * process that is gone says who it was.
 */
import { join } from "node:path";
import { FileLock } from "../util/file_lock.ts";

export interface LeftOut {
  strategy: string;
  why: string;
  /** The machine's day in UTC, "YYYY-MM-DD". */
  day: string;
}

const LEFT_OUT = "left_out.json";
const RUNNING = /^running-(.+)\.json$/;

export class Marks {
  readonly #folder: string;
  readonly #id = crypto.randomUUID();
  readonly #lock: FileLock | null;
  readonly #day: string;
  /** Long calls that are under way, by consumer. */
  readonly #running = new Map<number, string>();

  /** `day`: today's. */
  constructor(folder: string, day: string) {
    Deno.mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    this.#day = day;
    this.#lock = FileLock.tryTake(join(folder, `running-${this.#id}.lock`));
  }

  /** Who is left out today; what processes that are gone left behind is among it from here on. */
  read(): LeftOut[] {
    const left = this.#readLeftOut();
    for (const { name } of Deno.readDirSync(this.#folder)) {
      const id = RUNNING.exec(name)?.[1];
      if (id === undefined || id === this.#id) continue;
      const lock = FileLock.tryTake(join(this.#folder, `running-${id}.lock`));
      // It lives.
      if (lock === null) continue;
      const path = join(this.#folder, name);
      for (const strategy of texts(readJson(path))) {
        const why = "the trader died while a call of it went on for long";
        if (!left.some((one) => one.strategy === strategy)) {
          left.push({ strategy, why, day: this.#day });
        }
      }
      Deno.removeSync(path);
      lock.release();
      removeIfThere(join(this.#folder, `running-${id}.lock`));
    }
    this.#write(left);
    return left;
  }

  leaveOut(strategy: string, why: string): void {
    const left = this.#readLeftOut();
    if (left.some((one) => one.strategy === strategy)) return;
    this.#write([...left, { strategy, why, day: this.#day }]);
  }

  /** A call goes on for long; null: it has ended. */
  running(consumer: number, strategy: string | null): void {
    if (strategy === null) this.#running.delete(consumer);
    else this.#running.set(consumer, strategy);
    const path = join(this.#folder, `running-${this.#id}.json`);
    if (this.#running.size === 0) return removeIfThere(path);
    Deno.writeTextFileSync(path, JSON.stringify([...this.#running.values()]));
  }

  close(): void {
    this.#running.clear();
    removeIfThere(join(this.#folder, `running-${this.#id}.json`));
    this.#lock?.release();
    removeIfThere(join(this.#folder, `running-${this.#id}.lock`));
  }

  #readLeftOut(): LeftOut[] {
    const read = readJson(join(this.#folder, LEFT_OUT));
    const all = Array.isArray(read) ? read as LeftOut[] : [];
    return all.filter((one) => one?.day === this.#day && typeof one.strategy === "string");
  }

  #write(left: LeftOut[]): void {
    const path = join(this.#folder, LEFT_OUT);
    if (left.length === 0) return removeIfThere(path);
    Deno.writeTextFileSync(path, JSON.stringify(left, null, 2) + "\n");
  }
}

/** null: not there, or torn by a crash. */
function readJson(path: string): unknown {
  try {
    return JSON.parse(Deno.readTextFileSync(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return null;
    throw error;
  }
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
