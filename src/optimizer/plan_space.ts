/** The space of a plan: what its [optimizer] names, or what its strategies declare. */
import type { OptimizerParameter, ParameterRange } from "../config/optimizer_plan.ts";
import type { TradePlan } from "../config/tradeplan.ts";
import { type ParamSpec, type ParamTable, resolveParams, snakeCase } from "../contracts/params.ts";
import type { Json } from "../contracts/store.ts";
import { closest } from "../util/closest.ts";
import { ConfigError } from "../util/errors.ts";
import { type Dimension, searched } from "./space.ts";

/** `declared`: the parameters of each strategy that is run. Throws ConfigError. */
export function planSpace(
  { file, optimizer }: Pick<TradePlan, "file" | "optimizer">,
  declared: Readonly<Record<string, ParamTable>>,
): Dimension[] {
  const space: Dimension[] = [];
  for (const [strategy, table] of Object.entries(declared)) {
    const named = optimizer.parameters.filter((one) => one.strategy === strategy);
    for (const parameter of named) check(file, parameter, table);
    space.push(...named.map(({ strategy, parameter, range }) => ({ strategy, parameter, range })));
    if (named.every(({ parameter }) => parameter === null)) {
      space.push(...declaredSpace(strategy, table));
    }
  }
  if (searched(space).length > 0) return space;
  throw new ConfigError(
    `Cannot optimise: there is nothing to search. Give parameters a min and a max in the ` +
      `strategy's static params, or name them in ${file}: ` +
      `[[optimizer.hyperparameters.strategies.${Object.keys(declared)[0] ?? "NAME"}]]`,
  );
}

/** Numbers with both ends. */
function declaredSpace(strategy: string, table: ParamTable): Dimension[] {
  return Object.entries(table).flatMap(([parameter, spec]) => {
    const range = rangeOf(spec);
    return range === null ? [] : [{ strategy, parameter, range }];
  });
}

function rangeOf({ kind, min, max }: ParamSpec<unknown>): ParameterRange | null {
  if (min === undefined || max === undefined) return null;
  switch (kind) {
    case "int":
      return { kind: "int", min: Math.ceil(min), max: Math.floor(max), delta: 1 };
    case "number":
    case "money":
    case "percent":
      return { kind: "float", min, max, delta: null };
    case "boolean":
    case "text":
    case "choice":
    case "list":
      return null;
    default:
      return kind satisfies never;
  }
}

/** All values of a range are good where its ends are. */
function check(file: string, named: OptimizerParameter, table: ParamTable): void {
  const { parameter, range, table: section, line, key } = named;
  if (parameter === null) return;
  const fail = (problem: string) => {
    throw new ConfigError(`Cannot read ${file}: [${section}] line ${line}: "${key}" ${problem}`);
  };
  const spec = table[parameter];
  const values: Json[] = range.kind === "choice" ? range.choices : [range.min, range.max];
  if (spec?.kind === "int" && range.kind === "float") {
    fail('is a whole number: write param_type = "int"');
  }
  for (const value of values) {
    const [found] = resolveParams(table, { [parameter]: value }).problems;
    if (!found) continue;
    const meant = spec ? null : closest(snakeCase(parameter), Object.keys(table).map(snakeCase));
    fail(found.problem + (meant ? `; did you mean "${meant}"?` : ""));
  }
}
