import { dirname, resolve } from "node:path";
import { type PluginSection, readSection, sectionsOf } from "./plugin_section.ts";
import { TomlFile } from "./toml_file.ts";

/** miner.toml, read and checked. */
export interface MinerPlan {
  file: string;
  folder: string;
  miners: PluginSection[];
  warnings: string[];
}

/**
 * Reads the text of a miner.toml. `path` is the file's absolute path, `file` what messages call it.
 * Throws one ConfigError with all problems.
 */
export function readMinerPlan(text: string, path: string, file: string): MinerPlan {
  const toml = new TomlFile(text, file);
  const folder = dirname(resolve(path));
  toml.unknownKeys(toml.data, ["miners"], []);
  const miners = sectionsOf(toml, "miners").map((raw) =>
    readSection(toml, raw, { folder, own: [], obsolete: OBSOLETE })
  );
  if (miners.length === 0) toml.problem(["miners"], "is missing: at least one [miners.NAME]");
  toml.throwProblems();
  return { file, folder, miners, warnings: toml.warnings };
}

const OBSOLETE = { debug: "has no effect any more: LIU_LOG=debug logs more" };
