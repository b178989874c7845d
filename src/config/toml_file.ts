/**
 * A TOML file with the places of its keys.
 * Invariant: every problem of a file is told at once, each with table, line, key and what would be right.
 */
import { parse, TomlError } from "smol-toml";
import { z } from "zod";
import type { Json } from "../contracts/store.ts";
import { closest } from "../util/closest.ts";
import { ConfigError } from "../util/errors.ts";
import { TomlLines, type TomlPath } from "./toml_lines.ts";

export type TomlTable = Record<string, unknown>;

export class TomlFile {
  readonly data: TomlTable;
  readonly warnings: string[] = [];
  readonly #lines: TomlLines;
  readonly #problems: { line: number; text: string }[] = [];

  /** Throws a ConfigError with line and column where `text` is no TOML. `file` is what messages call it. */
  constructor(text: string, readonly file: string) {
    try {
      this.data = parse(text);
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
      const [what] = error.message.replace(/^Invalid TOML document:\s*/, "").split("\n");
      throw new ConfigError(
        `Cannot read ${file}: line ${error.line}, column ${error.column}: ${what}`,
        { cause: error },
      );
    }
    this.#lines = new TomlLines(text);
  }

  lineOf(path: TomlPath): number {
    return this.#lines.lineOf(path);
  }

  /** Notes what is wrong with the key at `path`: "must be minutes > 0, got -5". */
  problem(path: TomlPath, text: string): void {
    const line = this.lineOf(path);
    this.#problems.push({ line, text: `${place(path, line)} ${text}` });
  }

  warn(path: TomlPath, text: string): void {
    this.warnings.push(`${this.file}: ${place(path, this.lineOf(path))} ${text}`);
  }

  /** `value`, which stands at `path`, as the schema reads it; undefined with its problems noted. */
  read<T extends z.ZodType>(schema: T, value: unknown, path: TomlPath): z.output<T> | undefined {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      this.problem([...path, ...issue.path as TomlPath], issue.message);
    }
    return undefined;
  }

  /** The table at `path`, {} where there is none or it is something else (noted). */
  table(value: unknown, path: TomlPath): TomlTable {
    if (value === undefined) return {};
    if (isTable(value)) return value;
    this.problem(path, `must be a table, got ${show(value)}`);
    return {};
  }

  /** Notes each key of `table` that is not among `known`, with the one that was probably meant. */
  unknownKeys(table: TomlTable, known: readonly string[], path: TomlPath): void {
    for (const key of Object.keys(table)) {
      if (known.includes(key)) continue;
      const meant = closest(key, known);
      this.problem(
        [...path, key],
        `is not known here; ` +
          (meant ? `did you mean "${meant}"?` : `known are ${known.join(", ")}`),
      );
    }
  }

  /** Throws one ConfigError with all that was noted. */
  throwProblems(): void {
    if (this.#problems.length === 0) return;
    const texts = this.#problems.toSorted((a, b) => a.line - b.line).map(({ text }) => text);
    throw new ConfigError(
      texts.length === 1
        ? `Cannot read ${this.file}: ${texts[0]}`
        : `Cannot read ${this.file}, ${texts.length} problems:\n  ${texts.join("\n  ")}`,
    );
  }
}

/** A value that the schema takes; whatever is wrong with another is told as "must be …, got …". */
export function must<T extends z.ZodType>(schema: T, expected: string) {
  return z.unknown().transform((value, context): z.output<T> => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    context.addIssue(
      value === undefined ? `is missing: ${expected}` : `must be ${expected}, got ${show(value)}`,
    );
    return z.NEVER;
  });
}

export function isTable(value: unknown): value is TomlTable {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date);
}

/** A TOML value as plain data: dates and times become their texts. */
export function toJson(value: unknown): Json {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(toJson);
  if (isTable(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]));
  }
  return value as Json;
}

/** `[strategies.my_momentum] line 14: "duration"`, without the part that is missing. */
function place(path: TomlPath, line: number): string {
  const names = path.filter((part) => typeof part === "string");
  const key = names.pop();
  const table = names[0] === "strategies" ? names.slice(0, 2) : names;
  const where = table.length === 0 ? `line ${line}` : `[${table.join(".")}] line ${line}`;
  return key === undefined ? where : `${where}: "${key}"`;
}

function show(value: unknown): string {
  const text = typeof value === "number" ? String(value) : JSON.stringify(toJson(value));
  return text.length > 60 ? text.slice(0, 57) + "…" : text;
}
