import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { dayCounts } from "../analysis/day_counts.ts";
import { readTradePlan } from "../config/tradeplan.ts";
import type { Settings } from "../config/environment.ts";
import type { Command, Host } from "../contracts/command.ts";
import { exchangeUs } from "../model/calendar.ts";
import type { SimulatorOptions } from "../simulator/options.ts";
import { startSimulatorWorker } from "../simulator/simulator_worker.ts";
import { decimal, plain } from "../util/decimal.ts";
import { Secret } from "../util/secret.ts";
import { SessionReport } from "./session_report.ts";
import { startSettings } from "./settings.ts";
import { trade } from "./trade.ts";

/** The exchange day of the demo, and what its generated part is made from. */
const DAY = "2022-01-03";
const NEXT_DAY = "2022-01-04";
const SEED = 1;
const STOCKS = 30;
const CASH = "100000";

export const command: Command = {
  examples: [
    { line: "liu demo", does: "trade one recorded day against the simulated exchange" },
    { line: "liu demo --json", does: "print counts and gains as one JSON object" },
  ],

  configure(command) {
    command.option("--json", "print the result as one JSON object");
  },

  async run({ options }, host) {
    const isJson = options.json === true;
    const report = new SessionReport(host);
    const say = (text: string) => {
      if (!isJson) report.print(text);
    };
    const { settings, logSink } = startSettings(host, report.printError);
    say(
      `One exchange day, ${DAY}: recorded BTC/USD minutes, and ${STOCKS} stocks GENERATED from seed ${SEED}.`,
    );
    const simulator = await startSimulatorWorker(simulatorOptions());
    say(`The simulated exchange is at ${simulator.baseUrl}`);
    const demo = demoSettings(settings, simulator.baseUrl);
    say(`The database is in ${demo.dataFolder} (its first start takes some seconds)`);
    try {
      const { plan, path } = await demoPlan();
      const result = await trade({
        plan,
        settings: demo,
        logSink,
        signal: host.signal,
        onEvent: (event) => {
          if (!isJson) report.onEvent(event);
        },
        onStore: () => say(`The plan is ${path}`),
      });
      report.end();
      const { trades, denials, runs } = result.stored;
      const counts = {
        ...dayCounts(trades, denials, runs),
        collectionStrategies: result.session.collections.length,
      };
      const account = await accountOf(simulator.baseUrl);
      if (isJson) {
        const { session, analysis } = result;
        // `rows` are the analysis's, `runs` the database's.
        const { runs: sessionRuns, rows: marketRows, ...ended } = session;
        const printed = {
          ...ended,
          sessionRuns,
          marketRows,
          ...analysis,
          counts,
          account,
        };
        host.out(JSON.stringify({ ...printed, ...result.stored }) + "\n");
        return;
      }
      host.out(`\n${report.analysis(result.analysis)}\n`);
      host.out(report.repeatedDenials());
      host.out(countsText(counts, result.session.collections));
      host.out(
        `\nThe database's executions changed the cash by ${result.analysis.totals.cashChange}, ` +
          `the exchange's account says ${account.cashChange}.\n`,
      );
      host.out(`More: ${moreCommand(host, demo)} analyze ${result.batchId} --trades\n`);
    } finally {
      report.end();
      await simulator.close();
    }
  },
};

function simulatorOptions(): SimulatorOptions {
  const file = fileURLToPath(new URL("../../data/btcusd-1min-2022-01-03.csv.gz", import.meta.url));
  return {
    sources: [
      // The recording's volume is in dollars.
      { kind: "bars", file, symbol: "BTC/USD", volumeIn: "quote" },
      { kind: "generate", symbols: STOCKS, seed: SEED },
    ],
    startUs: exchangeUs(DAY, "00:00"),
    endUs: exchangeUs(NEXT_DAY, "00:00"),
    speed: "max",
    port: 0,
    cash: CASH,
  };
}

/** The demo's own data folder and keys, so that it touches nothing of the user's. */
function demoSettings(settings: Settings, baseUrl: string): Settings {
  return {
    ...settings,
    dsn: null,
    dataFolder: join(settings.dataFolder, "demo"),
    dataConnector: "alpaca",
    broker: "alpaca",
    alpaca: {
      keyId: new Secret("demo-key-id"),
      secretKey: new Secret("demo-secret-key"),
      baseUrl,
      streamUrl: null,
      dataFeed: "iex",
    },
  };
}

/** Liu's own tradeplan.toml, also inside of the binary. */
async function demoPlan() {
  const url = new URL("../../tradeplan.toml", import.meta.url);
  const path = fileURLToPath(url);
  const plan = readTradePlan(await Deno.readTextFile(url), path, "tradeplan.toml");
  return { plan, path };
}

/** What the exchange itself says of the account. */
async function accountOf(baseUrl: string): Promise<{ cash: string; cashChange: string }> {
  const headers = {
    "APCA-API-KEY-ID": "demo-key-id",
    "APCA-API-SECRET-KEY": "demo-secret-key",
  };
  const reply = await fetch(`${baseUrl}/v2/account`, { headers });
  const { cash } = await reply.json() as { cash: string };
  return { cash, cashChange: plain(decimal(cash).minus(CASH)) };
}

function countsText(counts: Record<string, number>, collections: string[]): string {
  const names: Record<string, string> = {
    fills: "fills",
    symbols: "symbols traded",
    longEntries: "fills that opened longs",
    shortEntries: "fills that opened shorts",
    partialFills: "partial fills",
    scaleOuts: "scale-outs",
    refusedByBroker: "orders refused by the exchange",
    deniedByRisk: "orders denied by risk",
    collectionStrategies: `strategies over a collection (${collections.join(", ")})`,
    longAndShortSymbols: "symbols held long by one strategy and short by another",
  };
  return "The day had:\n" + Object.entries(names)
    .map(([key, name]) => `${String(counts[key]).padStart(6)}  ${name}\n`).join("");
}

/** As this program was called: the binary, or from source. */
function moreCommand(host: Host, settings: Settings): string {
  const program = Deno.build.standalone ? "liu" : "deno task liu";
  const isDefault = host.env.LIU_DATA === settings.dataFolder;
  return isDefault ? program : `LIU_DATA=${settings.dataFolder} ${program}`;
}
