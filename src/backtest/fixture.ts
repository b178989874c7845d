/** Backtests of classes over a few bars, for tests. */
import type { Json, StoreRecord } from "../contracts/store.ts";
import type { Scanner } from "../contracts/scanner.ts";
import type { Strategy } from "../contracts/strategy.ts";
import { type AssetClass, assetClassOf } from "../model/asset.ts";
import { exchangeUs } from "../model/calendar.ts";
import { barsOf, emptySymbol, mergeMarketData, MINUTE_US } from "../recorded/market_data.ts";
import SymbolsScanner from "../scanners/symbols.ts";
import type { BacktestOptions } from "./options.ts";
import type { BacktestResult } from "./result.ts";
import { runBacktest } from "./run_backtest.ts";

/** open, high, low, close and, where it matters, volume; a number is a flat bar. */
export type TestBar = number | [number, number, number, number, number?];

export interface TestRun {
  result: BacktestResult;
  records: StoreRecord[];
  logs: string[];
  /** "09:32 buy 10 AAPL @ 101". */
  fills: string[];
}

type Type<T> = abstract new (...args: never[]) => T;

/** Minute bars from `start` ("2022-01-03 09:30", exchange time) on. */
export function minuteBars(start: string, bars: readonly TestBar[]): number[][] {
  const [date, time] = start.split(" ");
  const startUs = exchangeUs(date, time);
  return bars.map((bar, i) => row(startUs + i * MINUTE_US, bar));
}

/** Daily bars of these dates. */
export function dailyBars(bars: Readonly<Record<string, TestBar>>): number[][] {
  return Object.entries(bars).map(([date, bar]) => row(exchangeUs(date, "00:00"), bar));
}

function row(timeUs: number, bar: TestBar): number[] {
  const [open, high, low, close, volume = 1000] = typeof bar === "number"
    ? [bar, bar, bar, bar]
    : bar;
  return [timeUs, open, high, low, close, volume, close, 1];
}

type TestTypes = Type<Strategy> | Readonly<Record<string, Type<Strategy>>>;
type TestRows = Readonly<Record<string, number[][]>>;
type TestOptions =
  & Partial<Omit<BacktestOptions, "strategies" | "scanners" | "registries" | "store">>
  & { from?: string; to?: string; scanner?: Type<Scanner>; recurrenceMinutes?: number };

/** Runs strategies over rows by symbol; all of them follow all symbols from the open on. */
export async function run(
  types: TestTypes,
  rows: TestRows,
  options: TestOptions = {},
): Promise<TestRun> {
  const records: StoreRecord[] = [];
  const logs: string[] = [];
  let runs = 0;
  const result = await runBacktest({
    store: {
      startRun: () => Promise.resolve(++runs),
      write: (some) => void records.push(...some),
    },
    log: (level, _category, message, properties) => {
      if (level !== "debug") logs.push(`${level} ${message} ${JSON.stringify(properties)}`);
    },
    ...testOptions(types, rows, options),
  });
  return { result, records, logs, fills: result.trades.map(fillText) };
}

/** What such a run is made with. */
export function testOptions(
  types: TestTypes,
  rows: TestRows,
  options: TestOptions = {},
): Omit<BacktestOptions, "store"> {
  const { from = "2022-01-03", to = from, scanner, recurrenceMinutes, ...rest } = options;
  const strategies = typeof types === "function" ? { test: types } : types;
  const symbols = Object.keys(rows);
  const kind = rest.scale === "day" ? "dailyBars" : "minuteBars";
  const data = mergeMarketData(
    symbols.map((symbol) => ({ ...emptySymbol(symbol), [kind]: barsOf(rows[symbol]) })),
  );
  const classes = [...new Set(symbols.map(assetClassOf))];
  const noParameters: Record<string, Json> = {};
  return {
    batchId: "batch",
    buildNumber: "0",
    // Where it is given with the options, it stands in its place.
    data,
    fromUs: exchangeUs(from, "00:00"),
    toUs: exchangeUs(to, "00:00") + 24 * 60 * MINUTE_US - 1,
    strategies: Object.keys(strategies).map((name) => ({
      name,
      from: { kind: "builtin", builtin: name },
      parameters: {},
      schedule: [],
      keystore: [],
    })),
    scanners: classes.map((assetClass: AssetClass) => ({
      source: {
        name: `scanner of ${assetClass}`,
        from: { kind: "builtin", builtin: "scanner" },
        parameters: scanner ? noParameters : {
          symbols: symbols.filter((symbol) => assetClassOf(symbol) === assetClass),
        },
      },
      recurrenceMinutes: recurrenceMinutes ?? null,
      targets: Object.keys(strategies),
      assetClass,
      netHosts: [],
    })),
    registries: {
      strategies: Object.fromEntries(
        Object.entries(strategies).map(([name, type]) => [
          name,
          () => Promise.resolve({ default: type }),
        ]),
      ),
      scanners: { scanner: () => Promise.resolve({ default: scanner ?? SymbolsScanner }) },
    },
    assets: classes,
    symbolsMax: 100,
    events: ["minute"],
    portfolioValue: 0,
    risk: {
      portfolioValue: null,
      maxNotionalPerOrder: null,
      maxNotionalPerSymbol: null,
      maxDailyLoss: null,
      maxOpenOrders: 100,
      priceCollarPercent: null,
    },
    liquidationMinutes: 15,
    cryptoEndMinutes: null,
    cash: "100000",
    ...rest,
  };
}

function fillText({ timeUs, operation, qty, symbol, price }: BacktestResult["trades"][number]) {
  const time = new Intl.DateTimeFormat("sv-SE", {
    timeZone: "America/New_York",
    dateStyle: "short",
    timeStyle: "short",
  }).format(timeUs / 1000);
  return `${time} ${operation} ${qty} ${symbol} @ ${price}`;
}
