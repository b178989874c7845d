import { join } from "node:path";
import type { Settings } from "../config/environment.ts";
import { startStoreWorker, type StoreWorker } from "../store/store_worker.ts";
import { ConfigError, OperationError } from "../util/errors.ts";
import { logger } from "../util/log.ts";

/** Makes the data folder where it is missing. Throws ConfigError where it cannot be one. */
export async function ensureDataFolder({ dataFolder }: Settings): Promise<void> {
  try {
    await Deno.mkdir(dataFolder, { recursive: true });
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/, run again with.*/, "") : error;
    throw new ConfigError(
      `Cannot use the data folder ${dataFolder}: ${why}. Set LIU_DATA to a folder that can be written`,
    );
  }
}

/** The store of these settings in its own worker, with its logs in ours. */
export async function openSettingsStore(
  settings: Settings,
  options: { readOnly: boolean },
): Promise<StoreWorker> {
  await ensureDataFolder(settings);
  if (options.readOnly) await requireDatabase(settings);
  const log = logger("store");
  return await startStoreWorker({
    dsn: settings.dsn?.reveal() ?? null,
    dataDir: settings.dataFolder,
    readOnly: options.readOnly,
    log: {
      // Who only reads wants the result, not the database's story.
      info: (text) => options.readOnly ? log.debug(text) : log.info(text),
      warn: (text) => log.warn(text),
      error: (text) => log.error(text),
    },
    onFault: (error) => log.error(error.message),
  });
}

/** Throws OperationError where there is nothing that could be read. */
export async function requireDatabase(settings: Settings): Promise<void> {
  if (settings.dsn !== null || await hasEmbeddedDatabase(settings)) return;
  throw new OperationError(
    `There is no database in ${settings.dataFolder} yet: run liu trader, or liu demo, first`,
  );
}

/** The embedded database is the one that is used, and has been made before. */
export async function hasEmbeddedDatabase({ dsn, dataFolder }: Settings): Promise<boolean> {
  if (dsn !== null) return false;
  try {
    await Deno.stat(join(dataFolder, "pg"));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
