/**
 * A batch and the backtest of its picks, side by side. On equal terms: gains are before fees, which
 * a live batch's broker may not tell.
 */
import type { BatchAnalysis, Gain } from "../analysis/batch_analysis.ts";
import type { Host } from "../contracts/command.ts";
import { table } from "../util/table.ts";

export interface Compared {
  /** null: the sum of all. */
  strategy: string | null;
  /** null: it did not trade there. */
  original: ComparedGain | null;
  backtest: ComparedGain | null;
}

interface ComparedGain extends Pick<Gain, "trades" | "executions" | "beforeFees"> {
  /** null: the broker told none. */
  fees: string | null;
}

/** By strategy, in their order, and the sum of each. */
export function comparisonOf(original: BatchAnalysis, backtest: BatchAnalysis): Compared[] {
  const names = [...original.strategies, ...backtest.strategies].map(({ strategy }) => strategy);
  const compared = (gain: Gain, { hasFees }: BatchAnalysis): ComparedGain => ({
    ...gain,
    fees: hasFees ? gain.fees : null,
  });
  const find = (analysis: BatchAnalysis, name: string) => {
    const gain = analysis.strategies.find(({ strategy }) => strategy === name);
    return gain === undefined ? null : compared(gain, analysis);
  };
  return [
    ...[...new Set(names)].sort().map((strategy) => ({
      strategy,
      original: find(original, strategy),
      backtest: find(backtest, strategy),
    })),
    {
      strategy: null,
      original: compared(original.totals, original),
      backtest: compared(backtest.totals, backtest),
    },
  ];
}

export function comparisonText(compared: readonly Compared[], batchId: string, host: Host): string {
  const cells = (gain: ComparedGain | null) =>
    gain === null ? ["–", "–", "–", "–"] : [
      String(gain.trades),
      String(gain.executions),
      Number(gain.beforeFees.gainValue).toFixed(2),
      gain.fees === null ? "unknown" : Number(gain.fees).toFixed(2),
    ];
  const rows = compared.map(({ strategy, original, backtest }) => [
    strategy ?? "total",
    ...cells(original),
    ...cells(backtest),
  ]);
  const then = ["trades", "fills", "gain", "fees"];
  const head = ["strategy", ...then, ...then.map((figure) => `${figure} now`)];
  const foot = rows.splice(-1);
  return `Compared with batch ${batchId}, gains before fees\n` +
    table(head, rows, { width: host.columns(), hasColors: false, foot });
}

export function comparisonJson(compared: readonly Compared[]): Record<string, unknown>[] {
  const figures = (gain: ComparedGain | null) =>
    gain === null ? null : {
      trades: gain.trades,
      wins_before_fees: gain.beforeFees.wins,
      executions: gain.executions,
      gain_before_fees: Number(gain.beforeFees.gainValue),
      fees: gain.fees === null ? null : Number(gain.fees),
    };
  return compared.map(({ strategy, original, backtest }) => ({
    strategy,
    original: figures(original),
    backtest: figures(backtest),
  }));
}
