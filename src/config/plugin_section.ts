import { isAbsolute, resolve } from "node:path";
import { z } from "zod";
import type { Json } from "../contracts/store.ts";
import { ConfigError } from "../util/errors.ts";
import { isTable, must, toJson } from "./must.ts";
import type { TomlFile, TomlTable } from "./toml_file.ts";
import type { TomlPath } from "./toml_lines.ts";

/** A section that configures a scanner, a strategy or a miner; plain data, it crosses ports. */
export interface PluginSection {
  /** The plan's own name for it, also the built-in's name where there is no file. */
  name: string;
  /** "strategies.sma_cross", for messages. */
  table: string;
  line: number;
  /** Absolute path of the user's file; null: a built-in. */
  filename: string | null;
  /** Hosts that its code may reach, "host" or "host:port"; none by default. */
  netHosts: string[];
  /** All that Liu does not read itself, to be checked against the class's `params`; names in camelCase. */
  parameters: Record<string, Json>;
  /** How each parameter is written in the file, and on which line. */
  written: Record<string, { key: string; line: number }>;
}

/** The error for a parameter (its name in camelCase) or, with null, for the section as a whole. */
export function sectionError(
  file: string,
  section: PluginSection,
  parameter: string | null,
  problem: string,
): ConfigError {
  const written = parameter === null ? undefined : section.written[parameter];
  const key = written?.key ?? parameter;
  return new ConfigError(
    `Cannot read ${file}: [${section.table}] line ${written?.line ?? section.line}: ` +
      (key === null ? problem : `"${key}" ${problem}`),
  );
}

/** A section of `file.data[kind]`, still as it is written. */
export interface RawSection {
  name: string;
  path: TomlPath;
  table: TomlTable;
}

/**
 * The sections of one kind ("scanners", "strategies", "miners") in the order of the file.
 * Old plans write them as an array of tables, `[[scanners]]`; these are read too.
 */
export function sectionsOf(
  file: TomlFile,
  kind: string,
  ignoredKeys: readonly string[] = [],
): RawSection[] {
  const value = file.data[kind];
  const groups: [TomlPath, TomlTable][] = Array.isArray(value) && value.every(isTable)
    ? value.map((table, i) => [[kind, i], table])
    : [[[kind], file.table(value, [kind])]];
  const sections: RawSection[] = [];
  for (const [path, group] of groups) {
    for (const [name, table] of Object.entries(group)) {
      if (ignoredKeys.includes(name) && !isTable(table)) continue;
      if (sections.some((section) => section.name === name)) {
        file.problem([...path, name], "is there twice; give the second another name");
      }
      sections.push({ name, path: [...path, name], table: file.table(table, [...path, name]) });
    }
  }
  return sections;
}

const COMMON = z.object({
  filename: must(
    z.string().regex(/\.(ts|mts|js|mjs)$/),
    "a TypeScript or JavaScript file (.ts, .js), relative to this file",
  ).optional(),
  permissions: must(
    z.strictObject({ net: z.array(z.string().regex(/^[^\s/:]+(:\d+)?$/)) }),
    'hosts as in { net = ["api.example.com"] }',
  ).optional(),
});

/**
 * Reads what all sections have in common.
 * `own` are the keys that the caller reads; `obsolete` ones are left out, with a warning that says why.
 */
export function readSection(
  file: TomlFile,
  raw: RawSection,
  { folder, own, obsolete }: {
    folder: string;
    own: readonly string[];
    obsolete: Readonly<Record<string, string>>;
  },
): PluginSection {
  const { name, path, table } = raw;
  const common = file.read(COMMON, table, path);
  const filename = common?.filename ?? null;
  const section: PluginSection = {
    name,
    table: path.filter((part) => typeof part === "string").join("."),
    line: file.lineOf(path),
    filename: filename === null || isAbsolute(filename) ? filename : resolve(folder, filename),
    netHosts: common?.permissions?.net ?? [],
    parameters: {},
    written: {},
  };
  for (const [key, value] of Object.entries(table)) {
    if (key === "filename" || key === "permissions" || own.includes(key)) continue;
    if (Object.hasOwn(obsolete, key)) {
      file.warn([...path, key], obsolete[key]!);
      continue;
    }
    const parameter = camelCase(key);
    if (Object.hasOwn(section.parameters, parameter)) {
      file.problem([...path, key], `is the same as "${section.written[parameter]!.key}"`);
    }
    section.parameters[parameter] = toJson(value);
    section.written[parameter] = { key, line: file.lineOf([...path, key]) };
  }
  return section;
}

/** min_gap → minGap; what is camelCase already stays. */
export function camelCase(key: string): string {
  return key.replace(/(?<=.)_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
