import { z } from "zod";
import type { Json } from "../contracts/store.ts";
import { closest } from "../util/closest.ts";
import { isTable, must } from "./must.ts";
import { camelCase } from "./plugin_section.ts";
import type { TomlFile, TomlTable } from "./toml_file.ts";
import type { TomlPath } from "./toml_lines.ts";

/** The [optimizer] table: what `liu optimize` searches. Plain data, it crosses ports. */
export interface OptimizerPlan {
  /** Exchange dates, "YYYY-MM-DD". */
  startDate: string | null;
  endDate: string | null;
  /** In the order of the file. */
  parameters: OptimizerParameter[];
}

export interface OptimizerParameter {
  strategy: string;
  /** Of the strategy, in camelCase; null: what the account begins with. */
  parameter: string | null;
  range: ParameterRange;
  /** For messages: "optimizer.hyperparameters.strategies.mine", as it is written, its line. */
  table: string;
  key: string;
  line: number;
}

export type ParameterRange =
  /** min, min + delta, … up to max. */
  | { kind: "int"; min: number; max: number; delta: number }
  /** null: any number from min to max. */
  | { kind: "float"; min: number; max: number; delta: number | null }
  /** One of these; a single one is the same in all trials. */
  | { kind: "choice"; choices: Json[] };

const KINDS = ["parameters", "hyperparameters"] as const;
const TYPES = ["int", "float", "choice", "portfolio"] as const;

const date = must(
  z.preprocess(
    (value) => value instanceof Date ? value.toISOString().slice(0, 10) : value,
    z.iso.date(),
  ),
  'a date, "YYYY-MM-DD"',
);
const number = must(z.number(), "a number");
const step = must(z.number().positive(), "a number > 0");
const plain = z.union([z.string(), z.number(), z.boolean()]);

const OPTIMIZER = z.object({ start_date: date.optional(), end_date: date.optional() });
const ENTRY = z.object({
  name: must(z.string(), "the name of a parameter"),
  param_type: must(z.enum(TYPES), TYPES.map((type) => `"${type}"`).join(", ")),
  min: number.optional(),
  max: number.optional(),
  delta: step.optional(),
  choices: must(z.array(plain).min(1), "a list of values").optional(),
  value: must(plain, "a value").optional(),
  size: step.optional(),
});
type Entry = z.output<typeof ENTRY>;

/**
 * Reads [optimizer]; problems are noted in `toml`. Both lists are read alike: an entry with a range
 * is searched, one with a value is the same in all trials.
 */
export function readOptimizer(toml: TomlFile, strategies: readonly string[]): OptimizerPlan {
  const path = ["optimizer"];
  const table = toml.table(toml.data.optimizer, path);
  toml.unknownKeys(table, [...Object.keys(OPTIMIZER.shape), ...KINDS], path);
  const { parameters: _, hyperparameters: __, ...own } = table;
  const dates = toml.read(OPTIMIZER, own, path);
  const [from, to] = [dates?.start_date, dates?.end_date];
  if (from !== undefined && to !== undefined && from > to) {
    toml.problem([...path, "end_date"], `must not be before start_date, ${from}, got ${to}`);
  }
  const parameters = KINDS.flatMap((kind) =>
    readKind(toml, table[kind], [...path, kind], strategies)
  );
  refuseTwice(toml, parameters);
  return {
    startDate: from ?? null,
    endDate: to ?? null,
    parameters: parameters.map(({ path: _, ...parameter }) => parameter),
  };
}

type ReadParameter = OptimizerParameter & { path: TomlPath };

function readKind(
  toml: TomlFile,
  value: unknown,
  path: TomlPath,
  strategies: readonly string[],
): ReadParameter[] {
  const kind = toml.table(value, path);
  toml.unknownKeys(kind, ["strategies"], path);
  const named = toml.table(kind.strategies, [...path, "strategies"]);
  return Object.entries(named).flatMap(([strategy, list]) => {
    const where = [...path, "strategies", strategy];
    if (!strategies.includes(strategy)) {
      const meant = closest(strategy, strategies);
      toml.problem(
        where,
        `must be the name of a [strategies.NAME], got "${strategy}"` +
          (meant ? `; did you mean "${meant}"?` : ""),
      );
    }
    if (!Array.isArray(list) || !list.every(isTable)) {
      toml.problem(where, `must be written as [[${where.join(".")}]]`);
      return [];
    }
    return list.flatMap((entry, i) => readEntry(toml, entry, [...where, i], strategy));
  });
}

function readEntry(
  toml: TomlFile,
  table: TomlTable,
  path: TomlPath,
  strategy: string,
): ReadParameter[] {
  const { credit, ...known } = table;
  if (credit !== undefined) {
    toml.warn([...path, "credit"], "has no effect: what an account may borrow is the broker's");
  }
  toml.unknownKeys(known, Object.keys(ENTRY.shape), path);
  const entry = toml.read(ENTRY, known, path);
  const range = entry && rangeOf(toml, entry, path);
  if (!entry || !range) return [];
  return [{
    strategy,
    parameter: entry.param_type === "portfolio" ? null : camelCase(entry.name),
    range,
    table: path.filter((part) => typeof part === "string").join("."),
    key: entry.name,
    line: toml.lineOf(path),
    path,
  }];
}

/** undefined, with the problem noted, where it is none. */
function rangeOf(toml: TomlFile, entry: Entry, path: TomlPath): ParameterRange | undefined {
  const { param_type: type, min, max, delta, choices, value, size } = entry;
  const problem = (key: string, text: string) => void toml.problem([...path, key], text);
  const [only, beside] = value !== undefined
    ? ["value", { min, max, delta, choices, size }]
    : choices !== undefined
    ? ["choices", { min, max, delta, size }]
    : ["size", size === undefined ? {} : { min, max, delta }];
  for (const [key, given] of Object.entries(beside)) {
    if (given !== undefined) return problem(key, `has no meaning beside ${only}: leave one out`);
  }
  if (value !== undefined) return { kind: "choice", choices: [value] };
  if (type === "choice") {
    const twice = choices?.find((one, i) => choices.indexOf(one) < i);
    if (twice !== undefined) return problem("choices", `has ${showValue(twice)} twice`);
    if (choices) return { kind: "choice", choices };
    return problem("choices", "is missing: a list of values");
  }
  if (choices !== undefined) return problem("choices", 'is for param_type = "choice" only');
  if (size !== undefined) {
    if (type === "portfolio") return { kind: "choice", choices: [size] };
    return problem("size", 'is for param_type = "portfolio" only');
  }
  if (min === undefined) return problem("min", "is missing: the least value, or give value");
  if (max === undefined) return problem("max", "is missing: the greatest value, or give value");
  if (max < min) return problem("max", `must be at least min, ${min}, got ${max}`);
  if (type === "float") return { kind: "float", min, max, delta: delta ?? null };
  if (type === "portfolio" && !(min > 0)) return problem("min", `must be money > 0, got ${min}`);
  if (type === "portfolio") return { kind: "float", min, max, delta: delta ?? null };
  for (const [key, whole] of Object.entries({ min, max, delta: delta ?? 1 })) {
    if (!Number.isInteger(whole)) return problem(key, `must be a whole number, got ${whole}`);
  }
  return { kind: "int", min, max, delta: delta ?? 1 };
}

function refuseTwice(toml: TomlFile, parameters: readonly ReadParameter[]): void {
  const seen = new Map<string, ReadParameter>();
  for (const one of parameters) {
    const key = one.parameter === null ? "portfolio" : `${one.strategy}.${one.parameter}`;
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, one);
      continue;
    }
    toml.problem(
      [...one.path, "name"],
      one.parameter === null
        ? `is a second portfolio (the first is in line ${first.line}): there is one account`
        : `is there already, in line ${first.line}`,
    );
  }
}

/** How a value is shown in messages and tables. */
export function showValue(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
