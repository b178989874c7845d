import { resolve } from "node:path";
import { type Command as Commander, InvalidArgumentError } from "commander";
import config from "../../deno.json" with { type: "json" };
import { analyzeAndStore, type BatchAnalysis } from "../analysis/batch_analysis.ts";
import type { BacktestResult } from "../backtest/result.ts";
import { runInWorker } from "../backtest/run_in_worker.ts";
import type { Settings } from "../config/environment.ts";
import type { TradePlan } from "../config/tradeplan.ts";
import type { Command, Host } from "../contracts/command.ts";
import type { Store } from "../contracts/store.ts";
import { cryptoSession, exchangeDate } from "../model/calendar.ts";
import { closest } from "../util/closest.ts";
import { ConfigError } from "../util/errors.ts";
import type { LogSink } from "../util/log.ts";
import { table } from "../util/table.ts";
import { loadBacktestData } from "./backtest_data.ts";
import {
  choice,
  type CostOptions,
  costsOf,
  declareCostOptions,
  planOfAsset,
} from "./backtest_options.ts";
import { backtestJson, backtestSummary, equityCsv } from "./backtest_report.ts";
import { declareFileOptions, type FileOptions, fileSources } from "./data_files.ts";
import { declarePlanOption, loadTradePlan } from "./plan.ts";
import { readSources } from "./plan_sources.ts";
import { SessionReport } from "./session_report.ts";
import { startSettings } from "./settings.ts";
import { openSettingsStore } from "./store.ts";
import { SYMBOLS_MAX } from "./trade.ts";

const BATCHES_SHOWN = 50;
const BATCHES_LOOKED_AT = 1000;

export const command: Command = {
  examples: [
    { line: "liu backtest 2022-01-03 --bars bars.csv", does: "one day, by minutes, from a file" },
    {
      line: "liu backtest 2021-01-04 --to 2021-12-31 --symbols AAPL,MSFT",
      does: "a year from the history in LIU_DATA, or the provider",
    },
    {
      line: "liu backtest 2015-01-02 --to 2020-12-31 --scale day --bars spy.csv --json",
      does: "by daily bars; one JSON object",
    },
    { line: "liu backtest list", does: "the newest backtests" },
  ],

  configure(command) {
    declarePlanOption(command);
    declareFileOptions(command);
    declareOptions(command);
  },

  async run({ operands, options }, host) {
    if (operands[0] === "list") return await list(host, options.json === true);
    const { settings, logSink } = startSettings(host);
    const cli = options as CliOptions;
    const plan = planOfAsset(await loadTradePlan({ plan: cli.plan, settings, host }), cli.asset);
    const run = await prepare(operands[0], cli, plan, settings, host);
    await backtest(run, cli, settings, logSink, host);
  },
};

interface CliOptions extends FileOptions, CostOptions {
  plan?: string;
  to?: string;
  scale: "minute" | "day";
  symbols?: string[];
  strats?: string[];
  scanners?: string[];
  json?: boolean;
  equity?: string;
}

function declareOptions(command: Commander): void {
  declareCostOptions(command).argument("<FROM>", 'first exchange date, "YYYY-MM-DD", or "list"')
    .option("--to <DATE>", "last exchange date (default: FROM)", date)
    .option("--scale <SCALE>", "minute or day", choice("minute", "day"), "minute")
    .option("--symbols <LIST>", "whose history is loaded (default: what scanners name)", names)
    .option("--strats <LIST>", "strategies of the plan to run (default: all)", names)
    .option("--scanners <LIST>", "scanners of the plan to run (default: all)", names)
    .option("--equity <FILE>", "write the account's value over time as CSV")
    .option("--json", "print one JSON object");
}

interface Prepared {
  settings: Parameters<typeof runInWorker>[0];
  plan: TradePlan;
}

async function prepare(
  from: string,
  cli: CliOptions,
  plan: TradePlan,
  settings: Settings,
  host: Host,
): Promise<Prepared> {
  const [fromUs, toUs] = range(from, cli.to);
  const { strategies, scanners } = await readSources({
    ...plan,
    strategies: chosen("--strats", plan.strategies, cli.strats),
    scanners: chosen("--scanners", plan.scanners, cli.scanners),
  });
  const { scale, symbols } = cli;
  const files = fileSources(cli, host.cwd);
  const wanted = { files, symbols, scale, fromUs, toUs };
  const data = await loadBacktestData(wanted, plan, settings, host.signal);
  const ran = new Set(strategies.map(({ source }) => source.name));
  return {
    plan,
    settings: {
      batchId: crypto.randomUUID(),
      buildNumber: config.version,
      data,
      scale,
      fromUs,
      toUs,
      strategies: strategies.map(({ source }) => source),
      scanners: scanners.map((scanner) => ({
        ...scanner,
        targets: scanner.targets.filter((target) => ran.has(target)),
      })),
      assets: plan.assets,
      symbolsMax: settings.maxSymbols ?? SYMBOLS_MAX,
      events: plan.events,
      portfolioValue: plan.portfolioValue ?? 0,
      risk: { ...plan.risk, portfolioValue: plan.portfolioValue },
      liquidationMinutes: plan.marketLiquidationEndTimeMinutes,
      cryptoEndMinutes: plan.endTimeMinutes,
      ...costsOf(cli, plan),
    },
  };
}

async function backtest(
  { settings: run }: Prepared,
  cli: CliOptions,
  settings: Settings,
  logSink: LogSink,
  host: Host,
): Promise<void> {
  const report = new SessionReport(host);
  const storeWorker = await openSettingsStore(settings, { readOnly: false });
  let result: BacktestResult;
  let analysis: BatchAnalysis;
  try {
    const store = storeWorker.connect();
    for (const source of run.strategies) source.keystore = await store.keystore(source.name);
    result = await runInWorker(run, {
      store: withoutKeystore(store),
      onEvent: (event) => {
        if (!cli.json) report.onEvent(event);
      },
      log: logSink,
      signal: host.signal,
    });
    analysis = await analyzeAndStore(store, run.batchId, result.endUs);
  } finally {
    report.end();
    await storeWorker.close();
  }
  if (cli.equity !== undefined) {
    await Deno.writeTextFile(resolve(host.cwd, cli.equity), equityCsv(result));
  }
  if (cli.json) return host.out(JSON.stringify(backtestJson(result)) + "\n");
  host.out(`${report.analysis(analysis)}\n`);
  host.out(backtestSummary(result));
  host.out(`More: liu analyze ${run.batchId} --trades\n`);
}

/** What a strategy keeps for its next session is not overwritten by a backtest. */
function withoutKeystore(store: Store): Pick<Store, "startRun" | "write"> {
  return {
    startRun: (run) => store.startRun(run),
    write: (records) => store.write(records.filter(({ table }) => table !== "keystore")),
  };
}

function range(from: string, to: string = from): [number, number] {
  const fromUs = cryptoSession(date(from)).openUs;
  const toUs = cryptoSession(to).closeUs;
  if (fromUs < toUs) return [fromUs, toUs];
  throw new ConfigError(`Cannot backtest from ${from} to ${to}: the end must not be before`);
}

function chosen<Section extends { name: string }>(
  option: string,
  sections: Section[],
  names: string[] | undefined,
): Section[] {
  if (names === undefined) return sections;
  const known = sections.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const meant = closest(name, known);
    throw new ConfigError(
      `Cannot use ${option} ${name}: the plan has ${known.join(", ") || "none"}` +
        (meant ? `; did you mean "${meant}"?` : ""),
    );
  }
  return sections.filter(({ name }) => names.includes(name));
}

async function list(host: Host, isJson: boolean): Promise<void> {
  const { settings } = startSettings(host);
  const worker = await openSettingsStore(settings, { readOnly: true });
  try {
    const batches = (await worker.connect().batches(BATCHES_LOOKED_AT))
      .filter(({ environment }) => environment === "BACKTEST").slice(0, BATCHES_SHOWN);
    if (isJson) return host.out(JSON.stringify(batches) + "\n");
    if (batches.length === 0) return host.out("There is no backtest yet: liu backtest FROM\n");
    const rows = batches.map(({ batchId, startUs, endUs, runs, trades }) => [
      batchId,
      exchangeDate(startUs),
      endUs === null ? "cut short" : exchangeDate(endUs - 1),
      String(runs),
      String(trades),
    ]);
    const head = ["batch", "from", "to", "runs", "executions"];
    host.out(table(head, rows, { width: host.columns(), hasColors: settings.hasColors }));
  } finally {
    await worker.close();
  }
}

function date(text: string): string {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text) &&
    new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);
  if (isDate) return text;
  throw new ConfigError(`Cannot backtest from or to "${text}": give a date such as 2022-01-03`);
}

function names(text: string): string[] {
  const list = text.split(",").map((name) => name.trim()).filter((name) => name !== "");
  if (list.length > 0) return list;
  throw new InvalidArgumentError("It must be names with commas between them.");
}
