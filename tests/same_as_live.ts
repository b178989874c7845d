/**
 * The demo's day traded against the simulated exchange, and backtested over the same data: what of
 * both is compared. `deno task same-as-live` does it for 20 seeds.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type DayCounts, dayCounts } from "../src/analysis/day_counts.ts";
import { runBacktest } from "../src/backtest/run_backtest.ts";
import { readSources } from "../src/commands/plan_sources.ts";
import { trade } from "../src/commands/trade.ts";
import { readEnvironment } from "../src/config/environment.ts";
import { readTradePlan, type TradePlan } from "../src/config/tradeplan.ts";
import type { DenialRow, StoreRecord, TradeRow } from "../src/contracts/store.ts";
import { exchangeUs } from "../src/model/calendar.ts";
import type { RunInfo } from "../src/protocol.ts";
import { scanners } from "../src/scanners/registry.ts";
import { loadSources } from "../src/simulator/load.ts";
import type { SimulatorOptions } from "../src/simulator/options.ts";
import { startSimulatorWorker } from "../src/simulator/simulator_worker.ts";
import { strategies } from "../src/strategies/registry.ts";
import { Secret } from "../src/util/secret.ts";

const CASH = "100000";
const KEYS = { id: "test-key-id", secret: "test-secret-key" };

/** What a session did, in texts that can be compared. */
export interface Doings {
  fills: string[];
  denials: string[];
  cash: string;
  equity: string;
  open: { symbol: string; qty: string }[];
}

type Costs = Pick<SimulatorOptions, "fees" | "slippage" | "nightRates" | "latencyUs">;

/** What trading may cost, all of it. */
export const COSTS: Costs = {
  fees: { buyBps: 5, perShare: 0.005, perShareMin: 1, secPerMillion: 27.8, tafPerShare: 0.000166 },
  slippage: { perShare: 0.003, ticks: 1, impact: 1 },
  nightRates: { borrow: 3, margin: 7 },
  latencyUs: 20_000,
};

/** What the session held: a comparison shows nothing of what did not happen. */
export type Counts = DayCounts & { collectionFills: number };

/** Both ways, for one seed of the generated stocks. */
export async function bothWays(
  seed: number,
  costs: Costs = {},
): Promise<{ live: Doings; backtest: Doings; counts: Counts }> {
  const url = new URL("../tradeplan.toml", import.meta.url);
  const plan = readTradePlan(await Deno.readTextFile(url), fileURLToPath(url), "tradeplan.toml");
  const options = { ...exchangeOptions(seed), ...costs };
  return { ...await traded(plan, options), backtest: await backtested(plan, options) };
}

function exchangeOptions(seed: number): SimulatorOptions {
  const file = fileURLToPath(new URL("../data/btcusd-1min-2022-01-03.csv.gz", import.meta.url));
  return {
    sources: [
      { kind: "bars", file, symbol: "BTC/USD", volumeIn: "quote" },
      { kind: "generate", symbols: 30, seed },
    ],
    startUs: exchangeUs("2022-01-03", "00:00"),
    endUs: exchangeUs("2022-01-04", "00:00"),
    speed: "max",
    port: 0,
    cash: CASH,
  };
}

async function traded(
  plan: TradePlan,
  options: SimulatorOptions,
): Promise<{ live: Doings; counts: Counts }> {
  const dataFolder = await Deno.makeTempDir();
  const simulator = await startSimulatorWorker(options);
  try {
    const settings = readEnvironment({ LIU_DATA: dataFolder, NUM_CONSUMERS: "2" }, dataFolder);
    const { stored, session } = await trade({
      plan,
      settings: {
        ...settings,
        alpaca: {
          keyId: new Secret(KEYS.id),
          secretKey: new Secret(KEYS.secret),
          baseUrl: simulator.baseUrl,
          streamUrl: null,
          dataFeed: "iex",
        },
      },
      logSink: () => {},
      signal: new AbortController().signal,
      onEvent: () => {},
    });
    const reply = await fetch(`${simulator.baseUrl}/v2/account`, {
      headers: { "APCA-API-KEY-ID": KEYS.id, "APCA-API-SECRET-KEY": KEYS.secret },
    });
    const { cash, equity } = await reply.json() as { cash: string; equity: string };
    const { trades, denials } = stored;
    const { runs, collections, open } = session;
    const named = runs.map(({ runId, strategy }) => ({ algoRunId: runId, algoName: strategy }));
    const together = named.filter(({ algoName }) => collections.includes(algoName))
      .map(({ algoRunId }) => algoRunId);
    return {
      live: { ...textsOf(runs, trades, denials), cash, equity, open },
      counts: {
        ...dayCounts(trades, denials, named),
        collectionFills: trades.filter(({ algoRunId }) => together.includes(algoRunId)).length,
      },
    };
  } finally {
    await simulator.close();
    await Deno.remove(dataFolder, { recursive: true });
  }
}

async function backtested(plan: TradePlan, options: SimulatorOptions): Promise<Doings> {
  const { data, startUs, endUs } = await loadSources(options);
  const sources = await readSources(plan);
  const records: StoreRecord[] = [];
  let runs = 0;
  const result = await runBacktest({
    batchId: "backtest",
    buildNumber: "0",
    data,
    fromUs: startUs,
    toUs: endUs,
    strategies: sources.strategies.map(({ source }) => source),
    scanners: sources.scanners,
    registries: { strategies, scanners },
    assets: plan.assets,
    symbolsMax: 440,
    events: plan.events,
    portfolioValue: plan.portfolioValue ?? 0,
    risk: { ...plan.risk, portfolioValue: plan.portfolioValue },
    liquidationMinutes: plan.marketLiquidationEndTimeMinutes,
    cryptoEndMinutes: plan.endTimeMinutes,
    cash: CASH,
    fillModel: "finest",
    fees: options.fees,
    slippage: options.slippage,
    nightRates: options.nightRates,
    latencyUs: options.latencyUs,
    volumeShare: 0.1,
    store: {
      startRun: () => Promise.resolve(++runs),
      write: (some) => void records.push(...some),
    },
  });
  const rows = <Row>(table: string) =>
    records.filter((record) => record.table === table).map(({ row }) => row as Row);
  const texts = textsOf(
    result.runs,
    rows<TradeRow>("new_trades"),
    rows<DenialRow>("order_denial"),
  );
  const { cash, finalEquity: equity, openPositions } = result;
  const open = openPositions.map(({ symbol, qty }) => ({ symbol, qty }));
  return { ...texts, cash, equity, open };
}

/** All of the rows but what names the batch and the run, whose number depends on the consumers. */
function textsOf(
  runs: readonly RunInfo[],
  trades: TradeRow[],
  denials: DenialRow[],
) {
  const nameOf = (id: number) => runs.find(({ runId }) => runId === id)!.strategy;
  const text = ({ algoRunId, ...row }: { algoRunId: number }) =>
    JSON.stringify(sorted({ strategy: nameOf(algoRunId), ...row }));
  return {
    // A broker's updates have no fees, as Alpaca's: these are in the cash, which is compared too.
    fills: trades.map(({ clientOrderId, fee: _, ...row }) => {
      const sequence = clientOrderId.startsWith("liu-") ? clientOrderId.split("-").at(-1) : "leg";
      return text({ ...row, sequence } as never);
    }).sort(),
    denials: denials.map(text).sort(),
  };
}

/** A database gives an object's keys in its own order. */
function sorted(value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => a < b ? -1 : 1).map(([key, one]) => [key, sorted(one)]),
  );
}

if (import.meta.main) {
  const seeds = Number(Deno.args[0] ?? 20);
  for (let seed = 1; seed <= seeds; seed++) {
    const { live, backtest, counts } = await bothWays(seed);
    assert.deepEqual(backtest, live, `seed ${seed}`);
    for (const [name, count] of Object.entries(counts)) assert.ok(count > 0, `${name} is 0`);
    console.log(
      `seed ${seed}: the same ${live.fills.length} fills, ${live.denials.length} denials\n  ` +
        Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(", "),
    );
  }
}
