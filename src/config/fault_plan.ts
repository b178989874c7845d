/**
 * What a simulated exchange can be told to do wrong: a file of faults, or one fault as a test or a
 * user gives it to the running exchange.
 * Invariant: one table of kinds says what there is, what each can be told, and what that means; the
 * file, the control endpoint and the documentation's table are all read from it.
 */
import { z } from "zod";
import { closest } from "../util/closest.ts";
import { ConfigError } from "../util/errors.ts";
import { FAULT_KINDS, type FaultKind, type FaultSpec } from "./fault_kinds.ts";
import { isTable, show } from "./must.ts";
import { TomlFile, type TomlTable } from "./toml_file.ts";
import type { TomlPath } from "./toml_lines.ts";

export interface FaultPlan {
  /** Of all chance in it. */
  seed: number;
  faults: FaultSpec[];
}

export const NO_FAULTS: FaultPlan = { seed: 0, faults: [] };

/** `file` is what messages call it. Throws ConfigError with all problems, each with its line. */
export function readFaultPlan(text: string, file: string): FaultPlan {
  const toml = new TomlFile(text, file);
  toml.unknownKeys(toml.data, ["seed", "faults"], []);
  const seed = toml.data.seed ?? 0;
  if (!z.number().int().min(0).max(2 ** 32 - 1).safeParse(seed).success) {
    toml.problem(["seed"], `must be a whole number from 0 to 4294967295, got ${show(seed)}`);
  }
  const tables = toml.data.faults ?? [];
  const faults: FaultSpec[] = [];
  if (!Array.isArray(tables) || !tables.every(isTable)) {
    toml.problem(["faults"], "must be tables, each under its own [[faults]]");
  } else {
    for (const [i, table] of tables.entries()) {
      const fault = readTable(toml, table, ["faults", i]);
      if (fault !== null) faults.push(fault);
    }
  }
  toml.throwProblems();
  return { seed: seed as number, faults };
}

function readTable(toml: TomlFile, table: TomlTable, path: TomlPath): FaultSpec | null {
  const kind = kindOf(table.kind);
  if (typeof kind === "string") {
    toml.problem([...path, "kind"], kind);
    return null;
  }
  const { schema } = FAULT_KINDS[kind.kind];
  toml.unknownKeys(table, Object.keys(schema.shape), path);
  const known = Object.fromEntries(
    Object.entries(table).filter(([key]) => key in schema.shape),
  );
  return (toml.read(schema, known, path) as FaultSpec | undefined) ?? null;
}

/** One fault, as JSON has it. Throws ConfigError that names what is wrong. */
export function readFault(value: unknown): FaultSpec {
  if (!isTable(value)) throw new ConfigError(`a fault must be an object, got ${show(value)}`);
  const kind = kindOf(value.kind);
  if (typeof kind === "string") throw new ConfigError(`"kind" ${kind}`);
  const { schema } = FAULT_KINDS[kind.kind];
  const problems = Object.keys(value).filter((key) => !(key in schema.shape)).map((key) =>
    `"${key}" is not known here; known are ${Object.keys(schema.shape).join(", ")}`
  );
  const read = schema.safeParse(value);
  for (const { path, message } of read.error?.issues ?? []) {
    problems.push(`"${path.join(".")}" ${message}`);
  }
  if (problems.length > 0) throw new ConfigError(problems.join("; "));
  return read.data as FaultSpec;
}

function kindOf(kind: unknown): { kind: FaultKind } | string {
  if (typeof kind === "string" && Object.hasOwn(FAULT_KINDS, kind)) {
    return { kind: kind as FaultKind };
  }
  const known = Object.keys(FAULT_KINDS).join(", ");
  if (kind === undefined) return `is missing: which fault; there are ${known}`;
  const meant = typeof kind === "string" ? closest(kind, Object.keys(FAULT_KINDS)) : null;
  return `must be one of ${known}; got ${show(kind)}` + (meant ? `, did you mean "${meant}"?` : "");
}
