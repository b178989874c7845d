import { join, relative, resolve } from "node:path";
import { ConfigError } from "../util/errors.ts";

const OTHERWISE = {
  "tradeplan.toml": "--plan FILE, or write one with: liu init",
  "miner.toml": "--config FILE",
};

/**
 * Reads the text of tradeplan.toml or miner.toml: the file that was named, else the one in `folder`
 * (TRADEPLAN_DIR), else the one in `cwd`. Throws a ConfigError that says where it looked.
 */
export async function readPlanFile(
  { named, folder, cwd, name }: {
    named: string | undefined;
    folder: string | null;
    cwd: string;
    name: keyof typeof OTHERWISE;
  },
): Promise<{ text: string; path: string; file: string }> {
  const path = named === undefined ? resolve(cwd, folder ?? "", name) : resolve(cwd, named);
  const shown = relative(cwd, path);
  const file = shown.startsWith("..") ? path : shown;
  try {
    return { text: await Deno.readTextFile(path), path, file };
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound;
    const why = error instanceof Deno.errors.IsADirectory
      ? `it is a folder; name the file: ${join(named ?? "", name)}`
      : isMissing
      ? `there is no ${path}. Name another with ${OTHERWISE[name]}`
      : error instanceof Error
      ? error.message
      : String(error);
    throw new ConfigError(`Cannot read ${file}: ${why}`, { cause: error });
  }
}
