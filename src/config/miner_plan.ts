import { dirname, resolve } from "node:path";
import { z } from "zod";
import { must } from "./must.ts";
import { type PluginSection, readSection, sectionsOf } from "./plugin_section.ts";
import { TomlFile } from "./toml_file.ts";

export interface MinerSection extends PluginSection {
  /** Tables that it may write; null: a built-in miner's own, else none. */
  tables: string[] | null;
  /** It is stopped when it takes longer. */
  maxMinutes: number;
}

/** miner.toml, read and checked. */
export interface MinerPlan {
  file: string;
  folder: string;
  miners: MinerSection[];
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
  const miners = sectionsOf(toml, "miners").map((raw): MinerSection => {
    const own = toml.read(OWN, raw.table, raw.path);
    return {
      ...readSection(toml, raw, { folder, own: Object.keys(OWN.shape), obsolete: OBSOLETE }),
      tables: own?.tables ?? null,
      maxMinutes: own?.max_minutes ?? MINUTES_MAX,
    };
  });
  if (miners.length === 0) toml.problem(["miners"], "is missing: at least one [miners.NAME]");
  toml.throwProblems();
  return { file, folder, miners, warnings: toml.warnings };
}

const OBSOLETE = { debug: "has no effect any more: LIU_LOG=debug logs more" };

const MINUTES_MAX = 240;

const OWN = z.object({
  tables: must(
    z.array(z.string().regex(/^[A-Za-z_][\w$]*$/)),
    'a list of tables, as in ["stock_ohlc"]',
  ).optional(),
  max_minutes: must(z.number().positive().max(10_000), "minutes > 0, at most 10000").optional(),
});
