/**
 * A TOML file with the places of its keys.
 * Invariant: every problem of a file is told at once, each with table, line, key and what would be right.
 */
import { parse, TomlError } from "smol-toml";
import type { z } from "zod";
import { closest } from "../util/closest.ts";
import { ConfigError } from "../util/errors.ts";
import { isTable, show } from "./must.ts";
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

/** `[strategies.my_momentum] line 14: "duration"`, without the part that is missing. */
function place(path: TomlPath, line: number): string {
  const names = path.filter((part) => typeof part === "string");
  const key = names.pop();
  const table = names[0] === "strategies" ? names.slice(0, 2) : names;
  const where = table.length === 0 ? `line ${line}` : `[${table.join(".")}] line ${line}`;
  return key === undefined ? where : `${where}: "${key}"`;
}
