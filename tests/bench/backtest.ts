/**
 * Bars a second of a backtest: SMA(10) over SMA(30), with orders, fills and books, event by event,
 * on one core, beside the bare loop over the same arrays with the same indicators. What both earned
 * is compared before a figure is printed.
 *
 *   deno run -A tests/bench/backtest.ts [SYMBOLS [SESSIONS]]
 */
import assert from "node:assert/strict";
import { runBacktest } from "../../src/backtest/run_backtest.ts";
import { buy, sell } from "../../src/contracts/decision.ts";
import { Strategy, type SymbolSetup, type Tick } from "../../src/contracts/strategy.ts";
import { seededRandom } from "../../src/engine/worker.ts";
import { IndicatorSet } from "../../src/fincalcs/indicators.ts";
import { emptyBars } from "../../src/model/bars.ts";
import { type Session, sessionsBetween } from "../../src/model/calendar.ts";
import { emptySymbol, type MarketData, mergeMarketData } from "../../src/recorded/market_data.ts";
import SymbolsScanner from "../../src/scanners/symbols.ts";

const MINUTES = 390;
const QTY = 10;
const CASH = 1_000_000;

class Cross extends Strategy {
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

function sessionsOf(count: number): Session[] {
  return sessionsBetween("2019-01-02", "2021-12-30")
    .filter(({ openUs, closeUs }) => closeUs - openUs === MINUTES * 60e6).slice(0, count);
}

/** A walk in cents, from a seed. */
function generated(symbols: number, sessions: readonly Session[]): MarketData {
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

/** The same rules in a loop: what is held is bought and sold at the next open. */
function bareLoop(data: MarketData): { fills: number; equity: number } {
  const columns = [...data.values()].map(({ minuteBars }) => minuteBars);
  const sets = columns.map(() => new IndicatorSet());
  const fast = sets.map((set) => set.sma(10));
  const slow = sets.map((set) => set.sma(30));
  const held = new Float64Array(columns.length);
  const wanted = new Float64Array(columns.length);
  let fills = 0;
  let equity = CASH;
  for (let i = 0; i < columns[0].timeUs.length; i++) {
    const isLast = i % MINUTES === MINUTES - 1;
    for (let s = 0; s < columns.length; s++) {
      const { open, high, low, close, volume, timeUs } = columns[s];
      if (wanted[s] !== held[s]) {
        equity -= (wanted[s] - held[s]) * open[i];
        held[s] = wanted[s];
        fills++;
      }
      sets[s].feed(open[i], high[i], low[i], close[i], volume[i], timeUs[i]);
      if (isLast) continue;
      if (held[s] === 0 && fast[s].value > slow[s].value) wanted[s] = QTY;
      else if (held[s] > 0 && fast[s].value < slow[s].value) wanted[s] = 0;
    }
  }
  const last = columns[0].timeUs.length - 1;
  columns.forEach(({ close }, s) => equity += held[s] * close[last]);
  return { fills, equity };
}

async function backtest(data: MarketData, sessions: readonly Session[]) {
  return await runBacktest({
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
      strategies: { cross: () => Promise.resolve({ default: Cross }) },
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
    store: { startRun: () => Promise.resolve(1), write: () => {} },
  });
}

function builtin(name: string): { kind: "builtin"; builtin: string } {
  return { kind: "builtin", builtin: name };
}

async function timed<T>(run: () => T | Promise<T>): Promise<[T, number]> {
  const startMs = performance.now();
  const result = await run();
  return [result, (performance.now() - startMs) / 1000];
}

const symbols = Number(Deno.args[0] ?? 20);
const sessions = sessionsOf(Number(Deno.args[1] ?? 252));
const data = generated(symbols, sessions);
const bars = symbols * sessions.length * MINUTES;
bareLoop(data);
const [bare, bareSeconds] = await timed(() => bareLoop(data));
const [result, seconds] = await timed(() => backtest(data, sessions));
assert.equal(result.rows, bars);
assert.equal(result.trades.length, bare.fills);
assert.ok(Math.abs(Number(result.finalEquity) - bare.equity) < 0.01, "the same money");
const million = (perSecond: number) => (perSecond / 1e6).toFixed(2);
console.log(`${symbols} symbols, ${bars} bars, ${bare.fills} fills`);
console.log(`backtest   ${million(bars / seconds)} M bars/s`);
console.log(`bare loop  ${million(bars / bareSeconds)} M bars/s`);
console.log(`ratio      ${(bareSeconds / seconds).toFixed(3)}`);
