import assert from "node:assert/strict";
import { exchangeUs } from "../model/calendar.ts";
import type { StrategySource } from "../protocol.ts";
import { readTargets } from "./plan_targets.ts";

const source = (name: string, targetName: string | null): StrategySource => ({
  name,
  targetName,
  parameters: {},
  from: { kind: "builtin", builtin: "target_portfolio" },
  schedule: [],
  keystore: [],
});
const target = {
  id: "momentum",
  asOf: "2022-01-03",
  size: 100,
  expireUs: null,
  stocks: [
    { symbol: "AAPL", weight: 0.5 },
    { symbol: "BTC/USD", weight: 0.3 },
    { symbol: "MSFT", weight: 0.2 },
  ],
};
const store = {
  targetPortfolio: (id: string) => Promise.resolve(id === "momentum" ? target : null),
};

Deno.test("strategies get their targets, and what is in them is followed for them alone", async () => {
  const sources = [source("a", "momentum"), source("b", null), source("c", "other")];
  const scanners = await readTargets(sources, store);
  assert.deepEqual(sources.map((one) => one.target), [target, undefined, undefined]);
  assert.deepEqual(
    scanners.map(({ source, targets, assetClass }) => [
      source.parameters.symbols,
      targets,
      assetClass,
    ]),
    [[["AAPL", "MSFT"], ["a"], "us_equity"], [["BTC/USD"], ["a"], "crypto"]],
  );
});

Deno.test("a backtest knows no portfolio that was computed in it, or later", async () => {
  const on = (date: string) =>
    readTargets([source("a", "momentum")], store, exchangeUs(date, "00:00"));
  await assert.rejects(on("2022-01-03"), { name: "ConfigError", message: /it knows what came/ });
  assert.equal((await on("2022-01-04")).length, 2);
});
