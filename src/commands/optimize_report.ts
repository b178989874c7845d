/** What the optimizer found, in words and as JSON. */
import type { Host } from "../contracts/command.ts";
import type { Json } from "../contracts/store.ts";
import type { Evidence } from "../optimizer/evidence.ts";
import type { TrialFigures } from "../optimizer/figures.ts";
import { type FinishedTrial, ranked } from "../optimizer/optimize.ts";
import type { SearchResult, WalkResult, WindowResult } from "../optimizer/session.ts";
import { exchangeDate } from "../model/calendar.ts";
import { formatRfc3339 } from "../wire/rfc3339.ts";
import { table } from "../util/table.ts";
import { shown, valuesText } from "./optimize_progress.ts";

const ROWS_SHOWN = 10;

export interface SessionHead {
  sessionId: string;
  method: string;
  objective: string;
  seed: number;
  from: string;
  to: string;
  /** Finished before this process began. */
  resumed: number;
}

export function searchJson(head: SessionHead, result: SearchResult): Record<string, Json> {
  const { trials, best, evidence } = result;
  return {
    ...headJson(head),
    ...countsJson(trials),
    best: best.length === 0 ? null : trialJson(best[0].trial),
    top: ranked(trials).slice(0, ROWS_SHOWN).map(trialJson),
    evidence: evidence && evidenceJson(evidence),
  };
}

export function walkJson(head: SessionHead, result: WalkResult): Record<string, Json> {
  const { windows, joined, evidence } = result;
  return {
    ...headJson(head),
    ...countsJson(windows.flatMap(({ trials }) => trials)),
    windows: windows.map(windowJson),
    out_of_sample: joined && {
      ...figuresJson(joined.figures),
      ruined_at: joined.ruinedUs === null ? null : formatRfc3339(joined.ruinedUs),
    },
    evidence: evidence && evidenceJson(evidence),
  };
}

function headJson({ sessionId, method, objective, seed, from, to, resumed }: SessionHead) {
  return { session_id: sessionId, method, objective, seed, from, to, resumed_trials: resumed };
}

function countsJson(trials: readonly FinishedTrial[]) {
  const failed = trials.filter(({ outcome }) => outcome.problem !== null);
  return {
    trials: trials.length,
    failed: failed.length,
    first_problem: failed[0]?.outcome.problem ?? null,
  };
}

function trialJson({ n, batchId, named, outcome }: FinishedTrial): Record<string, Json> {
  const figures = outcome.ran && figuresJson(outcome.ran.figures);
  return { trial: n, value: outcome.value, parameters: named, batch_id: batchId, ...figures };
}

function windowJson({ window, best, test, evidence }: WindowResult): Record<string, Json> {
  return {
    train: { ...window.train },
    test: { ...window.test },
    best: best && trialJson(best),
    out_of_sample: test && {
      batch_id: test.batchId,
      initial_cash: Number(test.run.result.initialCash),
      final_equity: Number(test.run.result.finalEquity),
      total_return: test.run.result.totalReturn,
      max_drawdown: test.run.result.maxDrawdown,
      sharpe: test.run.result.sharpe,
      executions: test.run.result.trades.length,
    },
    evidence: evidence && evidenceJson(evidence),
  };
}

function figuresJson(figures: TrialFigures): Record<string, Json> {
  return {
    initial_cash: figures.initialCash,
    final_equity: figures.finalEquity,
    fees: figures.fees,
    total_return: figures.totalReturn,
    max_drawdown: figures.maxDrawdown,
    sharpe: figures.sharpe,
    sortino: figures.sortino,
    calmar: figures.calmar,
    executions: figures.executions,
  };
}

function evidenceJson(evidence: Evidence): Record<string, Json> {
  const { overfitting, bootstrap } = evidence;
  return {
    trials: evidence.trials,
    probabilistic_sharpe: evidence.probabilisticSharpe,
    deflated_sharpe: evidence.deflatedSharpe,
    expected_max_sharpe_daily: evidence.expectedMaxSharpe,
    overfitting: overfitting && {
      of: "sharpe",
      probability: overfitting.probability,
      mean_logit: overfitting.meanLogit,
      combinations: overfitting.combinations,
      blocks: overfitting.blocks,
    },
    // Its fall is that of the account as trades end, without what falls within one.
    trade_bootstrap: bootstrap && {
      trades: bootstrap.trades,
      resamples: bootstrap.resamples,
      block_length: bootstrap.blockLength,
      gain: { ...bootstrap.gain },
      max_drawdown: { ...bootstrap.maxDrawdown },
      loss_probability: bootstrap.lossProbability,
    },
  };
}

export function searchText(head: SessionHead, result: SearchResult, host: Host): string {
  const { trials, best, evidence } = result;
  const lines = [headText(head, trials)];
  if (best.length === 0 || evidence === null) {
    return lines.join("\n") + `\nNo trial has a value of ${head.objective}: nothing was chosen.\n`;
  }
  const { trial } = best[0];
  lines.push(
    `Best: ${head.objective} ${shown(trial.outcome.value!)} with ${valuesText(trial.named)}`,
    "",
    trialsTable(ranked(trials).slice(0, ROWS_SHOWN), head.objective, host),
    evidenceText(evidence),
    ...best.map(({ trial }) => `More: liu analyze ${trial.batchId} --trades`),
  );
  return lines.join("\n") + "\n";
}

export function walkText(head: SessionHead, result: WalkResult, host: Host): string {
  const { windows, joined, evidence } = result;
  const lines = [
    headText(head, windows.flatMap(({ trials }) => trials)),
    windowsTable(windows, host),
  ];
  if (joined !== null && evidence !== null) {
    const { totalReturn, maxDrawdown, sharpe, executions } = joined.figures;
    lines.push(
      `Out of sample, joined: return ${percent(totalReturn)}, max drawdown ` +
        `${percent(maxDrawdown)}, Sharpe ratio ${ratio(sharpe)}, ${executions} executions`,
      ...(joined.ruinedUs === null ? [] : [
        `The account was ruined on ${exchangeDate(joined.ruinedUs)}: nothing was left to trade`,
      ]),
      "",
      evidenceText(evidence),
    );
  }
  return lines.join("\n") + "\n";
}

function headText(
  { sessionId, method, seed, from, to, resumed }: SessionHead,
  trials: FinishedTrial[],
) {
  const { failed, first_problem: problem } = countsJson(trials);
  const known = resumed > 0 ? `, ${resumed} of them from before` : "";
  return `Session ${sessionId}: ${trials.length} trials${known} (${method}, seed ${seed}), ` +
    `${from} to ${to}` +
    (failed > 0 ? `\n${failed} failed, the first: ${problem}` : "");
}

function trialsTable(trials: FinishedTrial[], objective: string, host: Host): string {
  const names = Object.keys(trials[0].named);
  const hasOwn = ["sharpe", "gain"].includes(objective);
  return table(
    [...(hasOwn ? [] : ["value"]), ...names, "return", "fall", "sharpe", "fills", "batch"],
    trials.map(({ named, outcome, batchId }) => {
      const figures = outcome.ran!.figures;
      return [
        ...(hasOwn ? [] : [shown(outcome.value!)]),
        ...Object.values(named).map((value) => valuesText({ "": value }).trim()),
        percent(figures.totalReturn),
        percent(figures.maxDrawdown),
        ratio(figures.sharpe),
        String(figures.executions),
        batchId,
      ];
    }),
    { width: Math.max(host.columns(), 100), hasColors: false },
  );
}

function windowsTable(windows: readonly WindowResult[], host: Host): string {
  return "\n" + table(
    ["train from", "test from", "to", "best", "sharpe", "deflated", "overfit", "out", "return"],
    windows.map(({ window, best, test, evidence }) => [
      window.train.from,
      window.test.from,
      window.test.to,
      best === null ? "none" : valuesText(best.named),
      best === null ? "–" : ratio(best.outcome.ran!.figures.sharpe),
      ratio(evidence?.deflatedSharpe ?? null),
      ratio(evidence?.overfitting?.probability ?? null),
      ratio(test?.run.result.sharpe ?? null),
      test === null ? "–" : percent(test.run.result.totalReturn),
    ]),
    { width: Math.max(host.columns(), 120), hasColors: false },
  );
}

/** Next to the best result, whatever it is. */
function evidenceText(evidence: Evidence): string {
  const { trials, probabilisticSharpe, deflatedSharpe, overfitting, bootstrap } = evidence;
  const rows: [string, string][] = [["probabilistic Sharpe ratio", ratio(probabilisticSharpe)]];
  if (trials > 1) {
    rows.push(
      ["deflated Sharpe ratio", `${ratio(deflatedSharpe)}  (best of ${trials} trials)`],
      [
        "probability of overfitting",
        overfitting === null
          ? "–  (of the Sharpe ratio: too few days)"
          : `${ratio(overfitting.probability)}  (of the Sharpe ratio: CSCV, ` +
            `${overfitting.combinations} splits)`,
      ],
    );
  }
  if (bootstrap !== null) {
    const { gain, maxDrawdown, lossProbability } = bootstrap;
    rows.push(
      ["gain, 95 % of resamples", `${percent(gain.low)} to ${percent(gain.high)}`],
      ["fall at trades' ends, 95 %", `${percent(maxDrawdown.low)} to ${percent(maxDrawdown.high)}`],
      ["resamples that lost", percent(lossProbability)],
    );
  }
  return rows.map(([name, text]) => `${name.padEnd(28)}${text}\n`).join("");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}

function ratio(value: number | null): string {
  return value === null ? "–" : value.toFixed(2);
}
