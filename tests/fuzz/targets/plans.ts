/**
 * tradeplan.toml, miner.toml, faults.toml. What is taken is a plan whose numbers are numbers and crosses a
 * port; what is refused is told with the file's name, in words of Liu's own.
 */
import assert from "node:assert/strict";
import { readFaultPlan } from "../../../src/config/fault_plan.ts";
import { readMinerPlan } from "../../../src/config/miner_plan.ts";
import { readTradePlan } from "../../../src/config/tradeplan.ts";
import { ConfigError } from "../../../src/util/errors.ts";
import { bytesOf, type Outcome, type Target, textOf } from "../target.ts";

function planTarget(name: string, file: string, read: (text: string) => unknown, more: {
  seeds: string[];
  words: string[];
}): Target {
  return {
    name,
    seeds: more.seeds.map(bytesOf),
    words: more.words,
    run(input: Uint8Array): Outcome {
      let plan: unknown;
      try {
        plan = read(textOf(input));
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        assert.ok(error.message.includes(file), error.message);
        assert.doesNotMatch(error.message, /undefined|\[object|ZodError/);
        return "refused";
      }
      checkNumbers(structuredClone(plan), "plan");
      assert.equal(Object.getPrototypeOf({}), Object.prototype);
      assert.equal(({} as Record<string, unknown>).polluted, undefined);
      return "taken";
    },
  };
}

/** Parameters are the author's; all other numbers are Liu's and must be finite. */
function checkNumbers(value: unknown, path: string): void {
  if (typeof value === "number") return assert.ok(!Number.isNaN(value), `${path} is NaN`);
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === "parameters" || key === "portfolio") continue;
    checkNumbers(inner, `${path}.${key}`);
  }
}

export const tradeplan: Target = planTarget(
  "tradeplan",
  "tradeplan.toml",
  (text) => readTradePlan(text, "/plans/tradeplan.toml", "tradeplan.toml"),
  {
    seeds: [
      Deno.readTextFileSync(new URL("../../../tradeplan.toml", import.meta.url)),
      '[strategies.my_momentum]\nfilename = "./my.ts"\nschedule = [{ start = 15, duration = 60 }]\n' +
      "[scanners.momentum]\nrecurrence = 5\nmin_share_price = 2.0\n",
      'assets = ["crypto"]\nend_time = "23:59"\n[risk]\nmax_daily_loss = "3 %"\n' +
      '[strategies.a]\nfilename = "a.js"\npermissions = { net = ["api.example.com"] }\n' +
      '[optimizer]\nobjective = "sharpe"\n[optimizer.parameters.a]\nperiod = { int = [1, 9] }\n',
      '[backtest]\nfill = "intrabar"\nslippage = { ticks = 1 }\nfees = { percentage = 0.1 }\n' +
      "[strategies.sma_cross]\nfast = 10\nslow = 30\nqty = 1_000\nwhen = 2022-01-03T09:30:00\n",
    ],
    words: [
      "[strategies.x]\n",
      "[scanners.x]\n",
      "[risk]\n",
      "[backtest]\n",
      "[optimizer]\n",
      'filename = "x.ts"\n',
      "schedule = []\n",
      "duration = -5\n",
      "start = 1e9\n",
      "inf",
      "nan",
      "+inf",
      "0xff",
      "1979-05-27T07:32:00Z",
      '"""',
      "'''",
      "[[strategies]]\n",
      "= {",
      "[__proto__]\n",
      "__proto__.polluted = 1\n",
      "portfolio_value = ",
      "max_daily_loss = ",
      "percentage = ",
    ],
  },
);

export const miners: Target = planTarget(
  "miners",
  "miner.toml",
  (text) => readMinerPlan(text, "/plans/miner.toml", "miner.toml"),
  {
    seeds: [
      '[miners.daily_ohlc]\ndays = 250\nindicators = ["SMA", "RSI"]\nmin_share_price = 1.5\n',
      '[miners.mine]\nfilename = "mine.ts"\npermissions = { net = ["api.example.com:443"] }\n',
    ],
    words: ["[miners.x]\n", "[[miners]]\n", 'filename = "x"\n', "permissions = ", "net = [", "nan"],
  },
);

export const faults: Target = planTarget(
  "faults",
  "faults.toml",
  (text) => readFaultPlan(text, "faults.toml"),
  {
    seeds: [
      'seed = 7\n[[faults]]\nkind = "reply_lost"\nhow = "silence"\nprobability = 0.1\n' +
      '[[faults]]\nkind = "update_late"\nevents = ["new"]\nms = 2000\njitter = 1500\nevery = 1\n',
      '[[faults]]\nkind = "halt"\nsymbols = ["AAPL"]\nat = "12:00"\nseconds = 600\nreason = "luld"\n' +
      '[[faults]]\nkind = "manual_trade"\nsymbols = ["AAPL"]\nside = "sell"\nqty = 10\n' +
      "after = { orders = 3 }\n",
    ],
    words: [
      "[[faults]]\n",
      'kind = "socket_mute"\n',
      "probability = 1\n",
      "after = { ",
      'at = "09:30"\n',
      "every = 0\n",
      "seconds = -1\n",
      "symbols = []\n",
      "nan",
      "[faults]\n",
    ],
  },
);
