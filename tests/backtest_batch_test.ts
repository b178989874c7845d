/** `liu backtest batch`: a session that was traded, traded again from what is stored of it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { RunRow, Store, TradeRow } from "../src/contracts/store.ts";
import { type TestDatabase, TestDatabases } from "../src/store/test_databases.ts";
import { exchangeEnv, inFolder, Liu, writeFiles } from "./program.ts";

const databases = new TestDatabases();

const FILES = {
  "tradeplan.toml": `market_liquidation_end_time_minutes = 15

[scanners.early]
filename = "picks.ts"
symbols = ["AAPL", "GOOG"]

[scanners.late]
filename = "picks.ts"
symbols = ["MSFT"]
from_open = 10
target_strategy_name = "mine"

[strategies.mine]
filename = "mine.ts"

[strategies.other]
filename = "other.ts"
`,
  "picks.ts": `import { param, Scanner } from "liu";
export default class Picks extends Scanner {
  static override params = { symbols: param.list([]), fromOpen: param.number(0) };
  override get fromMarketOpen() {
    return Number(this.params.fromOpen);
  }
  run() {
    return this.params.symbols as string[];
  }
}
`,
  // Trades the second bar that it sees, in AAPL and MSFT.
  "mine.ts": `import { buy, sell, Strategy, type Tick } from "liu";
export default class Mine extends Strategy {
  override setup() {
    return { bars: 0 };
  }
  run({ symbol, position, state, event }: Tick<this>) {
    if (event !== "minute" || symbol === "GOOG") return;
    state.bars++;
    if (!position && state.bars === 2) return buy({ qty: 3 });
    if (position && state.bars === 8) return sell({ qty: position.qty });
  }
}
`,
  // Is denied one order, and holds another until it is liquidated.
  "other.ts": `import { buy, sell, Strategy, type Tick } from "liu";
export default class Other extends Strategy {
  override setup() {
    return { bars: 0 };
  }
  run({ symbol, state }: Tick<this>) {
    if (symbol !== "AAPL") return;
    state.bars++;
    if (state.bars === 3) return sell({ qty: 1 });
    if (state.bars === 5) return buy({ qty: 2 });
  }
}
`,
  "bars.csv": bars(),
};

/** The whole session of a day, three symbols that move a little. */
function bars(): string {
  const symbols = [["AAPL", 180], ["GOOG", 140], ["MSFT", 330]] as const;
  const rows = symbols.flatMap(([symbol, base]) =>
    Array.from({ length: 390 }, (_, i) => {
      const price = (at: number) => (base + Math.round(200 * Math.sin(at / 9)) / 100).toFixed(2);
      const [open, close] = [price(i), price(i + 1)];
      const [low, high] = [open, close].map(Number).sort((a, b) => a - b);
      const time = new Date(Date.parse("2022-01-03T14:30:00Z") + i * 60e3).toISOString();
      return [symbol, time, open, high, low, close, 10_000].join(",");
    })
  );
  return ["symbol,timestamp,open,high,low,close,volume", ...rows, ""].join("\n");
}

/** Runs with `liu` on a database, after it has traded the day live. */
async function afterSession(
  { dsn, dataDir, open }: TestDatabase,
  run: (liu: Liu, live: string, withStore: WithStore) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    await writeFiles(folder, FILES);
    const liu = new Liu(folder, undefined, { LIU_DATA: dataDir, ...(dsn ? { DSN: dsn } : {}) });
    const exchange = await liu.simulate(["--bars", "bars.csv", "--speed", "max"]);
    try {
      const { code, out, err } = await liu.run(
        ["trader", "--json"],
        exchangeEnv(exchange.baseUrl, { keyId: "k", secretKey: "s" }),
      );
      assert.equal(code, 0, out + err);
      await run(liu, JSON.parse(out).batchId, async (read) => {
        const store = await open();
        try {
          return await read(store);
        } finally {
          await store.close();
        }
      });
    } finally {
      await exchange.stop();
    }
  });
}

type WithStore = <T>(read: (store: Store) => Promise<T>) => Promise<T>;

const AGAIN = ["--bars", "bars.csv", "--fill", "finest"];

/** All that is stored of a batch, without what is its own: ids, and when it was analysed. */
async function storedOf(store: Store, batchId: string) {
  const runs = await store.runs(batchId);
  const trips = await store.tradeAnalysis(batchId);
  return {
    runs,
    trades: (await store.trades(batchId)).map(fill(runs)),
    picks: (await store.trending(batchId)).map(({ symbol, scannerName, createUs }) =>
      [symbol, scannerName, createUs].join(" ")
    ),
    denials: (await store.denials(batchId)).map(({ symbol, by, code, timeUs }) =>
      [symbol, by, code, timeUs].join(" ")
    ),
    gains: (await store.gainLoss(batchId)).map(({ symbol, gainValue }) => `${symbol} ${gainValue}`)
      .sort(),
    trips: trips.map(({ symbol, startUs, endUs, gainValue }) =>
      [symbol, startUs, endUs, gainValue].join(" ")
    ),
  };
}

/** An execution without what is of its batch. */
function fill(runs: RunRow[]) {
  return ({ algoRunId, symbol, operation, qty, price, fee, tradeUs, decidedUs }: TradeRow) => ({
    strategy: runs.find((run) => run.algoRunId === algoRunId)!.algoName,
    symbol,
    operation,
    qty,
    price,
    fee,
    tradeUs,
    decidedUs,
  });
}

databases.each(
  "a live batch again: the same picks, trades and books, and what it refers to",
  (db) =>
    afterSession(db, async (liu, live, withStore) => {
      const { code, out, err } = await liu.run(["backtest", "batch", "last", ...AGAIN, "--json"]);
      assert.equal(code, 0, err);
      const printed = JSON.parse(out);
      assert.equal(printed.ref_batch_id, live);
      assert.notEqual(printed.batch_id, live);
      // Not from its picks, but with the plan's scanners: stored alike.
      const ordinary = await liu.run(["backtest", "2022-01-03", ...AGAIN, "--json"]);
      await withStore(async (store) => {
        const before = await storedOf(store, live);
        assert.equal(before.trades.length, 6);
        assert.equal(before.denials.length, 1);
        assert.equal(before.trips.length, 3);
        for (const batchId of [printed.batch_id, JSON.parse(ordinary.out).batch_id]) {
          const { runs, ...after } = await storedOf(store, batchId);
          assert.deepEqual({ ...after, runs }, { ...before, runs });
          for (const { algoName, environment, refAlgoRun, endUs, endReason } of runs) {
            assert.equal(environment, "BACKTEST");
            const own = before.runs.filter((run) => run.algoName === algoName);
            assert.equal(refAlgoRun, Math.min(...own.map(({ algoRunId }) => algoRunId)));
            assert.ok(endUs !== null && endReason !== null);
          }
        }
      });
      for (const { original, backtest } of printed.comparison) {
        assert.deepEqual(original, { ...backtest, fees: null });
      }
      assert.deepEqual(
        printed.comparison.map(({ strategy }: { strategy: string | null }) => strategy),
        ["mine", "other", null],
      );
    }),
);

databases.embedded(
  "symbols, those traded, a time and a log of decisions",
  (db) =>
    afterSession(db, async (liu, live, withStore) => {
      const batch = async (id: string, ...options: string[]) => {
        const { code, out, err } = await liu.run(["backtest", "batch", id, ...AGAIN, ...options]);
        assert.equal(code, 0, err);
        return { out, err };
      };
      const picksOf = async (out: string) => {
        const { batch_id: batchId } = JSON.parse(out);
        return await withStore(async (store) =>
          (await store.trending(batchId)).map(({ symbol }) => symbol)
        );
      };
      const one = await batch(live.slice(0, 12), "--symbol", "MSFT", "--json");
      assert.equal((await liu.analysis(live.slice(0, 12))).batchId, live);
      assert.deepEqual(await picksOf(one.out), ["MSFT"]);
      const { trades, comparison } = JSON.parse(one.out);
      assert.equal(trades.length, 2);
      assert.ok(trades.every(({ symbol }: { symbol: string }) => symbol === "MSFT"));
      assert.equal(comparison.at(-1).original.executions, 2);
      // GOOG was picked, and never traded.
      const strict = await batch(live, "--strict", "--json");
      assert.deepEqual(await picksOf(strict.out), ["AAPL", "MSFT"]);
      // Until the late scan, and no further.
      const short = await batch(live, "--duration", "9", "--json");
      assert.deepEqual(await picksOf(short.out), ["AAPL", "GOOG"]);
      assert.equal(JSON.parse(short.out).to, "2022-01-03T14:39:00Z");
      const debug = await batch(live, "--debug");
      assert.match(debug.err, /mine\.ts:10:\d+/);
      assert.match(debug.err, /other\.ts:10:\d+/);
      assert.match(debug.out, new RegExp(`^Compared with batch ${live}, gains before fees$`, "m"));
      assert.match(debug.out, /^mine +2 +4 +(\S+) +unknown +2 +4 +\1 +0\.00 *$/m);
      // A backtest of the day has the live runs to refer to as well.
      const ordinary = await liu.run(["backtest", "2022-01-03", ...AGAIN, "--json"]);
      const { batch_id: batchId } = JSON.parse(ordinary.out);
      await withStore(async (store) => {
        const runs = await store.runs(live);
        for (const { algoName, refAlgoRun } of await store.runs(batchId)) {
          assert.ok(
            runs.some(({ algoName: name, algoRunId }) =>
              name === algoName && algoRunId === refAlgoRun
            ),
          );
        }
      });
      // And a backtest may be run again like a session.
      const again = await batch(batchId, "--json");
      assert.deepEqual(
        JSON.parse(again.out).trades,
        JSON.parse(ordinary.out).trades,
      );
    }),
);

databases.embedded(
  "fees that the broker did not tell are unknown, not none",
  (db) =>
    afterSession(db, async (liu, live) => {
      const lived = await liu.run(["analyze", live, "--trades"]);
      assert.equal(lived.code, 0, lived.err);
      assert.match(lived.out, /^Fees: not reported by the broker; the gains are before fees\.$/m);
      assert.match(lived.out, /^total( +\S+){6} +–$/m);
      assert.match(lived.out, /^\d\d:\d\d:\d\d +AAPL +buy +3 +\S+ +– +mine/m);
      const fees = ["--buy-fee-percentage", "0.1", "--sell-fee-percentage", "0.1"];
      const { out, err } = await liu.run(["backtest", "batch", live, ...AGAIN, ...fees, "--json"]);
      const { comparison, batch_id: batchId, fees: paid } = JSON.parse(out);
      assert.equal(comparison.length, 3, err);
      for (const { original, backtest } of comparison) {
        assert.equal(original.fees, null);
        assert.ok(backtest.fees > 0);
        assert.deepEqual({ ...backtest, fees: null }, original);
      }
      assert.equal(comparison.at(-1).backtest.fees, paid);
      const again = await liu.run(["analyze", batchId, "--trades"]);
      assert.doesNotMatch(again.out, /not reported/);
      assert.match(again.out, new RegExp(`^total( +\\S+){6} +${paid.toFixed(2)}$`, "m"));
    }),
);

databases.embedded("what is wrong with a batch is said", (db) =>
  inFolder(async (folder) => {
    await writeFiles(folder, FILES);
    const liu = new Liu(folder, undefined, { LIU_DATA: db.dataDir });
    const store = await db.open();
    const started = (batchId: string) =>
      store.startRun({
        algoName: "mine",
        environment: "PAPER",
        buildNumber: "test",
        batchId,
        parameters: {},
        startUs: Date.parse("2022-01-03T14:30:00Z") * 1000,
        refAlgoRun: null,
      });
    for (const batchId of ["wrong-1", "wrong-2", "picky"]) await started(batchId);
    store.write([{
      table: "trending_tickers",
      row: {
        batchId: "picky",
        symbol: "AAPL",
        scannerName: "gone",
        createUs: Date.parse("2022-01-03T14:30:00Z") * 1000,
      },
    }]);
    await store.flush();
    await store.close();
    const cases: [args: string[], says: RegExp][] = [
      [["nothing"], /There is no batch "nothing"; the newest are picky, wrong-2, wrong-1/],
      [["wrong"], /"wrong" may be wrong-2, wrong-1: write more of it/],
      [["wrong-1"], /batch wrong-1: its scanners picked nothing/],
      [["picky", "--symbol", "MSFT"], /MSFT: batch picky did not pick it, but AAPL/],
      [["picky", "--strict"], /batch picky with --strict: it traded nothing/],
      [["picky", "--duration", "0"], /whole number, 1 or more/],
    ];
    for (const [args, says] of cases) {
      const { code, err } = await liu.run(["backtest", "batch", ...args, ...AGAIN]);
      assert.notEqual(code, 0);
      assert.match(err, says);
    }
    const empty = new Liu(folder, undefined, { LIU_DATA: join(folder, "none") });
    const { code, err } = await empty.run(["backtest", "batch", "last", ...AGAIN]);
    assert.equal(code, 1);
    assert.match(err, /There is no database .* yet/);
    // The scanner is not in the plan any more: its picks are for all strategies.
    const gone = await liu.run(["backtest", "batch", "picky", ...AGAIN, "--json"]);
    assert.equal(gone.code, 0, gone.err);
    assert.equal(JSON.parse(gone.out).trades.length, 4);
  }));
