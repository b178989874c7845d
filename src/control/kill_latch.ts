/**
 * The kill switch on disk: `kill.json` in the data folder, for all traders of that folder, whatever
 * their account. Invariant: it is fired unless its file is surely not there. What cannot be read, is
 * written in half or is no file at all counts as fired.
 */
import { join } from "node:path";

export interface Kill {
  /** One sentence: who fired it, and why. */
  reason: string;
  /** Wall clock; null: not known, because the file cannot be read. */
  atMs: number | null;
  /** Positions of Liu's are to be closed, by the trader that runs or by the next. */
  flatten: boolean;
}

const VERSION = 1;

/** What a worker that reads the latch must be allowed to read. */
export function latchFiles(folder: string): string[] {
  const path = join(folder, "kill.json");
  return [path, `${path}.new`];
}

/** null: not fired. Never throws. */
export function readKill(folder: string): Kill | null {
  const [path, draft] = latchFiles(folder);
  try {
    const text = readIfThere(path);
    if (text !== null) return parsed(text, path);
    // Somebody was about to fire it, and did not get to the end.
    return readIfThere(draft) === null ? null : damaged(draft, "it was written in half");
  } catch (error) {
    return damaged(path, error instanceof Error ? error.message : String(error));
  }
}

/** Fires it: when this has returned, it stays fired over crashes and restarts. */
export function latchKill(folder: string, kill: { reason: string; flatten: boolean }): void {
  const [path, draft] = latchFiles(folder);
  Deno.mkdirSync(folder, { recursive: true });
  const bytes = new TextEncoder().encode(
    JSON.stringify({ version: VERSION, atMs: Date.now(), ...kill }) + "\n",
  );
  {
    using file = Deno.openSync(draft, { create: true, write: true, truncate: true });
    for (let written = 0; written < bytes.length;) {
      written += file.writeSync(bytes.subarray(written));
    }
    file.syncSync();
  }
  Deno.renameSync(draft, path);
  syncFolder(folder);
}

/** Takes it back, whatever state its files are in. */
export function liftKill(folder: string): void {
  let isGone = false;
  for (const path of latchFiles(folder)) {
    try {
      Deno.removeSync(path, { recursive: true });
      isGone = true;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  if (isGone) syncFolder(folder);
}

/** As the gateway restricts by it. */
export function killText({ reason }: Kill): string {
  return `killed: ${reason}. liu resume lifts it`;
}

function parsed(text: string, path: string): Kill {
  const kill: unknown = JSON.parse(text);
  if (typeof kill !== "object" || kill === null) return damaged(path, "it holds no object");
  const { version, reason, atMs, flatten } = kill as Record<string, unknown>;
  if (version !== VERSION || typeof reason !== "string" || typeof atMs !== "number") {
    return damaged(path, "it does not hold what Liu writes");
  }
  return { reason, atMs, flatten: flatten === true };
}

function damaged(path: string, why: string): Kill {
  const reason = `the kill switch's file ${path} cannot be read (${why}), so it counts as fired`;
  return { reason, atMs: null, flatten: false };
}

function readIfThere(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function syncFolder(path: string): void {
  // Windows has no such thing, and needs none.
  if (Deno.build.os === "windows") return;
  using folder = Deno.openSync(path);
  folder.syncSync();
}
