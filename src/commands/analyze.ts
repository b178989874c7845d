/** What batches earned: on the terminal, as JSON, as CSV, as one HTML file. Nothing is written to the database. */
import { InvalidArgumentError } from "commander";
import { analyzeBatch } from "../analysis/batch_analysis.ts";
import { frameCsv } from "../analysis/frame.ts";
import { tripFrame } from "../analysis/frames.ts";
import { loadReport, type ReportSources } from "../analysis/load_report.ts";
import type { Report } from "../analysis/report_types.ts";
import type { Selection } from "../analysis/selection.ts";
import type { Settings } from "../config/environment.ts";
import type { Command, Host } from "../contracts/command.ts";
import type { DenialRow, RunRow, Store, TradeRow } from "../contracts/store.ts";
import { History } from "../history/history.ts";
import { exchangeDate, exchangeDay, exchangeTime } from "../model/calendar.ts";
import { loadFile } from "../recorded/load_file.ts";
import { type MarketData, mergeMarketData } from "../recorded/market_data.ts";
import { tearSheet } from "../tear_sheet/tear_sheet.ts";
import { ConfigError } from "../util/errors.ts";
import { table } from "../util/table.ts";
import { comparisonText, reportText } from "./analysis_text.ts";
import { meantBatches } from "../analysis/meant_batches.ts";
import { batchOf } from "../analysis/batch_of.ts";
import { fileSources } from "./data_files.ts";
import { historyFolder } from "./data_series.ts";
import { fromTime, toTime } from "./operands.ts";
import { OutputFile } from "./output_file.ts";
import { startSettings } from "./settings.ts";
import { openSettingsStore } from "./store.ts";

interface Options {
  from?: number;
  to?: number;
  strategy?: string[];
  symbol?: string[];
  portfolio?: string;
  compare?: string[];
  benchmark?: string;
  cash?: number;
  bars?: string[];
  html?: string;
  arrow?: string;
  trades?: boolean;
  denials?: boolean;
  json?: boolean;
  csv?: boolean;
}

export const command: Command = {
  examples: [
    { line: "liu analyze last", does: "what the newest batch earned, and how" },
    { line: "liu analyze last --html report.html", does: "the same as one file for a browser" },
    {
      line: "liu analyze --from 2022-01-03 --to 2022-01-31 --strategy sma_cross",
      does: "a strategy's month of trading, all batches together",
    },
    { line: "liu analyze BATCH_ID --compare OTHER_ID", does: "two batches side by side" },
    { line: "liu analyze BATCH_ID --trades", does: "each of its executions too" },
    {
      line: "liu analyze last --denials",
      does: "what was denied by risk or refused by the broker",
    },
    { line: "liu analyze last --csv", does: "its round trips, for a table program" },
    { line: "liu analyze last --json", does: "all of it as one JSON object" },
  ],

  configure(command) {
    const more = (text: string, before: string[] = []) => [...before, text];
    command.argument("[BATCH]", 'a batch id, what it begins with, or "last" (default)')
      .option(
        "--from <DATE>",
        "only what was executed from then on; alone: all traders' batches",
        fromTime,
      )
      .option("--to <DATE>", "only what was executed until then, a date included", toTime)
      .option("--strategy <NAME>", "only this strategy; may be repeated", more)
      .option("--symbol <SYMBOL>", "only this symbol; may be repeated", more)
      .option("--portfolio <ID>", "all batches of a portfolio")
      .option("--compare <BATCH...>", "other batches beside it")
      .option("--benchmark <SYMBOL>", "whose bars to compare with (default: SPY, BTC/USD)")
      .option("--cash <AMOUNT>", "what the account began with, where it is not stored", amount)
      .option(
        "--bars <FILE...>",
        "prices from files, as of liu backtest; else those of the history",
      )
      .option("--html <FILE>", "write a report for a browser, in one file")
      .option("--arrow <FILE>", "write the round trips as an Arrow file, for pandas and the like")
      .option("--trades", "list each execution")
      .option("--denials", "list what was denied or refused, and how often")
      .option("--csv", "print the round trips as CSV")
      .option("--json", "print one JSON object");
  },

  async run({ operands, options }, host) {
    const asked = options as Options;
    check(operands[0], asked);
    const { settings } = startSettings(host);
    const file = await fileFor(asked, host);
    const recorded = await readBars(asked, host.cwd);
    const worker = await openSettingsStore(settings, { readOnly: true });
    const store = worker.connect();
    const history = new History({ folder: historyFolder(settings) });
    const sources = { store, history, recorded };
    try {
      const { report, selection } = await reportOf(operands[0], asked, sources, host);
      if (asked.json) return host.out(jsonText(report, selection));
      if (asked.csv) return host.out(frameCsv(tripFrame(report.trips)));
      if (file !== null) {
        await file.write(asked.html ? await tearSheet(report) : await arrowOf(report));
        return host.out(`Written: ${asked.html ?? asked.arrow}\n`);
      }
      host.out(await terminalText(report, selection, { asked, sources, settings, host }));
    } finally {
      await worker.close();
    }
  },
};

function check(
  named: string | undefined,
  { from, to, portfolio, json, csv, html, arrow }: Options,
): void {
  if (from !== undefined && to !== undefined && from >= to) {
    throw new ConfigError("Cannot analyze: --from is later than --to");
  }
  if (named !== undefined && portfolio !== undefined) {
    throw new ConfigError("Cannot analyze a batch and a portfolio: name one of them");
  }
  if ([json, csv, html, arrow].filter((one) => one !== undefined).length > 1) {
    throw new ConfigError("Cannot use more than one of --json, --csv, --html and --arrow");
  }
}

function amount(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It must be an amount > 0.");
}

async function readBars({ bars }: Options, cwd: string): Promise<MarketData> {
  const parts = [];
  for (const source of fileSources({ bars }, cwd)) parts.push(...await loadFile(source));
  return mergeMarketData(parts);
}

async function fileFor({ html, arrow }: Options, { cwd }: Host): Promise<OutputFile | null> {
  const name = html ?? arrow;
  return name === undefined ? null : await OutputFile.open(name, cwd);
}

async function arrowOf({ trips }: Report): Promise<Uint8Array> {
  // A library for those who use it.
  const { frameArrow } = await import("../analysis/arrow_frame.ts");
  return frameArrow(tripFrame(trips));
}

type Sources = ReportSources & { store: Store };

async function reportOf(
  named: string | undefined,
  asked: Options,
  sources: Sources,
  { signal }: Host,
): Promise<{ report: Report; selection: Selection }> {
  const { from: fromUs, to: toUs, portfolio } = asked;
  const batchIds = await meantBatches(sources.store, { batch: named, portfolio, fromUs, toUs });
  return await loadReport({ ...requestOf(asked), batchIds }, sources, signal);
}

function requestOf({ from, to, strategy, symbol, cash, benchmark }: Options) {
  return {
    filters: { fromUs: from, toUs: to, strategies: strategy, symbols: symbol },
    startEquity: cash,
    benchmark,
  };
}

/** The rows of the batch, its gains as they are stored, and the report. */
function jsonText(report: Report, { batchIds, runs, trades, before }: Selection): string {
  const { analysis } = analyzeBatch(runs, trades, before);
  const [batchId] = batchIds;
  return JSON.stringify({ batchId, batchIds, runs, trades, ...analysis, report }) + "\n";
}

async function terminalText(
  report: Report,
  { runs, trades, denials }: Selection,
  { asked, sources, settings, host }: {
    asked: Options;
    sources: Sources;
    settings: Settings;
    host: Host;
  },
): Promise<string> {
  const shown = { width: host.columns(), hasColors: host.isOutTerminal && settings.hasColors };
  const parts: string[] = [];
  if (asked.trades) parts.push(tradesTable(trades, runs, report.orders.hasFees, host));
  if (asked.denials) parts.push(denialsTable(denials, runs, host));
  parts.push(reportText(report, shown));
  if (asked.compare !== undefined) {
    const reports = [report];
    for (const other of asked.compare) {
      const batchIds = [await batchOf(sources.store, other)];
      const request = { ...requestOf(asked), batchIds };
      reports.push((await loadReport(request, sources, host.signal)).report);
    }
    parts.push(comparisonText(reports, shown));
  }
  return parts.join("\n");
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
