import type { Settings } from "../config/environment.ts";
import { startStoreWorker, type StoreWorker } from "../store/store_worker.ts";
import { logger } from "../util/log.ts";

/** The store of these settings in its own worker, with its logs in ours. */
export function openSettingsStore(
  settings: Settings,
  options: { readOnly: boolean },
): Promise<StoreWorker> {
  const log = logger("store");
  return startStoreWorker({
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
