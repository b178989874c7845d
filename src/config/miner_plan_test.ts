import assert from "node:assert/strict";
import { readMinerPlan } from "./miner_plan.ts";

const read = (text: string) => readMinerPlan(text, "/plans/miner.toml", "miner.toml");

Deno.test("a miner.toml is read with its miners' parameters", () => {
  const plan = read(`[miners]
[miners.StockCluster]
[miners.follow_trend]
filename = "follow_trend.ts"
debug = true
volatility_days = 90
indicators = ['SMA100']
permissions = { net = ["api.example.com"] }
`);
  assert.deepEqual(
    plan.miners.map(({ name, filename, parameters, netHosts }) => ({
      name,
      filename,
      parameters,
      netHosts,
    })),
    [
      { name: "StockCluster", filename: null, parameters: {}, netHosts: [] },
      {
        name: "follow_trend",
        filename: "/plans/follow_trend.ts",
        parameters: { volatilityDays: 90, indicators: ["SMA100"] },
        netHosts: ["api.example.com"],
      },
    ],
  );
  assert.equal(plan.warnings.length, 1);
});

Deno.test("a miner.toml that is wrong is told with line and key", () => {
  assert.throws(() => read("[miner.x]\n"), {
    message: `Cannot read miner.toml, 2 problems:
  line 1: "miner" is not known here; did you mean "miners"?
  line 1: "miners" is missing: at least one [miners.NAME]`,
  });
});
