import assert from "node:assert/strict";
import type { OptimizerParameter } from "../config/optimizer_plan.ts";
import { param } from "../contracts/params.ts";
import { ConfigError } from "../util/errors.ts";
import { planSpace } from "./plan_space.ts";

const DECLARED = {
  mine: {
    fast: param.int(10, { min: 2, max: 60 }),
    share: param.percent(5, { min: 1, max: 20 }),
    risk: param.money(100),
    side: param.choice("long", ["long", "short"]),
  },
};

function named(
  range: OptimizerParameter["range"],
  parameter: string | null = "fast",
): OptimizerParameter {
  const table = "optimizer.hyperparameters.strategies.mine";
  return { strategy: "mine", parameter, range, table, key: String(parameter), line: 7 };
}

const space = (...parameters: OptimizerParameter[]) =>
  planSpace(
    { file: "tradeplan.toml", optimizer: { startDate: null, endDate: null, parameters } },
    DECLARED,
  );

Deno.test("where the plan names no space it is what the strategy declares with both ends", () => {
  const declared = [
    { strategy: "mine", parameter: "fast", range: { kind: "int", min: 2, max: 60, delta: 1 } },
    {
      strategy: "mine",
      parameter: "share",
      range: { kind: "float", min: 1, max: 20, delta: null },
    },
  ];
  assert.deepEqual(space(), declared);
  const portfolio = named({ kind: "choice", choices: [1000] }, null);
  assert.deepEqual(space(portfolio).slice(1), declared, "a portfolio is no space of a strategy");
});

Deno.test("what the plan names is all that is searched of a strategy", () => {
  const range = { kind: "int", min: 5, max: 9, delta: 2 } as const;
  assert.deepEqual(space(named(range)), [{ strategy: "mine", parameter: "fast", range }]);
  assert.deepEqual(
    planSpace({
      file: "tradeplan.toml",
      optimizer: {
        startDate: null,
        endDate: null,
        parameters: [named(range), { ...named(range), strategy: "not run" }],
      },
    }, DECLARED).length,
    1,
  );
});

Deno.test("values that a strategy does not take are refused before any trial, with the line", () => {
  const wrong = (parameter: OptimizerParameter, says: RegExp) =>
    assert.throws(
      () => space(parameter),
      (error) => error instanceof ConfigError && says.test(error.message),
    );
  const where = /tradeplan\.toml: \[optimizer\.hyperparameters\.strategies\.mine\] line 7: /;
  wrong(named({ kind: "int", min: 1, max: 9, delta: 1 }), where);
  wrong(named({ kind: "int", min: 1, max: 9, delta: 1 }), /"fast" must be at least 2, got 1/);
  wrong(named({ kind: "float", min: 2, max: 9, delta: 1 }), /write param_type = "int"/);
  wrong(named({ kind: "choice", choices: ["up"] }, "side"), /must be one of long, short/);
  wrong(
    named({ kind: "int", min: 2, max: 9, delta: 1 }, "fasst"),
    /is not a parameter .*; did you mean "fast"\?/,
  );
  wrong(named({ kind: "choice", choices: [5] }), /there is nothing to search/);
});
