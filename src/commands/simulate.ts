import { resolve } from "node:path";
import { type Command as Commander, InvalidArgumentError } from "commander";
import type { BacktestPlan } from "../config/backtest_plan.ts";
import type { Command, Host } from "../contracts/command.ts";
import { type FaultPlan, NO_FAULTS, readFaultPlan } from "../config/fault_plan.ts";
import { CONTROL_PATH } from "../simulator/faults/control.ts";
import type { DataSource, SimulatorOptions } from "../simulator/options.ts";
import { startSimulator } from "../simulator/server.ts";
import { ConfigError } from "../util/errors.ts";
import { logger } from "../util/log.ts";
import { declareFileOptions, type FileOptions, fileSources } from "./data_files.ts";
import { loadTradePlan } from "./plan.ts";
import { startSettings } from "./settings.ts";

export const command: Command = {
  examples: [
    { line: "liu simulate --generate 30 --seed 1", does: "30 generated stocks, flat out" },
    {
      line: "liu simulate --bars bars.csv --speed 60 --port 8080",
      does: "recorded bars, a minute a second",
    },
    {
      line: "liu simulate --bars BTC/USD=btc.csv.gz --quote-volume BTC/USD",
      does: "one symbol's file, its volume in dollars",
    },
    {
      line: "liu simulate --generate 30 --speed 60 --faults bad_weather.toml",
      does: "lost answers, mute sockets, halts: as the file says",
    },
  ],

  configure(command) {
    declareOptions(command);
  },

  async run({ options }, host) {
    const { settings } = startSettings(host);
    const cli = options as CliOptions;
    const costs = cli.plan === undefined
      ? undefined
      : (await loadTradePlan({ plan: cli.plan, settings, host })).backtest;
    const faults = await faultsOf(cli, host.cwd);
    const simulator = await startSimulator({ ...simulatorOptions(cli, host.cwd, costs), faults });
    host.out(`${simulator.baseUrl}\n`);
    for (const line of simulator.summary) logger("simulator").info(line);
    if (faults !== undefined) {
      const url = `${simulator.baseUrl}${CONTROL_PATH}`;
      logger("simulator").info("{count} faults; GET {url} tells how often each was injected", {
        count: faults.faults.length,
        url,
      });
    }
    await aborted(host);
    await simulator.close();
  },
};

interface CliOptions extends FileOptions {
  plan?: string;
  generate?: number;
  seed?: number;
  start?: number;
  end?: number;
  speed: number | "max";
  host: string;
  port: number;
  cash?: string;
  keys?: { keyId: string; secretKey: string }[];
  equityFeeBps?: number;
  cryptoFeeBps?: number;
  volumeShare?: number;
  /** True: without a file. */
  faults?: string | true;
}

function declareOptions(command: Commander): void {
  declareFileOptions(command)
    .option("--generate <N>", "generate bars, trades and quotes of N stocks", wholeNumber(1, 1000))
    .option("--seed <S>", "equal seeds generate equal data", wholeNumber(0, 2 ** 32 - 1))
    .option("--start <TIME>", "when the exchange's clock begins (default: the data's start)", time)
    .option("--end <TIME>", "when it ends (default: the data's end)", time)
    .option("--speed <RATE>", '1, 60, or "max": as fast as clients keep up', speed, "max")
    .option("--host <NAME>", "the interface to listen on", "127.0.0.1")
    .option("--port <PORT>", "0 takes a free one", wholeNumber(0, 65535), 0)
    .option("--plan <FILE>", "a plan whose [backtest] says what trading costs (not: fill)")
    .option("--cash <USD>", "what each account begins with (default: the plan's, 100000)", money)
    .option("--keys <ID:SECRET...>", "key pairs to let in (default: any)", keys)
    .option("--equity-fee-bps <BPS>", "fee on stocks, 0.01 % of the notional", number(0, 1000))
    .option("--crypto-fee-bps <BPS>", "fee on crypto, 0.01 % of the notional", number(0, 1000))
    .option(
      "--volume-share <SHARE>",
      "of an event's volume that orders take (default: the plan's, 0.1)",
      number(0.0001, 1),
    )
    .option(
      "--faults [FILE]",
      "what goes wrong, and when (TOML, docs/faults.md); without FILE only what it is told over HTTP",
    );
}

async function faultsOf({ faults }: CliOptions, cwd: string): Promise<FaultPlan | undefined> {
  if (faults === undefined) return undefined;
  if (faults === true) return NO_FAULTS;
  try {
    return readFaultPlan(await Deno.readTextFile(resolve(cwd, faults)), faults);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const why = error instanceof Deno.errors.NotFound
      ? "there is no such file; docs/faults.md shows how one is written"
      : error instanceof Error
      ? error.message
      : String(error);
    throw new ConfigError(`Cannot read ${faults}: ${why}`, { cause: error });
  }
}

function simulatorOptions(
  options: CliOptions,
  cwd: string,
  costs: BacktestPlan | undefined,
): SimulatorOptions {
  const sources = sourcesOf(options, cwd);
  if (sources.length === 0) {
    throw new ConfigError(
      "Cannot simulate an exchange without data: give --bars FILE, --trades FILE, --quotes FILE " +
        "or --generate N",
    );
  }
  if (options.seed !== undefined && options.generate === undefined) {
    throw new ConfigError("Cannot use --seed without --generate N: recorded data has no seed");
  }
  if (options.start !== undefined && options.end !== undefined && options.start >= options.end) {
    throw new ConfigError("Cannot simulate: --start must be before --end");
  }
  return {
    sources,
    startUs: options.start,
    endUs: options.end,
    speed: options.speed,
    hostname: options.host,
    port: options.port,
    cash: options.cash ?? costs?.cash,
    keys: options.keys,
    fees: {
      ...costs?.fees,
      equityBps: options.equityFeeBps ?? 0,
      cryptoBps: options.cryptoFeeBps ?? 0,
    },
    slippage: costs?.slippage,
    nightRates: costs?.nightRates,
    latencyUs: (costs?.latencyMs ?? 0) * 1000,
    volumeShare: options.volumeShare ?? costs?.volumeShare ?? undefined,
  };
}

function sourcesOf(options: CliOptions, cwd: string): DataSource[] {
  const sources: DataSource[] = fileSources(options, cwd);
  if (options.generate !== undefined) {
    sources.push({ kind: "generate", symbols: options.generate, seed: options.seed ?? 0 });
  }
  return sources;
}

function aborted({ signal }: Host): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
  });
}

function number(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() !== "" && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a number from ${min} to ${max}.`);
  };
}

function wholeNumber(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

function money(text: string): string {
  if (/^\d+(\.\d+)?$/.test(text)) return text;
  throw new InvalidArgumentError("It must be an amount ≥ 0 in USD, such as 100000.");
}

function speed(text: string): number | "max" {
  if (text === "max") return "max";
  const rate = Number(text);
  if (text.trim() !== "" && rate > 0 && rate <= 100_000) return rate;
  throw new InvalidArgumentError('It must be "max" or market seconds a second, such as 1 or 60.');
}

/** Microseconds since the epoch. */
function time(text: string): number {
  const ms = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[-+]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(ms)) return ms * 1000;
  throw new InvalidArgumentError(
    "It must be a date (UTC) or a time with zone, such as 2022-01-03T09:30:00-05:00.",
  );
}

function keys(
  text: string,
  before: { keyId: string; secretKey: string }[] = [],
): { keyId: string; secretKey: string }[] {
  const [keyId, secretKey, ...rest] = text.split(":");
  if (keyId && secretKey && rest.length === 0) return [...before, { keyId, secretKey }];
  throw new InvalidArgumentError("It must be ID:SECRET.");
}
