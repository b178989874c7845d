/**
 * Where traders of a data folder can be reached: a file each in `traders/`, for its owner alone, with
 * the port and the token that its control endpoint wants. A trader holds a lock as long as it lives:
 * a file whose lock can be taken is one that a dead process has left.
 */
import { basename, join } from "node:path";
import { FileLock } from "../util/file_lock.ts";

export interface TraderAddress {
  pid: number;
  port: number;
  token: string;
  startedMs: number;
}

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

export interface OwnFile {
  remove(): void;
}

/** Tells where this process can be reached. */
export function writeTraderFile(folder: string, address: TraderAddress): OwnFile {
  const traders = join(folder, "traders");
  Deno.mkdirSync(traders, { recursive: true, mode: FOLDER_MODE });
  const { path, lock } = newLock(traders);
  const draft = `${path}.new`;
  try {
    // Its mode is there before its content.
    using file = Deno.openSync(draft, { createNew: true, write: true, mode: FILE_MODE });
    file.writeSync(new TextEncoder().encode(JSON.stringify(address)));
  } catch (error) {
    lock.release();
    throw error;
  }
  Deno.renameSync(draft, `${path}.json`);
  return {
    remove() {
      remove(`${path}.json`);
      lock.release();
      remove(`${path}.lock`);
    },
  };
}

/** Who looks for traders may hold a lock that was just made, or have taken its file away. */
function newLock(traders: string): { path: string; lock: FileLock } {
  while (true) {
    const path = join(traders, crypto.randomUUID());
    const lock = FileLock.tryTake(`${path}.lock`);
    if (lock === null) continue;
    if (namesIn(traders).includes(`${basename(path)}.lock`)) return { path, lock };
    lock.release();
  }
}

/** Traders that live, the oldest first. What dead ones have left is taken away. */
export function findTraders(folder: string): TraderAddress[] {
  const traders = join(folder, "traders");
  const found: TraderAddress[] = [];
  for (const name of namesIn(traders)) {
    if (!name.endsWith(".lock")) continue;
    const path = join(traders, name.slice(0, -".lock".length));
    const lock = FileLock.tryTake(`${path}.lock`);
    if (lock !== null) {
      // Its own file while it is held: who takes it next looks whether it is still there.
      for (const end of [".json", ".new", ".lock"]) remove(path + end);
      lock.release();
      continue;
    }
    const address = read(`${path}.json`);
    if (address !== null) found.push(address);
  }
  return found.sort((a, b) => a.startedMs - b.startedMs);
}

/** null: it has not been written yet, or is just being removed. */
function read(path: string): TraderAddress | null {
  try {
    return JSON.parse(Deno.readTextFileSync(path)) as TraderAddress;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    // Windows keeps what is open: the next who looks removes it.
    const isKept = Deno.build.os === "windows" && path.endsWith(".lock");
    if (!(error instanceof Deno.errors.NotFound) && !isKept) throw error;
  }
}
