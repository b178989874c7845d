/**
 * SMA(10) over SMA(30) on generated minute bars: as a strategy that orders, as one that only
 * watches, and as the bare loop over the same arrays with the same indicators, which both are
 * measured against.
 */
import { runBacktest } from "../../src/backtest/run_backtest.ts";
import type { BacktestOptions } from "../../src/backtest/options.ts";
import type { BacktestResult } from "../../src/backtest/result.ts";
import { buy, sell } from "../../src/contracts/decision.ts";
import { Strategy, type SymbolSetup, type Tick } from "../../src/contracts/strategy.ts";
import { seededRandom } from "../../src/engine/worker.ts";
import { IndicatorSet } from "../../src/fincalcs/indicators.ts";
import { emptyBars } from "../../src/model/bars.ts";
import { type Session, sessionsBetween } from "../../src/model/calendar.ts";
import { emptySymbol, type MarketData, mergeMarketData } from "../../src/recorded/market_data.ts";
import SymbolsScanner from "../../src/scanners/symbols.ts";

export const MINUTES = 390;
const QTY = 10;
const CASH = 1_000_000;

/** Orders by the cross. */
export class Cross extends Strategy {
  static override type = "swing" as const;

  override setup(symbol: SymbolSetup) {
    return { fast: symbol.sma(10), slow: symbol.sma(30) };
  }

  run({ position, state: { fast, slow }, time }: Tick<this>) {
    // At the close nothing can be ordered any more.
    if (time.minutesUntilClose <= 0) return;
    if (!position && fast.value > slow.value) return buy({ qty: QTY });
    if (position && fast.value < slow.value) return sell({ qty: QTY });
  }
}

/** What all watchers of a process saw since it was last set to 0. */
const seen = { crosses: 0 };

/** Looks at the same, and counts what it would have ordered. */
class Watch extends Strategy {
  static override type = "swing" as const;

  override setup(symbol: SymbolSetup) {
    return { fast: symbol.sma(10), slow: symbol.sma(30), isLong: false };
  }

  run({ position, state, time }: Tick<this>) {
    if (time.minutesUntilClose <= 0) return;
    const { fast, slow, isLong } = state;
    if (!position && !isLong && fast.value > slow.value) {
      state.isLong = true;
      seen.crosses++;
    } else if (isLong && fast.value < slow.value) {
      state.isLong = false;
      seen.crosses++;
    }
  }
}

/** Whole sessions of 390 minutes. */
export function sessionsOf(count: number): Session[] {
  return sessionsBetween("2019-01-02", "2021-12-30")
    .filter(({ openUs, closeUs }) => closeUs - openUs === MINUTES * 60e6).slice(0, count);
}

/** A walk in cents for each symbol, from a seed. */
export function generated(symbols: number, sessions: readonly Session[]): MarketData {
  return mergeMarketData(Array.from({ length: symbols }, (_, n) => {
    const random = seededRandom(n + 1);
    const bars = emptyBars(sessions.length * MINUTES);
    let price = 100;
    sessions.forEach(({ openUs }, day) => {
      for (let minute = 0; minute < MINUTES; minute++) {
        const i = day * MINUTES + minute;
        bars.timeUs[i] = openUs + minute * 60e6;
        bars.open[i] = price;
        price = Math.max(1, Math.round((price + (random() - 0.5) * 0.2) * 100) / 100);
        bars.close[i] = bars.vwap[i] = price;
        bars.high[i] = Math.max(bars.open[i], price);
        bars.low[i] = Math.min(bars.open[i], price);
        bars.volume[i] = 1000;
      }
    });
    return { ...emptySymbol(`S${String(n).padStart(3, "0")}`), minuteBars: bars };
  }));
}

/** What the rules come to. */
export interface Outcome {
  /** Fills, or crosses where nothing is ordered. */
  count: number;
  /** 0 where nothing is ordered. */
  equity: number;
}

/** The same rules in a loop: what is held is bought and sold at the next open. */
export function bareLoop(data: MarketData): Outcome {
  const columns = [...data.values()].map(({ minuteBars }) => minuteBars);
  const sets = columns.map(() => new IndicatorSet());
  const fast = sets.map((set) => set.sma(10));
  const slow = sets.map((set) => set.sma(30));
  const held = new Float64Array(columns.length);
  const wanted = new Float64Array(columns.length);
  let count = 0;
  let equity = CASH;
  for (let i = 0; i < columns[0].timeUs.length; i++) {
    const isLast = i % MINUTES === MINUTES - 1;
    for (let s = 0; s < columns.length; s++) {
      const { open, high, low, close, volume, timeUs } = columns[s];
      if (wanted[s] !== held[s]) {
        equity -= (wanted[s] - held[s]) * open[i];
        held[s] = wanted[s];
        count++;
      }
      sets[s].feed(open[i], high[i], low[i], close[i], volume[i], timeUs[i]);
      if (isLast) continue;
      if (held[s] === 0 && fast[s].value > slow[s].value) wanted[s] = QTY;
      else if (held[s] > 0 && fast[s].value < slow[s].value) wanted[s] = 0;
    }
  }
  const last = columns[0].timeUs.length - 1;
  columns.forEach(({ close }, s) => equity += held[s] * close[last]);
  return { count, equity };
}

/** The watcher's rules in a loop. */
export function bareWatch(data: MarketData): Outcome {
  const columns = [...data.values()].map(({ minuteBars }) => minuteBars);
  const sets = columns.map(() => new IndicatorSet());
  const fast = sets.map((set) => set.sma(10));
  const slow = sets.map((set) => set.sma(30));
  const isLong = new Uint8Array(columns.length);
  let count = 0;
  for (let i = 0; i < columns[0].timeUs.length; i++) {
    const isLast = i % MINUTES === MINUTES - 1;
    for (let s = 0; s < columns.length; s++) {
      const { open, high, low, close, volume, timeUs } = columns[s];
      sets[s].feed(open[i], high[i], low[i], close[i], volume[i], timeUs[i]);
      if (isLast) continue;
      const isAbove = isLong[s] === 0 && fast[s].value > slow[s].value;
      if (isAbove || (isLong[s] === 1 && fast[s].value < slow[s].value)) {
        isLong[s] = isAbove ? 1 : 0;
        count++;
      }
    }
  }
  return { count, equity: 0 };
}

/** A backtest of the cross, all symbols from the first minute on. */
export async function backtest(
  data: MarketData,
  sessions: readonly Session[],
  orders: boolean,
): Promise<{ outcome: Outcome; result: BacktestResult }> {
  seen.crosses = 0;
  const result = await runBacktest(
    backtestOptions(data, sessions, orders ? Cross : Watch),
  );
  const outcome = orders
    ? { count: result.trades.length, equity: Number(result.finalEquity) }
    : { count: seen.crosses, equity: 0 };
  return { outcome, result };
}

export function backtestOptions(
  data: MarketData,
  sessions: readonly Session[],
  strategy: typeof Cross | typeof Watch,
): BacktestOptions {
  return {
    batchId: "bench",
    buildNumber: "0",
    data,
    fromUs: sessions[0].openUs,
    toUs: sessions.at(-1)!.closeUs,
    strategies: [
      { name: "cross", from: builtin("cross"), parameters: {}, schedule: [], keystore: [] },
    ],
    scanners: [{
      source: { name: "all", from: builtin("all"), parameters: { symbols: [...data.keys()] } },
      recurrenceMinutes: null,
      targets: ["cross"],
      assetClass: "us_equity",
      netHosts: [],
    }],
    registries: {
      strategies: { cross: () => Promise.resolve({ default: strategy }) },
      scanners: { all: () => Promise.resolve({ default: SymbolsScanner }) },
    },
    assets: ["us_equity"],
    symbolsMax: data.size,
    events: ["minute"],
    portfolioValue: 0,
    risk: {
      portfolioValue: null,
      maxNotionalPerOrder: null,
      maxNotionalPerSymbol: null,
      maxDailyLoss: null,
      maxOpenOrders: data.size,
      priceCollarPercent: null,
    },
    liquidationMinutes: 15,
    cryptoEndMinutes: null,
    cash: String(CASH),
    store: { startRun: () => Promise.resolve(1), write: () => {}, takesTrades: false },
  };
}

function builtin(name: string): { kind: "builtin"; builtin: string } {
  return { kind: "builtin", builtin: name };
}
