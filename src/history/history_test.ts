import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import type { BarsQuery, DataProvider } from "../contracts/provider.ts";
import { type BarColumns, emptyBars } from "../model/bars.ts";
import { History } from "./history.ts";
import { Shelf } from "./shelf.ts";
import { slice } from "./rows.ts";

const MINUTE_US = 60e6;
const DAY_US = 1440 * MINUTE_US;
const START_US = Date.parse("2021-12-20T00:00:00Z") * 1000;
const never = new AbortController().signal;

/** A provider that has a bar each 7 minutes of each symbol, and notes what it is asked for. */
class Source {
  readonly asked: BarsQuery[] = [];
  /** Called before an answer: may throw. */
  onAsk: (count: number) => void = () => {};
  nowUs = START_US + 1000 * DAY_US;
  /** What the provider's prices are multiplied by, as after a split. */
  factor = 1;

  history(folder: string): History {
    const provider: Partial<DataProvider> = {
      bars: (query) => {
        this.asked.push(query);
        this.onAsk(this.asked.length);
        return Promise.resolve(
          new Map(query.symbols.map((symbol) => [symbol, this.barsOf(symbol, query)])),
        );
      },
    };
    return new History({
      folder,
      remote: {
        source: "test",
        provider: provider as DataProvider,
        clock: { nowUs: () => this.nowUs },
      },
    });
  }

  barsOf(symbol: string, { fromUs, toUs }: { fromUs: number; toUs: number }): BarColumns {
    const times: number[] = [];
    const stepUs = 7 * MINUTE_US;
    const endUs = Math.min(toUs, this.nowUs);
    for (let us = Math.ceil(fromUs / stepUs) * stepUs; us < endUs; us += stepUs) times.push(us);
    const bars = emptyBars(times.length);
    bars.timeUs.set(times);
    const prices = times.map((us) => (us / 1e9 + symbol.charCodeAt(0)) * this.factor);
    for (const name of ["open", "high", "low", "close"] as const) bars[name].set(prices);
    return bars;
  }
}

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "liu-history-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("any sequence of ranges gives what the provider has, and nothing is asked for twice", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          symbols: fc.uniqueArray(fc.constantFrom("AAPL", "BRK.B", "BTC/USD"), { minLength: 1 }),
          from: fc.nat(2000),
          length: fc.integer({ min: 1, max: 600 }),
        }),
        { minLength: 1, maxLength: 6 },
      ),
      (queries) =>
        inFolder(async (folder) => {
          const source = new Source();
          for (const { symbols, from, length } of queries) {
            const fromUs = START_US + from * 13 * MINUTE_US;
            const range = { fromUs, toUs: fromUs + length * 13 * MINUTE_US };
            const query = { symbols, scale: "minute", adjustment: "raw", ...range } as const;
            const loaded = await source.history(folder).loadBars(query);
            for (const symbol of symbols) {
              assert.deepEqual(loaded.get(symbol), source.barsOf(symbol, range));
            }
          }
          const got = new Set<string>();
          for (const { symbols, fromUs, toUs } of source.asked) {
            for (let us = fromUs; us < toUs; us += MINUTE_US) {
              for (const symbol of symbols) {
                assert.ok(!got.has(`${symbol} ${us}`), `${symbol} ${us} was asked for twice`);
                got.add(`${symbol} ${us}`);
              }
            }
          }
        }),
    ),
    { numRuns: 25 },
  ));

Deno.test("a download that fails goes on where it was", () =>
  inFolder(async (folder) => {
    const source = new Source();
    const query = {
      symbols: ["BTC/USD"],
      scale: "minute",
      adjustment: "raw",
      fromUs: START_US,
      toUs: START_US + 300 * DAY_US,
    } as const;
    source.onAsk = (count) => {
      if (count === 3) throw new Error("the line is cut");
    };
    const first = source.history(folder).download(query, () => {}, never);
    await assert.rejects(first, /the line is cut/);
    assert.equal(source.asked.length, 3);
    source.onAsk = () => {};
    const { calls } = await source.history(folder).download(query, () => {}, never);
    assert.deepEqual(source.asked[3], source.asked[2]);
    assert.equal(source.asked.length, 3 + calls);
    const again = await source.history(folder).download(query, () => {}, never);
    assert.deepEqual(again, { rows: 0, calls: 0, readjusted: [] });
    const loaded = await new History({ folder }).loadBars(query);
    assert.deepEqual(loaded.get("BTC/USD"), source.barsOf("BTC/USD", query));
  }));

Deno.test("what a killed writer left beside a file does no harm", () =>
  inFolder(async (folder) => {
    const source = new Source();
    const shelf = new Shelf<BarColumns>(folder, "test-raw", "minute");
    const [first, second] = [0, 1].map((day) => ({
      fromUs: START_US + day * DAY_US,
      toUs: START_US + (day + 1) * DAY_US,
    }));
    await shelf.write("A", first!, source.barsOf("A", first!));
    await Deno.writeTextFile(`${shelf.fileOf("A", 2021)}.tmp`, "half of a fi");
    assert.deepEqual((await shelf.read("A", second!)).covered, []);
    await shelf.write("A", second!, source.barsOf("A", second!));
    const both = { fromUs: first!.fromUs, toUs: second!.toUs };
    assert.deepEqual((await shelf.read("A", both)).rows, source.barsOf("A", both));
    assert.deepEqual(await shelf.years("A"), [2021]);
  }));

Deno.test("what may still change is given, but not kept", () =>
  inFolder(async (folder) => {
    const source = new Source();
    source.nowUs = START_US + 10 * DAY_US;
    const query = {
      symbols: ["AAPL"],
      scale: "minute",
      adjustment: "raw",
      fromUs: source.nowUs - 60 * MINUTE_US,
      toUs: source.nowUs + DAY_US,
    } as const;
    const loaded = await source.history(folder).loadBars(query);
    assert.deepEqual(loaded.get("AAPL"), source.barsOf("AAPL", query));
    await source.history(folder).loadBars(query);
    const [first, second] = source.asked.map(({ fromUs }) => source.nowUs - fromUs);
    assert.deepEqual([first, second], [60 * MINUTE_US, 20 * MINUTE_US]);
  }));

Deno.test("imported bars come first, and prices adjusted in two ways never mix", () =>
  inFolder(async (folder) => {
    const source = new Source();
    const range = { fromUs: START_US, toUs: START_US + DAY_US };
    const load = (history: History, adjustment?: "raw" | "all") =>
      history.loadBars({ symbols: ["A"], scale: "day", ...range, adjustment });
    const imported = slice(source.barsOf("A", range), range.fromUs, range.fromUs + 3600e6);
    await new Shelf<BarColumns>(folder, "import-raw", "day").write("A", range, imported);
    assert.equal((await load(source.history(folder))).get("A")!.timeUs.length, 9);
    assert.equal(source.asked.length, 0);
    await load(source.history(folder), "all");
    assert.deepEqual(source.asked.map(({ adjustment }) => adjustment), ["all"]);
    assert.equal((await load(new History({ folder }), "raw")).get("A")!.timeUs.length, 9);
    assert.ok((await Deno.stat(join(folder, "test-all", "day", "A", "2021.arrow"))).isFile);
  }));

Deno.test("a series that was adjusted anew is downloaded again whole, a raw one never", () =>
  inFolder(async (folder) => {
    const source = new Source();
    const download = (adjustment: "split" | "raw", fromDay: number, toDay: number) =>
      source.history(folder).download(
        {
          symbols: ["AAPL"],
          scale: "minute",
          adjustment,
          fromUs: START_US + fromDay * DAY_US,
          toUs: START_US + toDay * DAY_US,
        },
        () => {},
        never,
      );
    for (const adjustment of ["split", "raw"] as const) await download(adjustment, 0, 20);
    assert.deepEqual((await download("split", 0, 30)).readjusted, []);
    source.factor = 0.25;
    assert.deepEqual((await download("raw", 20, 40)).readjusted, []);
    assert.deepEqual((await download("split", 35, 40)).readjusted, ["AAPL"]);
    const load = (adjustment: "split" | "raw", toDay: number) =>
      new History({ folder }).loadBars({
        symbols: ["AAPL"],
        scale: "minute",
        adjustment,
        fromUs: START_US,
        toUs: START_US + toDay * DAY_US,
      });
    const whole = { fromUs: START_US, toUs: START_US + 30 * DAY_US };
    assert.deepEqual((await load("split", 30)).get("AAPL"), source.barsOf("AAPL", whole));
    source.factor = 1;
    const raw = { ...whole, toUs: START_US + 20 * DAY_US };
    assert.deepEqual((await load("raw", 20)).get("AAPL"), source.barsOf("AAPL", raw));
  }));

Deno.test("a damaged file is named", () =>
  inFolder(async (folder) => {
    const source = new Source();
    const query = {
      symbols: ["A"],
      scale: "minute",
      fromUs: START_US,
      toUs: START_US + DAY_US,
    } as const;
    await source.history(folder).loadBars(query);
    const path = join(folder, "test-split", "minute", "A", "2021.arrow");
    await Deno.truncate(path, 700);
    await assert.rejects(source.history(folder).loadBars(query), {
      name: "OperationError",
      message: `Cannot read ${path}: it is not a whole Arrow file. ` +
        "Remove the file, and download or import it again",
    });
  }));
