/** What of a miner is on disk: a lock while it runs, and how its last run ended. */
import { join } from "node:path";
import type { Settings } from "../config/environment.ts";
import type { Json } from "../contracts/store.ts";
import { replaceFile } from "../util/durable_file.ts";
import { FileLock } from "../util/file_lock.ts";

export interface MinerRun {
  date: string;
  startedAt: string;
  endedAt: string;
  written: Record<string, number>;
  result: Record<string, Json>;
  /** null: it did all. */
  error: string | null;
}

/** null: another run of this miner is under way. */
export async function lockMiner(
  { dataFolder }: Settings,
  name: string,
): Promise<FileLock | null> {
  const folder = join(dataFolder, "miners");
  await Deno.mkdir(folder, { recursive: true });
  return FileLock.tryTake(join(folder, `${fileName(name)}.lock`));
}

export async function noteRun(settings: Settings, name: string, run: MinerRun): Promise<void> {
  (await replaceFile(runFile(settings, name), JSON.stringify(run) + "\n")).close();
}

export async function lastRun(settings: Settings, name: string): Promise<MinerRun | null> {
  try {
    return JSON.parse(await Deno.readTextFile(runFile(settings, name)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return null;
    throw error;
  }
}

function runFile({ dataFolder }: Settings, name: string): string {
  return join(dataFolder, "miners", `${fileName(name)}.json`);
}

function fileName(name: string): string {
  return encodeURIComponent(name).replaceAll(".", "%2E");
}
