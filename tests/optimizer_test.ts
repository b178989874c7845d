/** Trials in their workers: the same as backtests by themselves, and nothing is left of one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { BacktestSettings } from "../src/backtest/options.ts";
import { runInWorker } from "../src/backtest/run_in_worker.ts";
import type { Json } from "../src/contracts/store.ts";
import { cryptoSession } from "../src/model/calendar.ts";
import { sharedData } from "../src/optimizer/shared_data.ts";
import type { TrialOutcome, TrialSetup } from "../src/optimizer/trial_messages.ts";
import { TrialPool } from "../src/optimizer/trial_pool.ts";
import { settingsOf } from "../src/optimizer/trial_settings.ts";
import { cutAfter } from "../src/recorded/cut.ts";
import { loadFile } from "../src/recorded/load_file.ts";
import { type MarketData, mergeMarketData } from "../src/recorded/market_data.ts";
import { bundle } from "../src/sandbox/bundle.ts";
import { barsCsv, COUNTER, STRATEGY } from "./optimizer_fixture.ts";
import { inFolder, writeFiles } from "./program.ts";

const RANGE = {
  fromUs: cryptoSession("2022-01-03").openUs,
  toUs: cryptoSession("2022-01-07").closeUs,
};
const PARAMETERS = [2, 5, 3, 2, 5, 8, 3].map((fast) => ({ mine: { fast, slowOnes: 4 * fast } }));

async function setupIn(
  folder: string,
  { files = {}, objective }: { files?: Record<string, string>; objective?: string } = {},
): Promise<TrialSetup> {
  await writeFiles(folder, {
    "mine.ts": STRATEGY,
    "counter.ts": COUNTER,
    "bars.csv": barsCsv("2022-01-03", "2022-01-14"),
    ...files,
  });
  const bundled = (id: string, name: string) =>
    bundle({
      id,
      entry: join(folder, name),
      root: folder,
      read: (path) => Deno.readTextFile(path),
    });
  const parts = await loadFile({
    kind: "bars",
    file: join(folder, "bars.csv"),
    volumeIn: "base",
    symbol: undefined,
  });
  return {
    objective: objective === undefined
      ? { kind: "named", name: "gain" }
      : { kind: "user", bundle: await bundled("objective", objective) },
    settings: settings(sharedData(mergeMarketData(parts)), {
      kind: "user",
      bundle: await bundled("strategies.mine", "mine.ts"),
    }),
  };
}

function settings(
  data: MarketData,
  from: BacktestSettings["strategies"][number]["from"],
): TrialSetup["settings"] {
  return {
    buildNumber: "0",
    data,
    strategies: [{ name: "mine", from, parameters: {}, schedule: [], keystore: [] }],
    scanners: [{
      source: {
        name: "all",
        from: { kind: "builtin", builtin: "symbols" },
        parameters: { symbols: [...data.keys()] },
      },
      recurrenceMinutes: null,
      targets: ["mine"],
      assetClass: "us_equity",
      netHosts: [],
    }],
    assets: ["us_equity"],
    symbolsMax: 10,
    events: ["minute"],
    portfolioValue: 0,
    risk: {
      portfolioValue: null,
      maxNotionalPerOrder: null,
      maxNotionalPerSymbol: null,
      maxDailyLoss: null,
      maxOpenOrders: 10,
      priceCollarPercent: null,
    },
    liquidationMinutes: 15,
    cryptoEndMinutes: null,
    cash: "100000",
  };
}

async function trials(
  setup: TrialSetup,
  workers: number,
  parameters: Record<string, Record<string, Json>>[] = PARAMETERS,
  { trialsAWorker, portfolio = null }: { trialsAWorker?: number; portfolio?: string | null } = {},
): Promise<TrialOutcome[]> {
  const { signal } = new AbortController();
  const pool = new TrialPool(setup, { workers, log: () => {}, signal, trialsAWorker });
  try {
    await pool.params();
    return await Promise.all(
      parameters.map((parameters, n) =>
        pool.run({ ...RANGE, batchId: `batch ${n}`, parameters, portfolio })
      ),
    );
  } finally {
    pool.close();
  }
}

Deno.test("each trial is the backtest that its parameters have by themselves", () =>
  inFolder(async (folder) => {
    const setup = await setupIn(folder);
    const [alone, together] = [await trials(setup, 1), await trials(setup, 3)];
    assert.deepEqual(together, alone);
    assert.deepEqual(
      await trials(setup, 2, PARAMETERS, { trialsAWorker: 2 }),
      alone,
      "workers that are replaced",
    );
    // The third and the seventh are the same: of those between them nothing is left.
    assert.deepEqual(alone[6], alone[2]);
    assert.notDeepEqual(alone[0].value, alone[1].value);
    for (const [n, parameters] of PARAMETERS.slice(0, 3).entries()) {
      const trial = { ...RANGE, batchId: "by itself", parameters, portfolio: null };
      const result = await runInWorker(settingsOf(setup.settings, trial), {
        store: { startRun: () => Promise.resolve(1), write: () => {} },
        onEvent: () => {},
        log: () => {},
        signal: new AbortController().signal,
      });
      const { figures } = alone[n].ran!;
      assert.equal(figures.finalEquity, Number(result.finalEquity));
      assert.equal(figures.sharpe, result.sharpe);
      assert.equal(figures.maxDrawdown, result.maxDrawdown);
      assert.equal(figures.executions, result.trades.length);
      assert.ok(result.trades.length > 10);
    }
  }));

Deno.test("a portfolio is what the account begins with, and what shares are shares of", () =>
  inFolder(async (folder) => {
    const setup = await setupIn(folder);
    const risk = { ...setup.settings.risk, maxNotionalPerOrder: { percent: 30 } };
    const limited = { ...setup, settings: { ...setup.settings, risk } };
    // Of 1500 an order may be 450: four shares at about 100, not five or six.
    const [whole] = await trials(limited, 1, PARAMETERS.slice(0, 1));
    const [small] = await trials(limited, 1, PARAMETERS.slice(0, 1), { portfolio: "1500" });
    assert.equal(whole.ran!.figures.initialCash, 100_000);
    assert.equal(small.ran!.figures.initialCash, 1500);
    assert.ok(small.ran!.figures.executions < whole.ran!.figures.executions);
    assert.ok(small.ran!.figures.executions > 0);
  }));

Deno.test("what comes after a trial's end changes nothing in it", () =>
  inFolder(async (folder) => {
    const setup = await setupIn(folder);
    const whole = await trials(setup, 1);
    // Another walk from the 10th on, and no data at all from there.
    const lines = (text: string) => text.trimEnd().split("\n");
    const isLater = (line: string) => /^[A-Z]{3},/.test(line) && line.slice(4, 14) > "2022-01-09";
    const other = [
      ...lines(barsCsv("2022-01-03", "2022-01-14")).filter((line) => !isLater(line)),
      ...lines(barsCsv("2022-01-03", "2022-01-14", 99)).slice(1).filter(isLater),
    ];
    const changed = await setupIn(folder, { files: { "bars.csv": other.join("\n") + "\n" } });
    assert.deepEqual(await trials(changed, 1), whole);
    const cut = await setupIn(folder, {
      files: { "bars.csv": other.filter((line) => !isLater(line)).join("\n") + "\n" },
    });
    assert.deepEqual(await trials(cut, 1), whole);
    const until = cutAfter(changed.settings.data, RANGE.toUs);
    for (const { minuteBars, dailyBars } of until.values()) {
      assert.ok(minuteBars.timeUs.at(-1)! < RANGE.toUs && dailyBars.timeUs.at(-1)! < RANGE.toUs);
      assert.equal(minuteBars.timeUs.length, 5 * 60);
      assert.ok(minuteBars.close.buffer instanceof SharedArrayBuffer, "no copy");
    }
  }));

Deno.test("a trial that cannot begin, or whose strategy throws, counts for nothing", () =>
  inFolder(async (folder) => {
    const throwing = STRATEGY.replace(
      "made++;",
      'if (this.params.fast === 5) throw new Error("not five"); made++;',
    ).replace("const qty =", 'if (this.params.fast === 8) throw new Error("not 8"); const qty =');
    const setup = await setupIn(folder, { files: { "mine.ts": throwing } });
    const outcomes = await trials(setup, 2);
    assert.deepEqual(
      outcomes.map(({ value }) => value === null),
      [false, true, false, false, true, true, false],
    );
    assert.match(outcomes[1].problem!, /mine\.ts:\d+:\d+: not five|not five/);
    assert.match(outcomes[5].problem!, /mine stopped: not 8/);
    const [outside] = await trials(setup, 1, [{ mine: { fast: 99 } }]);
    assert.match(outside.problem!, /fast must be at most 30/);
  }));

Deno.test("a trial that ruins the account counts for nothing, and its day is told", () =>
  inFolder(async (folder) => {
    // AAA is at 400 from the third session on.
    const lines = barsCsv("2022-01-03", "2022-01-07").trimEnd().split("\n").map((line) => {
      if (!line.startsWith("AAA") || line.slice(4, 14) < "2022-01-05") return line;
      return [...line.split(",").slice(0, 2), "400", "400", "400", "400", "1000"].join(",");
    });
    const strategy = STRATEGY.replace("buy, param", "param").replace(
      "sell, Strategy",
      "short, Strategy",
    )
      .replace(
        /if \(!position && fast[^]*?\n {2}}/,
        "if (!position) return short({ qty: this.params.fast * 100 });\n  }",
      )
      .replace("const qty = made + next() % 2 + Math.floor(Math.random() * 5);", "made += next();");
    const setup = await setupIn(folder, {
      files: { "mine.ts": strategy, "bars.csv": lines.join("\n") + "\n" },
    });
    const [small, large] = await trials(setup, 1, [2, 9].map((fast) => ({ mine: { fast } })));
    assert.equal(small.problem, null);
    assert.equal(large.problem, "the account was ruined on 2022-01-05");
    assert.equal(large.value, null);
    assert.ok(large.ran!.figures.totalReturn < -1);
  }));

Deno.test("an objective of one's own is given what the trial earned", () =>
  inFolder(async (folder) => {
    const setup = await setupIn(folder, {
      objective: "objective.ts",
      files: {
        "objective.ts": `
          import type { TrialResult } from "liu";
          import { next } from "./counter.ts";

          export default function (result: TrialResult): number | null {
            const { parameters, trades, equity, dailyReturns } = result;
            if (parameters.mine.fast === 2) throw new Error("not two");
            if (parameters.mine.fast === 8) return 1 / 0;
            if (parameters.mine.fast === 5) return null;
            const cash = trades.reduce((sum, { operation, qty, price, fee }) =>
              sum - fee + (operation === "sell" ? 1 : -1) * qty * price, result.initialCash);
            const open = [typeof Deno, typeof fetch, typeof Worker, typeof SharedArrayBuffer];
            if (open.some((type) => type !== "undefined")) throw new Error("open doors");
            const grown = dailyReturns.reduce((value, one) => value * (1 + one), 1);
            if (Math.abs(grown - 1 - result.totalReturn) > 1e-12) throw new Error("returns");
            const last = equity.value.at(-1)!;
            if (Math.abs(last - result.finalEquity) > 1e-6) throw new Error("equity");
            return cash + 1e6 * next();
          }
        `,
      },
    });
    const outcomes = await trials(setup, 1);
    assert.match(outcomes[0].problem!, /the objective threw: not two/);
    assert.match(outcomes[5].problem!, /gave Infinity, not a finite number/);
    assert.deepEqual([outcomes[1].value, outcomes[1].problem], [null, null]);
    const { value, problem, ran } = outcomes[2];
    assert.equal(problem, null);
    assert.ok(
      Math.abs(value! - ran!.figures.finalEquity) < 2000,
      `${value} ${ran!.figures.finalEquity}`,
    );
    assert.deepEqual(outcomes[6], outcomes[2], "its module is new each time");
  }));

Deno.test("an objective that does not return is stopped, the others go on", () =>
  inFolder(async (folder) => {
    const setup = await setupIn(folder, {
      objective: "objective.ts",
      files: {
        "objective.ts": `export default ({ parameters }) => {
          while (parameters.mine.fast === 5);
          return parameters.mine.fast;
        };`,
      },
    });
    const outcomes = await trials(setup, 2, PARAMETERS.slice(0, 3));
    assert.deepEqual(outcomes.map(({ value }) => value), [2, null, 3]);
    assert.match(outcomes[1].problem!, /took too long/);
  }));

Deno.test("a trial whose code does not return and cannot be stopped is given up alone", () =>
  inFolder(async (folder) => {
    const stuck = `if (this.params.fast === 5) /^(a+)+$/.test("a".repeat(31) + "b");`;
    const setup = await setupIn(folder, {
      files: { "mine.ts": STRATEGY.replace("    const qty", `    ${stuck}\n    const qty`) },
    });
    const outcomes = await trials(setup, 1, PARAMETERS.slice(0, 3));
    assert.deepEqual(outcomes.map(({ value }) => typeof value), ["number", "object", "number"]);
    assert.match(outcomes[1].problem!, /^mine does not return, and cannot be stopped/);
  }));
