/**
 * Parameters of a strategy, scanner or miner: declared once in `static params`, checked against the TOML file,
 * shown by the commands, searched by the optimizer.
 */
export interface ParamSpec<Value> {
  readonly kind: "int" | "number" | "money" | "percent" | "boolean" | "text" | "choice" | "list";
  readonly default: Value;
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
  readonly doc?: string;
}

// deno-lint-ignore no-explicit-any -- a table of parameters holds values of any of the kinds
export type ParamTable = Record<string, ParamSpec<any>>;

/** The values that a table of parameters gives: `declare readonly params: ParamValues<typeof MyStrategy.params>`. */
export type ParamValues<Table> = {
  readonly [Key in keyof Table]: Table[Key] extends ParamSpec<infer Value> ? Value : never;
};

export interface NumberOptions {
  min?: number;
  max?: number;
  doc?: string;
}

/** Makes parameter declarations. In TOML the name is snake_case, in TypeScript camelCase. */
export const param = Object.freeze({
  /** A whole number. */
  int: (value: number, options: NumberOptions = {}): ParamSpec<number> => ({
    kind: "int",
    default: value,
    ...options,
  }),
  number: (value: number, options: NumberOptions = {}): ParamSpec<number> => ({
    kind: "number",
    default: value,
    ...options,
  }),
  /** An amount in account currency. */
  money: (value: number, options: NumberOptions = {}): ParamSpec<number> => ({
    kind: "money",
    default: value,
    min: 0,
    ...options,
  }),
  /** Per cent: 4 is 4 %. */
  percent: (value: number, options: NumberOptions = {}): ParamSpec<number> => ({
    kind: "percent",
    default: value,
    ...options,
  }),
  boolean: (value: boolean, options: { doc?: string } = {}): ParamSpec<boolean> => ({
    kind: "boolean",
    default: value,
    ...options,
  }),
  text: (value: string, options: { doc?: string } = {}): ParamSpec<string> => ({
    kind: "text",
    default: value,
    ...options,
  }),
  choice: <const Choice extends string>(
    value: Choice,
    choices: readonly Choice[],
    options: { doc?: string } = {},
  ): ParamSpec<Choice> => ({ kind: "choice", default: value, choices, ...options }),
  /** A list of texts, for instance of symbols. */
  list: (
    value: readonly string[],
    options: { doc?: string } = {},
  ): ParamSpec<readonly string[]> => ({
    kind: "list",
    default: value,
    ...options,
  }),
});

/**
 * The values of `table` with those of a TOML section put in, or all that is wrong with them.
 * A key that the table lacks is wrong, with the nearest name as a suggestion left to the caller.
 */
export function resolveParams(
  table: ParamTable,
  given: Readonly<Record<string, unknown>>,
): { values: Record<string, unknown>; problems: { key: string; problem: string }[] } {
  const values: Record<string, unknown> = {};
  const problems: { key: string; problem: string }[] = [];
  for (const [key, spec] of Object.entries(table)) values[key] = spec.default;
  for (const [key, value] of Object.entries(given)) {
    const spec = table[key];
    if (!spec) {
      const known = Object.keys(table).map(snakeCase).join(", ") || "none";
      problems.push({ key, problem: `is not a parameter (it has: ${known})` });
      continue;
    }
    const problem = problemOf(spec, value);
    if (problem) problems.push({ key, problem });
    else values[key] = value;
  }
  return { values, problems };
}

/** A parameter's name as TOML writes it. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function problemOf(spec: ParamSpec<unknown>, value: unknown): string | null {
  const got = `got ${JSON.stringify(value)}`;
  switch (spec.kind) {
    case "boolean":
      return typeof value === "boolean" ? null : `must be true or false, ${got}`;
    case "text":
      return typeof value === "string" ? null : `must be a text, ${got}`;
    case "choice":
      return spec.choices?.includes(value as string)
        ? null
        : `must be one of ${spec.choices?.join(", ")}, ${got}`;
    case "list":
      return Array.isArray(value) && value.every((v) => typeof v === "string")
        ? null
        : `must be a list of texts, ${got}`;
    case "int":
    case "number":
    case "money":
    case "percent": {
      if (typeof value !== "number" || !Number.isFinite(value)) return `must be a number, ${got}`;
      if (spec.kind === "int" && !Number.isInteger(value)) return `must be a whole number, ${got}`;
      if (spec.min !== undefined && value < spec.min) return `must be at least ${spec.min}, ${got}`;
      if (spec.max !== undefined && value > spec.max) return `must be at most ${spec.max}, ${got}`;
      return null;
    }
    default:
      return spec.kind satisfies never;
  }
}
