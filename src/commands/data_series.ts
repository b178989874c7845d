import { join } from "node:path";
import { Option } from "commander";
import type { Settings } from "../config/environment.ts";
import { checkSeries, type Series } from "../history/check.ts";
import { ADJUSTMENTS } from "../history/history.ts";
import { type Kind, KINDS } from "../history/rows.ts";
import { Shelf, sourcesIn } from "../history/shelf.ts";
import { ConfigError } from "../util/errors.ts";

export interface NamedSeries extends Series {
  source: string;
  adjustment: string;
  kind: Kind;
}

export function historyFolder(settings: Settings): string {
  return join(settings.dataFolder, "history");
}

/** All that is on disk, in the order of source, kind and symbol; `only` these symbols, if any. */
export async function* allSeries(
  folder: string,
  only: readonly string[],
): AsyncGenerator<NamedSeries> {
  const found = new Set<string>();
  for (const name of await sourcesIn(folder)) {
    const [, source = name, adjustment = ""] = /^(.*)-([^-]*)$/.exec(name) ?? [];
    for (const kind of KINDS) {
      const shelf = new Shelf(folder, name, kind);
      for (const symbol of await shelf.symbols()) {
        if (only.length > 0 && !only.includes(symbol)) continue;
        found.add(symbol);
        yield { source, adjustment, kind, ...await checkSeries(shelf, symbol) };
      }
    }
  }
  const missing = only.filter((symbol) => !found.has(symbol));
  if (missing.length > 0) {
    throw new ConfigError(`There is no history of ${missing.join(", ")} in ${folder}`);
  }
}

export function adjustmentOption(does: string): Option {
  return new Option("--adjustment <KIND>", does).choices(ADJUSTMENTS);
}
