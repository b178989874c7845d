/**
 * The figures of a report are those of quantstats on the same returns: recorded with its version, and
 * compared anew where LIU_TEST_PYTHON has quantstats (tests/python/quantstats_figures.py).
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import recorded from "./python/quantstats.json" with { type: "json" };
import { buildReport } from "../src/analysis/report.ts";
import { PriceBook } from "../src/analysis/price_book.ts";
import type { Selection } from "../src/analysis/selection.ts";
import { sessionsBetween } from "../src/model/calendar.ts";
import { ROOT } from "./program.ts";

const START_EQUITY = 100_000;

/** Three years of sessions, up and down: the same in every run. */
const RETURNS = Array.from(
  { length: 756 },
  (_, i) => Number((0.0006 + 0.013 * Math.sin(1.7 * i) * Math.cos(0.37 * i) ** 3).toFixed(6)),
);

/** A batch whose account did just that. */
function report() {
  const sessions = sessionsBetween("2020-01-02", "2023-12-31").slice(0, RETURNS.length);
  const timeUs = [sessions[0].openUs, ...sessions.map(({ closeUs }) => closeUs)];
  const equity = [START_EQUITY];
  for (const one of RETURNS) equity.push(equity.at(-1)! * (1 + one));
  const [fromUs, countedToUs] = [timeUs[0], timeUs.at(-1)!];
  const run = {
    algoRunId: 1,
    algoName: "any",
    environment: "BACKTEST" as const,
    buildNumber: "",
    batchId: "b",
    parameters: {},
    startUs: fromUs,
    endUs: countedToUs,
    endReason: "market close",
    refAlgoRun: null,
  };
  const selection: Selection = {
    batchIds: ["b"],
    filters: {},
    runs: [run],
    trades: [],
    before: [],
    denials: [],
    isPart: false,
    figures: new Map([["b", {
      startEquity: START_EQUITY,
      endEquity: equity.at(-1)!,
      curve: { timeUs, equity },
      fromUs,
      countedToUs,
      isRoundTheClock: false,
      maxDrawdown: 0,
      costs: null,
      market: null,
    }]]),
  };
  return buildReport(selection, { prices: new PriceBook() });
}

type Figures = typeof recorded;

/** Differences are those of sums in another order. */
function agrees(theirs: Figures): void {
  const { returns, rolling, daily } = report();
  assert.equal(daily.return.length, RETURNS.length);
  const pairs: [string, number | null | undefined, number][] = [
    ["total", returns.total, theirs.total],
    ["cagr", returns.cagr, theirs.cagr],
    ["volatility", returns.volatility, theirs.volatility],
    ["sharpe", returns.sharpe, theirs.sharpe],
    ["sortino", returns.sortino, theirs.sortino],
    ["calmar", returns.calmar, theirs.calmar],
    ["max drawdown", -returns.maxDrawdown!.share, theirs.max_drawdown],
    ["best day", returns.bestDay?.return, theirs.best_day],
    ["worst day", returns.worstDay?.return, theirs.worst_day],
    ["winning days", returns.winningDays, theirs.winning_days],
    ["rolling Sharpe", rolling?.sharpe.at(-1), theirs.rolling_sharpe_last],
    ["rolling volatility", rolling?.volatility.at(-1), theirs.rolling_volatility_last],
  ];
  for (const [name, ours, wanted] of pairs) {
    assert.ok(ours !== null && ours !== undefined, name);
    assert.ok(
      Math.abs(ours - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted)),
      `${name}: ${ours}, not ${wanted}`,
    );
  }
}

Deno.test(`figures are those of quantstats ${recorded.quantstats}, as recorded`, () => {
  agrees(recorded);
});

const python = Deno.env.get("LIU_TEST_PYTHON");
const hasQuantstats = python !== undefined &&
  new Deno.Command(python, { args: ["-c", "import quantstats"] }).outputSync().success;

Deno.test({
  name: `figures are those of the quantstats that is here${
    hasQuantstats ? "" : " (needs LIU_TEST_PYTHON with quantstats)"
  }`,
  ignore: !hasQuantstats,
  async fn() {
    const child = new Deno.Command(python!, {
      args: [join(ROOT, "tests/python/quantstats_figures.py")],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify(RETURNS)));
    await writer.close();
    const { success, stdout } = await child.output();
    assert.ok(success);
    agrees(JSON.parse(new TextDecoder().decode(stdout)));
  },
});
