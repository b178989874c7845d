import type { FollowMessage, OrderReport } from "../../protocol.ts";

/**
 * The newest report of each run's symbol that the run does not follow yet: of what it took over from
 * a run before. They come from the gateway, the history that a symbol waits for from main.
 */
export class EarlyReports {
  readonly #reports = new Map<string, OrderReport>();

  keep(report: OrderReport): void {
    this.#reports.set(keyOf(report.runId, report.symbol), report);
  }

  take({ runIds, symbol }: Pick<FollowMessage, "runIds" | "symbol">): OrderReport[] {
    if (this.#reports.size === 0) return [];
    return runIds.flatMap((runId) => {
      const report = this.#reports.get(keyOf(runId, symbol));
      this.#reports.delete(keyOf(runId, symbol));
      return report === undefined ? [] : [report];
    });
  }
}

function keyOf(runId: number, symbol: string): string {
  return `${runId} ${symbol}`;
}
