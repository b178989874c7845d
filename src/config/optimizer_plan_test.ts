import assert from "node:assert/strict";
import { ConfigError } from "../util/errors.ts";
import { readTradePlan } from "./tradeplan.ts";

const STRATEGIES = `
[strategies.mine]
[strategies.other]
`;
const read = (optimizer: string) =>
  readTradePlan(`${STRATEGIES}${optimizer}`, "/plans/tradeplan.toml", "tradeplan.toml");

Deno.test("spaces of all kinds are read, as the original writes them", () => {
  const { optimizer, warnings } = read(`
[optimizer]
start_date = 2021-01-04
end_date = "2021-12-31"
[[optimizer.parameters.strategies.mine]]
name = "portfolio_id"
param_type = "portfolio"
size = 50000
credit = 10
[[optimizer.hyperparameters.strategies.mine]]
name = "min_gap"
param_type = "float"
min = 1.5
max = 4
delta = 0.5
[[optimizer.hyperparameters.strategies.mine]]
name = "fast"
param_type = "int"
min = 2
max = 20
[[optimizer.hyperparameters.strategies.other]]
name = "side"
param_type = "choice"
choices = ["long", "short"]
[[optimizer.parameters.strategies.other]]
name = "days"
param_type = "int"
value = 3
`);
  assert.deepEqual([optimizer.startDate, optimizer.endDate], ["2021-01-04", "2021-12-31"]);
  const shown = optimizer.parameters.map(({ strategy, parameter, range, line }) =>
    [strategy, parameter, range, line] as const
  );
  assert.deepEqual(shown, [
    ["mine", null, { kind: "choice", choices: [50000] }, 8],
    ["other", "days", { kind: "choice", choices: [3] }, 28],
    ["mine", "minGap", { kind: "float", min: 1.5, max: 4, delta: 0.5 }, 13],
    ["mine", "fast", { kind: "int", min: 2, max: 20, delta: 1 }, 19],
    ["other", "side", { kind: "choice", choices: ["long", "short"] }, 24],
  ]);
  assert.match(warnings.join("\n"), /line 12: "credit" has no effect/);
  assert.deepEqual(structuredClone(optimizer), optimizer);
});

Deno.test("a plan without the table searches what strategies declare", () => {
  assert.deepEqual(read("").optimizer, { startDate: null, endDate: null, parameters: [] });
});

Deno.test("what is wrong is told with table, line and key", () => {
  const entry = (lines: string, strategy = "mine") =>
    `[[optimizer.hyperparameters.strategies.${strategy}]]\n${lines}`;
  const base = 'name = "fast"\nparam_type = "int"\n';
  const cases: [text: string, says: string][] = [
    [
      '[optimizer]\nstart_date = "2021-13-01"',
      '[optimizer] line 5: "start_date" must be a date, "YYYY-MM-DD", got "2021-13-01"',
    ],
    [
      '[optimizer]\nstart_date = "2021-02-01"\nend_date = "2021-01-01"',
      '[optimizer] line 6: "end_date" must not be before start_date, 2021-02-01',
    ],
    [
      "[optimizer]\nstart_dates = 1",
      'line 5: "start_dates" is not known here; did you mean "start_date"?',
    ],
    [entry(base, "mien"), '"mien"; did you mean "mine"?'],
    [
      entry('name = "fast"\nparam_type = "integer"'),
      '[optimizer.hyperparameters.strategies.mine] line 6: "param_type" must be "int", "float"',
    ],
    [entry(base + "max = 3"), '"min" is missing'],
    [entry(base + "min = 4\nmax = 3"), 'line 8: "max" must be at least min, 4, got 3'],
    [entry(base + "min = 1.5\nmax = 3"), '"min" must be a whole number, got 1.5'],
    [entry(base + "min = 1\nmax = 3\ndelta = 0"), '"delta" must be a number > 0, got 0'],
    [entry(base + "min = 1\nmax = 3\nstep = 1"), 'line 9: "step" is not known here'],
    [entry(base + "size = 5"), '"size" is for param_type = "portfolio" only'],
    [
      entry('name = "x"\nparam_type = "choice"\nchoices = ["a", "b", "a"]'),
      'line 7: "choices" has a twice',
    ],
    [entry(base + "value = 3\nmin = 1"), 'line 8: "min" has no meaning beside value'],
    [entry(base + "choices = [1]\nmax = 3"), 'line 8: "max" has no meaning beside choices'],
    [entry(base + "choices = [1]"), 'line 7: "choices" is for param_type = "choice" only'],
    [entry('name = "x"\nparam_type = "choice"'), '"choices" is missing: a list of values'],
    [
      entry(base + "min = 1\nmax = 3\n") + entry(base + "min = 1\nmax = 3"),
      'line 10: "name" is there already, in line 4',
    ],
    [
      entry('name = "a"\nparam_type = "portfolio"\nsize = 1\n') +
      entry('name = "b"\nparam_type = "portfolio"\nsize = 1', "other"),
      "is a second portfolio (the first is in line 4)",
    ],
    [
      "[optimizer.hyperparameters.strategies]\nmine = 3",
      "must be written as [[optimizer.hyperparameters.strategies.mine]]",
    ],
  ];
  for (const [text, says] of cases) {
    assert.throws(
      () => read(text),
      (error) => {
        assert.ok(error instanceof ConfigError, String(error));
        assert.ok(error.message.includes(says), `${error.message}\nshould say: ${says}`);
        return true;
      },
    );
  }
});
