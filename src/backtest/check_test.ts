/** Strategies that know the future, or forget too slowly, and what the checks say of them. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { buy, cancel, limit, sell } from "../contracts/decision.ts";
import { type ScanContext, Scanner } from "../contracts/scanner.ts";
import { Strategy, type SymbolSetup, type Tick } from "../contracts/strategy.ts";
import { seededRandom } from "../engine/worker.ts";
import { barsOf, emptySymbol, type MarketData, mergeMarketData } from "../recorded/market_data.ts";
import { ConfigError } from "../util/errors.ts";
import type { CheckRuns } from "./check_runs.ts";
import { decisionText } from "./decision_record.ts";
import { minuteBars, testOptions } from "./fixture.ts";
import { knifeEdges } from "./knife_edges.ts";
import { checkLookAhead } from "./look_ahead.ts";
import { recordBacktest } from "./record_backtest.ts";
import type { BacktestOptions, BacktestSettings } from "./options.ts";
import { checkHistory, checkRestarts } from "./warm_up.ts";

const DATES = [
  "2022-01-03",
  "2022-01-04",
  "2022-01-05",
  "2022-01-06",
  "2022-01-07",
  "2022-01-10",
  "2022-01-11",
  "2022-01-12",
];
const [, , , FROM] = DATES;
const NONE = new Set<string>();
const TO = DATES.at(-1)!;

/** Some minutes of each day from its open on: a walk. */
function walk(seed: number, minutes: number, dates = DATES): number[][] {
  const random = seededRandom(seed);
  let price = 100;
  return dates.flatMap((date) =>
    minuteBars(
      `${date} 09:30`,
      Array.from({ length: minutes }, () => {
        const open = price;
        // No round prices: where averages are equal, the rounding of sums would decide.
        price = Math.max(50, price + random() - 0.5);
        return [open, Math.max(open, price) + 0.05, Math.min(open, price) - 0.05, price, 1000];
      }),
    )
  );
}

type Types = Parameters<typeof testOptions>[0];
type Options = Omit<NonNullable<Parameters<typeof testOptions>[2]>, "scanner"> & {
  /** Scanners as `world` makes them. */
  scanner?: (data: MarketData) => new (...args: never[]) => Scanner;
  /** In the place of the rows. */
  data?: MarketData;
};

/** A backtest and what runs it again. `world` may show a strategy the data that it is run on. */
async function checked(
  world: (data: MarketData) => Types,
  rows: Record<string, number[][]>,
  { scanner, data: given, ...options }: Options = {},
  /** What becomes of data before they are run on. */
  faulty: (data: MarketData) => MarketData = (data) => data,
): Promise<CheckRuns & { windows: BacktestOptionsWindows }> {
  const made = (data: MarketData) =>
    testOptions(world(data), rows, {
      from: FROM,
      to: TO,
      ...options,
      ...(scanner ? { scanner: scanner(data) } : {}),
    });
  const settings: BacktestSettings = { ...made(new Map()), ...(given ? { data: given } : {}) };
  const run = (changed: BacktestSettings) =>
    recordBacktest({
      ...changed,
      data: faulty(changed.data),
      registries: made(changed.data).registries,
      store: { startRun: () => Promise.resolve(1), write: () => {} },
    } as BacktestOptions);
  const { record: full, endUs, windows } = await run(settings);
  return {
    settings,
    full,
    endUs,
    windows,
    run: async (changed) => {
      try {
        return (await run(changed)).record;
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
        return { decisions: [], sessions: [], failure: error.message };
      }
    },
    // One listener an isolate, and these are all in one.
    concurrency: 1,
    random: seededRandom(7),
  };
}
type BacktestOptionsWindows = Awaited<ReturnType<typeof recordBacktest>>["windows"];

/** The line of this file that ends with a comment. */
async function lineOf(comment: string): Promise<RegExp> {
  const text = await Deno.readTextFile(new URL(import.meta.url));
  const line = text.split("\n").findIndex((one) => one.trimEnd().endsWith(`// ${comment}`)) + 1;
  return new RegExp(`^src/backtest/check_test\\.ts:${line}:\\d+$`);
}

class Sound extends Strategy {
  override setup(symbol: SymbolSetup) {
    return { fast: symbol.sma(3), slow: symbol.sma(8) };
  }
  run({ position, openOrder, time, today, state: { fast, slow } }: Tick<this>) {
    if (openOrder) return cancel("too long");
    // The last minutes are for leaving: the days of these tests are short.
    const isLate = time.minutesSinceOpen >= 15;
    const isCross = fast.previous <= slow.previous && fast.value > slow.value;
    if (!position && isCross && !isLate) return limit(buy({ qty: 10 }), today.last); // sound buys
    if (position && (isLate || fast.value < slow.value)) return sell({ qty: position.qty });
  }
}

Deno.test("what a sound strategy decides is recorded with its lines", async () => {
  const { full } = await checked(() => Sound, { AAPL: walk(1, 60) });
  const bought = full.decisions.find(({ kind, text }) => kind === "order" && text === "buy")!;
  assert.match(bought.place!, await lineOf("sound buys"));
  assert.match(decisionText(bought), /^buy qty 10 limit \d+(\.\d+)?$/);
  assert.ok(full.decisions.some(({ kind }) => kind === "fill"));
  assert.deepEqual(full.decisions.find(({ kind }) => kind === "pick")?.text, "AAPL");
});

Deno.test("a sound strategy has no findings, whatever the data", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 20, max: 45 }), async (seed, minutes) => {
      const rows = { AAPL: walk(seed, minutes), MSFT: walk(seed + 1, minutes) };
      const runs = await checked(() => Sound, rows);
      const lookAhead = await checkLookAhead({ ...runs, cuts: 6 });
      assert.equal(lookAhead.cutsUs.length, 6);
      assert.deepEqual(lookAhead.findings, []);
      assert.equal(lookAhead.following, 0);
      const { needs } = await checkHistory({ ...runs, except: NONE }, "minute");
      for (const need of needs) {
        assert.ok(need.isSettled);
        // Of the slow average's eight bars, and the one before.
        assert.ok(need.bars <= 9, `${need.place} needs ${need.bars}`);
      }
      const restarts = await checkRestarts({ ...runs, except: NONE, count: 2 });
      assert.equal(restarts.dates.length, 2);
      assert.deepEqual(restarts.findings, []);
    }),
    { numRuns: 15 },
  );
});

Deno.test("averages that are equal but for rounding are no findings", async () => {
  // Prices of few cents: sums of three and of eight are often in the same relation as 3 to 8.
  const random = seededRandom(1);
  let price = 100;
  const rows = DATES.flatMap((date) =>
    minuteBars(
      `${date} 09:30`,
      Array.from({ length: 60 }, () => price = Math.round(100 * price + 4 * random() - 2) / 100),
    )
  );
  const runs = await checked(() => Sound, { AAPL: rows });
  const without = await checkHistory({ ...runs, except: NONE }, "minute");
  assert.ok(without.needs.some(({ isSettled }) => !isSettled), "nothing was equal");
  const except = await knifeEdges(runs);
  assert.ok(except.size > 0);
  const { needs } = await checkHistory({ ...runs, except }, "minute");
  for (const { isSettled, bars } of needs) assert.ok(isSettled && bars <= 9, `${bars}`);
  assert.deepEqual((await checkRestarts({ ...runs, except, count: 4 })).findings, []);
});

class Quick extends Strategy {
  override setup(symbol: SymbolSetup) {
    return { average: symbol.sma(3) };
  }
  run({ event, position, quote, second, time, today, state: { average } }: Tick<this>) {
    if (event === "minute") return;
    const isLate = time.minutesSinceOpen >= 15;
    if (position && (isLate || quote.bidPrice < average.value)) return sell({ qty: 1 });
    const isLow = event === "second" ? second.close < today.last : quote.askPrice > average.value;
    if (!position && !isLate && isLow) return buy({ qty: 1 });
  }
}

Deno.test("nor has one that trades by seconds, trades and quotes, which begin late", async () => {
  const random = seededRandom(3);
  const rows = walk(11, 20);
  const [symbol] = mergeMarketData([{ ...emptySymbol("AAPL"), minuteBars: barsOf(rows) }]).values();
  // None in the first four days, nor in the first minutes of the others.
  const late = rows.slice(4 * 20).filter((_, i) => i % 20 > 2);
  const times = late.flatMap(([us]) => [us + 3.2e6, us + 17.5e6, us + 44.1e6]);
  const prices = times.map(() => 99 + 2 * random());
  const sizes = Float64Array.from(times, () => 5);
  const data: MarketData = new Map([["AAPL", {
    ...symbol,
    trades: { timeUs: Float64Array.from(times), price: Float64Array.from(prices), size: sizes },
    quotes: {
      timeUs: Float64Array.from(times, (us) => us + 0.4e6),
      bidPrice: Float64Array.from(prices, (price) => price - 0.02),
      bidSize: sizes,
      askPrice: Float64Array.from(prices, (price) => price + 0.02),
      askSize: sizes,
    },
  }]]);
  for (const fillModel of ["next_open", "finest", "trade", "quote"] as const) {
    const events: ("second" | "trade" | "quote")[] = ["second", "trade", "quote"];
    const runs = await checked(() => Quick, { AAPL: rows }, { data, events, fillModel });
    assert.ok(runs.full.decisions.filter(({ kind }) => kind === "fill").length > 10);
    const { findings, cutsUs } = await checkLookAhead({ ...runs, cuts: 20 });
    assert.deepEqual(findings, [], fillModel);
    // Some of the cuts left neither quotes nor trades.
    assert.ok(cutsUs.some((us) => us < times[0]), fillModel);
  }
});

Deno.test("a strategy that knows the next bar is told with its line", async () => {
  const peeking = (data: MarketData) =>
    class extends Strategy {
      run({ symbol, position, bars }: Tick<this>) {
        const { timeUs, close } = data.get(symbol)!.minuteBars;
        const next = close[timeUs.indexOf(bars.timeUs.at(-1)) + 1];
        if (!position && next > bars.close.at(-1) + 0.2) return buy({ qty: 1 }); // peeks
        if (position) return sell({ qty: position.qty });
      }
    };
  const runs = await checked(peeking, { AAPL: walk(2, 60) });
  const { findings } = await checkLookAhead({ ...runs, cuts: 10 });
  assert.equal(findings.length, 1);
  const [{ place, cuts, example }] = findings;
  assert.match(place!, await lineOf("peeks"));
  assert.ok(cuts > 0);
  assert.equal(decisionText(example.full!), "buy qty 1");
  assert.equal(example.other, null);
  assert.equal(example.timeUs, example.cutUs);
});

Deno.test("what is left undone because of the future is told too", async () => {
  const warned = (data: MarketData) =>
    class extends Strategy {
      run({ symbol, position, bars, time }: Tick<this>) {
        const { close } = data.get(symbol)!.minuteBars;
        const last = close[close.length - 1];
        // Buys unless the end is lower, which no cut but one near the end lets it know.
        if (!position && last >= bars.close.at(-1) && time.minutesSinceOpen % 2 === 0) {
          return buy({ qty: 1 }); // knows the end
        }
        if (position) return sell({ qty: position.qty });
      }
    };
  const falling = DATES.flatMap((date, day) =>
    minuteBars(`${date} 09:30`, Array.from({ length: 30 }, (_, i) => 200 - 10 * day - i * 0.1))
  );
  const runs = await checked(warned, { AAPL: falling });
  assert.ok(
    !runs.full.decisions.some(({ kind, timeUs }) => kind === "order" && timeUs < runs.endUs - 1e12),
  );
  const { findings } = await checkLookAhead({ ...runs, cuts: 10 });
  const missing = findings.find(({ example }) => example.full === null)!;
  assert.match(missing.place!, await lineOf("knows the end"));
  assert.equal(decisionText(missing.example.other!), "buy qty 1");
});

Deno.test("a scanner that picks what will rise is told", async () => {
  const scanner = (data: MarketData) =>
    class extends Scanner {
      run() {
        const gains = [...data.values()].map(({ symbol, minuteBars: { close } }) => ({
          symbol,
          last: close[close.length - 1] / close[0],
        }));
        return [gains.sort((a, b) => b.last - a.last)[0].symbol];
      }
    };
  const ramp = (by: number) =>
    DATES.flatMap((date, day) =>
      minuteBars(`${date} 09:30`, Array.from({ length: 30 }, (_, i) => 100 + by * (day + i / 30)))
    );
  // The second is the best at the end only.
  const rows = { AAPL: ramp(1), MSFT: [...ramp(-1).slice(0, -30), ...ramp(9).slice(-30)] };
  const runs = await checked(() => Sound, rows, { scanner });
  const { findings } = await checkLookAhead({ ...runs, cuts: 12 });
  const [{ by, place, example }] = findings;
  assert.deepEqual([by, place], ["scanner of us_equity", null]);
  assert.notEqual(example.full!.text, example.other!.text);
});

Deno.test("a day's bar that is shown before its close is told", async () => {
  /** Looks at all that there is of days. */
  class Days extends Scanner {
    async run({ market }: ScanContext) {
      const symbols = await market.symbols();
      const rows = await market.snapshots(symbols);
      const days = await market.bars(symbols, "day", 3);
      return [
        ...rows.filter(({ last, previousClose }) => previousClose > last).symbols(),
        ...rows.filter(({ last, high, low }) => high - last > last - low).symbols(),
        ...symbols.filter((symbol) => {
          const { close, volume } = days.get(symbol)!;
          return close.at(-1)! > close.at(-2)! && volume.at(-1)! < 40_000;
        }),
      ];
    }
  }
  // Each bar stands at the day before its own, as those that are dated by the day of their file do.
  const early = (data: MarketData): MarketData =>
    new Map([...data].map(([name, one]) => {
      const { dailyBars } = one;
      const timeUs = dailyBars.timeUs.map((us, i) => i > 0 ? dailyBars.timeUs[i - 1] : us - 1);
      return [name, { ...one, dailyBars: { ...dailyBars, timeUs } }];
    }));
  const options = { scanner: () => Days, recurrenceMinutes: 1 };
  const rows = { AAPL: walk(3, 40), MSFT: walk(4, 40), GOOG: walk(5, 40) };
  const sound = await checked(() => Sound, rows, options);
  assert.deepEqual((await checkLookAhead({ ...sound, cuts: 12 })).findings, []);
  const faulty = await checked(() => Sound, rows, options, early);
  const { findings } = await checkLookAhead({ ...faulty, cuts: 12 });
  assert.equal(findings[0].by, "scanner of us_equity");
});

Deno.test("bars that come a bar early are told", async () => {
  const early = (data: MarketData): MarketData =>
    new Map([...data].map(([name, one]) => {
      const { close } = one.minuteBars;
      const minuteBars = { ...one.minuteBars, close: close.map((own, i) => close[i + 1] ?? own) };
      return [name, { ...one, minuteBars }];
    }));
  const runs = await checked(() => Sound, { AAPL: walk(12, 40) }, {}, early);
  const { findings } = await checkLookAhead({ ...runs, cuts: 12 });
  const line = await lineOf("sound buys");
  assert.ok(findings.some(({ place, cuts }) => cuts > 0 && line.test(place!)));
});

Deno.test("a strategy that holds what was written into it is not seen: nothing is cut off it", async () => {
  const best = [...walk(6, 30)].reduce((high, row) => Math.max(high, row[4]), 0);
  class Told extends Strategy {
    run({ position, today }: Tick<this>) {
      if (!position && today.last < best - 1) return buy({ qty: 1 });
    }
  }
  const runs = await checked(() => Told, { AAPL: walk(6, 30) });
  assert.deepEqual((await checkLookAhead({ ...runs, cuts: 6 })).findings, []);
});

/** Crosses of an average that never forgets whole, seeded with the first price. */
class Recursive extends Strategy {
  override setup() {
    return { average: NaN, fedUs: 0 };
  }
  run({ position, bars, state }: Tick<this>) {
    for (let i = 0; i < bars.length; i++) {
      if (bars.timeUs.at(i) <= state.fedUs) continue;
      const close = bars.close.at(i);
      const { average } = state;
      state.average = Number.isNaN(average) ? close : average + 0.05 * (close - average);
      state.fedUs = bars.timeUs.at(i);
    }
    if (!position && bars.close.at(-1) > state.average) return buy({ qty: 1 }); // recursive buys
    if (position && bars.close.at(-1) < state.average) return sell({ qty: position.qty });
  }
}

Deno.test("a recursive average is told with the history that settles it", async () => {
  const runs = await checked(() => Recursive, { AAPL: walk(8, 120) });
  assert.deepEqual((await checkLookAhead({ ...runs, cuts: 6 })).findings, []);
  const report = await checkHistory({ ...runs, except: NONE }, "minute");
  assert.equal(report.available, 360);
  const line = await lineOf("recursive buys");
  const need = report.needs.find(({ place }) => line.test(place!))!;
  assert.ok(need.isSettled);
  assert.ok(need.bars > 5 && need.bars < 360, `${need.bars} bars`);
  // What was found is so: with these bars nothing changes, with one less something does.
  assert.equal(need.example.bars, need.bars - 1);
  assert.ok(need.example.full !== null || need.example.other !== null);
});

Deno.test("one that counts from its first bar is never settled", async () => {
  class Counting extends Strategy {
    run({ position, bars }: Tick<this>) {
      if (!position && bars.length % 10 === 0) return buy({ qty: 1 }); // counts bars
      if (position) return sell({ qty: position.qty });
    }
  }
  const runs = await checked(() => Counting, { AAPL: walk(9, 33) });
  const { needs } = await checkHistory({ ...runs, except: NONE }, "minute");
  const line = await lineOf("counts bars");
  const need = needs.find(({ place }) => line.test(place!))!;
  assert.equal(need.isSettled, false);
  assert.equal(need.bars, 99);
  const { dates, findings } = await checkRestarts({ ...runs, except: NONE, count: 3 });
  assert.equal(dates.length, 3);
  assert.ok(findings.some(({ place }) => line.test(place!)));
});

Deno.test("a backtest that cannot be run with less says with how much it can", async () => {
  // An order's impact needs a day before.
  const options = { slippage: { impact: 1 } };
  const runs = await checked(() => Recursive, { AAPL: walk(9, 40) }, options);
  assert.deepEqual((await checkLookAhead({ ...runs, cuts: 4 })).findings, []);
  const { available, needs } = await checkHistory({ ...runs, except: NONE }, "day");
  assert.equal(available, 3);
  assert.deepEqual(needs.map(({ by, place, bars, isSettled }) => [by, place, bars, isSettled]), [
    ["backtest", null, 1, true],
  ]);
  assert.match(decisionText(needs[0].example.other!), /^stopped: Cannot work out the impact/);
});

Deno.test("a strategy that remembers the days before is told by starting later", async () => {
  class Learning extends Strategy {
    #losses = 0;
    override onFill({ side, price }: Parameters<Strategy["onFill"]>[0]) {
      this.#losses += side === "sell" ? -price : price;
    }
    run({ position, time }: Tick<this>) {
      const qty = Math.abs(this.#losses) > 0.3 ? 2 : 1;
      if (!position && time.minutesSinceOpen === 3) return buy({ qty }); // learns
      if (position && time.minutesSinceOpen === 20) return sell({ qty: position.qty });
    }
  }
  const runs = await checked(() => Learning, { AAPL: walk(10, 40) });
  const { needs } = await checkHistory({ ...runs, except: NONE }, "minute");
  assert.deepEqual(needs, []);
  const { findings } = await checkRestarts({ ...runs, except: NONE, count: 4 });
  assert.match(findings[0].place!, await lineOf("learns"));
  assert.equal(decisionText(findings[0].example.other!), "buy qty 1");
});

Deno.test("by days history is counted in days", async () => {
  const dates = Array.from({ length: 300 }, (_, i) => new Date(Date.UTC(2021, 0, 4 + i)))
    .filter((day) => day.getUTCDay() % 6 !== 0)
    .map((day) => day.toISOString().slice(0, 10));
  const random = seededRandom(4);
  let price = 100;
  const rows = dates.flatMap((date) =>
    minuteBars(`${date} 00:00`, [price = Math.max(50, price + (random() - 0.5) * 4)])
  );
  const runs = await checked(() => Recursive, { SPY: rows }, {
    scale: "day",
    from: dates[150],
    to: dates.at(-1)!,
  });
  const { findings } = await checkLookAhead({ ...runs, cuts: 8 });
  assert.deepEqual(findings, []);
  assert.equal((await checkHistory({ ...runs, except: NONE }, "minute")).available, 0);
  const { available, needs } = await checkHistory({ ...runs, except: NONE }, "day");
  assert.equal(available, 150);
  assert.ok(needs.length > 0 && needs.every(({ isSettled, bars }) => isSettled && bars < 150));
});
