import assert from "node:assert/strict";
import { targetOfRow } from "./target_portfolio.ts";

const row = (target: unknown, size = "50000") => ({
  portfolioId: "momentum",
  size,
  parameters: { other: 1, target },
  expireUs: 5,
});

Deno.test("a target is read beside whatever else is kept with a portfolio, the heaviest first", () => {
  const stocks = [{ symbol: "B", weight: 0.3 }, { symbol: "A", weight: 0.3 }, {
    symbol: "C",
    weight: 0.4,
    score: 7,
  }];
  assert.deepEqual(targetOfRow(row({ as_of: "2022-01-03", stocks })), {
    id: "momentum",
    asOf: "2022-01-03",
    size: 50_000,
    expireUs: 5,
    stocks: [
      { symbol: "C", weight: 0.4 },
      { symbol: "A", weight: 0.3 },
      { symbol: "B", weight: 0.3 },
    ],
  });
  for (const parameters of [null, {}, [], "x", { target: null }]) {
    assert.equal(targetOfRow({ ...row(null), parameters }), null);
  }
});

Deno.test("what cannot be a target is no target to trade towards", () => {
  const stock = (symbol: unknown, weight: unknown) => ({ symbol, weight });
  const cases: [target: unknown, size: string, why: RegExp][] = [
    ["x", "1", /no list of stocks/],
    [{ as_of: "2022-01-03" }, "1", /no list of stocks/],
    [{ as_of: "soon", stocks: [] }, "1", /as_of is no date/],
    [{ as_of: "2022-01-03", stocks: [] }, "0", /size is no money/],
    [{ as_of: "2022-01-03", stocks: [] }, "NaN", /size is no money/],
    [{ as_of: "2022-01-03", stocks: [stock("A", -1)] }, "1", /A has no weight/],
    [{ as_of: "2022-01-03", stocks: [stock("A", "0.1")] }, "1", /A has no weight/],
    [{ as_of: "2022-01-03", stocks: [stock("", 0.1)] }, "1", /has no symbol/],
    [{ as_of: "2022-01-03", stocks: [stock("A", 0.1), stock("A", 0.1)] }, "1", /twice/],
    [{ as_of: "2022-01-03", stocks: [stock("A", 0.6), stock("B", 0.6)] }, "1", /more than 1/],
  ];
  for (const [target, size, message] of cases) {
    assert.throws(() => targetOfRow(row(target, size)), { name: "RangeError", message });
  }
});
