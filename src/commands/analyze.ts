import { analyzeBatch } from "../analysis/batch_analysis.ts";
import { tradesBefore } from "../analysis/trades_before.ts";
import type { Command, Host } from "../contracts/command.ts";
import type { DenialRow, RunRow, TradeRow } from "../contracts/store.ts";
import { exchangeDate, exchangeDay, exchangeTime } from "../model/calendar.ts";
import { table } from "../util/table.ts";
import { batchOf } from "./batch_of.ts";
import { SessionReport } from "./session_report.ts";
import { startSettings } from "./settings.ts";
import { openSettingsStore } from "./store.ts";

export const command: Command = {
  examples: [
    { line: "liu analyze last", does: "what the newest batch earned, by symbol and strategy" },
    { line: "liu analyze BATCH_ID --trades", does: "each of its executions too" },
    {
      line: "liu analyze last --denials",
      does: "what was denied by risk or refused by the broker",
    },
    { line: "liu analyze last --json", does: "runs, executions and gains as one JSON object" },
  ],

  configure(command) {
    command.argument("[BATCH]", 'a batch id, what it begins with, or "last"', "last")
      .option("--trades", "list each execution")
      .option("--denials", "list what was denied or refused, and how often")
      .option("--json", "print one JSON object");
  },

  async run({ operands, options }, host) {
    const { settings } = startSettings(host);
    const worker = await openSettingsStore(settings, { readOnly: true });
    const store = worker.connect();
    try {
      const batchId = await batchOf(store, operands[0] ?? "last");
      const [runs, trades] = [await store.runs(batchId), await store.trades(batchId)];
      const { analysis } = analyzeBatch(runs, trades, await tradesBefore(store, runs));
      if (options.json) {
        host.out(JSON.stringify({ batchId, runs, trades, ...analysis }) + "\n");
        return;
      }
      const report = new SessionReport(host);
      host.out(headText(batchId, runs));
      if (options.trades) {
        host.out(`${tradesTable(trades, runs, analysis.hasFees, host)}\n`);
      }
      if (options.denials) host.out(`${denialsTable(await store.denials(batchId), runs, host)}\n`);
      host.out(report.analysis(analysis));
    } finally {
      await worker.close();
    }
  },
};

function headText(batchId: string, runs: RunRow[]): string {
  const [first] = runs;
  const reasons = [...new Set(runs.map(({ endReason }) => endReason ?? "cut short"))].join(", ");
  return `Batch ${batchId}, ${first.environment}, ${exchangeDate(first.startUs)} ` +
    `from ${exchangeTime(first.startUs)}: ${runs.length} runs, ended: ${reasons}\n\n`;
}

function tradesTable(
  trades: TradeRow[],
  runs: RunRow[],
  hasFees: boolean,
  host: Host,
): string {
  const nameOf = new Map(runs.map(({ algoRunId, algoName }) => [algoRunId, algoName]));
  const timeOf = timeTexts(trades.map(({ tradeUs }) => tradeUs));
  const rows = trades.map((row) => [
    timeOf(row.tradeUs),
    row.symbol,
    row.operation,
    row.qty,
    row.price,
    hasFees ? row.fee : "–",
    nameOf.get(row.algoRunId) ?? "",
    JSON.stringify(row.indicators),
  ]);
  const head = ["time", "symbol", "operation", "qty", "price", "fee", "strategy", "indicators"];
  return table(head, rows, { width: Math.max(host.columns(), 100), hasColors: false });
}

/** Times of the exchange, with dates where they are of more than one day. */
function timeTexts(timesUs: readonly number[]): (us: number) => string {
  const days = new Set(timesUs.map(exchangeDay));
  return days.size > 1 ? (us) => `${exchangeDate(us)} ${exchangeTime(us)}` : exchangeTime;
}

/** By strategy, symbol and code, with the first one's words. */
function denialsTable(denials: DenialRow[], runs: RunRow[], host: Host): string {
  const nameOf = new Map(runs.map(({ algoRunId, algoName }) => [algoRunId, algoName]));
  const groups = Map.groupBy(
    denials,
    (row) => JSON.stringify([nameOf.get(row.algoRunId) ?? "", row.symbol, row.by, row.code]),
  );
  const timeOf = timeTexts(denials.map(({ timeUs }) => timeUs));
  const rows = [...groups].sort(([x], [y]) => x < y ? -1 : 1).map(([key, group]) => [
    ...JSON.parse(key) as string[],
    String(group.length),
    timeOf(group[0].timeUs),
    group[0].message,
  ]);
  const head = ["strategy", "symbol", "by", "code", "times", "first", "message"];
  return table(head, rows, { width: Math.max(host.columns(), 100), hasColors: false });
}
