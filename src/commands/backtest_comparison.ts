/** A batch and the backtest of its picks, side by side. */
import type { BatchAnalysis, Gain } from "../analysis/batch_analysis.ts";
import type { Host } from "../contracts/command.ts";
import { table } from "../util/table.ts";

export interface Compared {
  /** null: the sum of all. */
  strategy: string | null;
  /** null: it did not trade there. */
  original: Gain | null;
  backtest: Gain | null;
}

/** By strategy, in their order, and the sum of each. */
export function comparisonOf(original: BatchAnalysis, backtest: BatchAnalysis): Compared[] {
  const names = [...original.strategies, ...backtest.strategies].map(({ strategy }) => strategy);
  const find = ({ strategies }: BatchAnalysis, name: string) =>
    strategies.find(({ strategy }) => strategy === name) ?? null;
  return [
    ...[...new Set(names)].sort().map((strategy) => ({
      strategy,
      original: find(original, strategy),
      backtest: find(backtest, strategy),
    })),
    { strategy: null, original: original.totals, backtest: backtest.totals },
  ];
}

export function comparisonText(compared: readonly Compared[], batchId: string, host: Host): string {
  const cells = (gain: Gain | null) =>
    gain === null
      ? ["–", "–", "–"]
      : [String(gain.trades), String(gain.executions), Number(gain.gainValue).toFixed(2)];
  const rows = compared.map(({ strategy, original, backtest }) => [
    strategy ?? "total",
    ...cells(original),
    ...cells(backtest),
  ]);
  const head = ["strategy", "trades", "fills", "gain", "trades now", "fills now", "gain now"];
  const foot = rows.splice(-1);
  return `Compared with batch ${batchId}\n` +
    table(head, rows, { width: host.columns(), hasColors: false, foot });
}

export function comparisonJson(compared: readonly Compared[]): Record<string, unknown>[] {
  const figures = (gain: Gain | null) =>
    gain === null ? null : {
      trades: gain.trades,
      wins: gain.wins,
      executions: gain.executions,
      gain: Number(gain.gainValue),
      fees: Number(gain.fees),
    };
  return compared.map(({ strategy, original, backtest }) => ({
    strategy,
    original: figures(original),
    backtest: figures(backtest),
  }));
}
