/** Miners as cron runs them: the program, the simulated exchange, both databases. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Database } from "../src/store/database.ts";
import { MemoryLog, type TestDatabase, TestDatabases } from "../src/store/test_databases.ts";
import { type Ended, exchangeEnv, inFolder, Liu, writeFiles } from "./program.ts";

const KEYS = { keyId: "k", secretKey: "s" };
const databases = new TestDatabases();

const MINERS = `[miners.daily_ohlc]
days = 30
indicators = ["sma(5)", "macd(3, 6, 2)"]
[miners.stock_cluster]
days = 30
min_overlap = 20
min_correlation = -1
similar = 3
min_dollar_volume = 0
[miners.gainloss]
days = 7
[miners.portfolio]
portfolio = "momentum"
size = 20_000
stocks = 3
lookback = 30
skip = 5
min_score = -1
max_weight = 40
min_share_price = 1
min_dollar_volume = 0
[miners.late]
filename = "late.ts"
`;
/** Asks for more than there can be of its day. */
const LATE = `import { exchangeDate, type MineContext, Miner } from "liu";
export default class Late extends Miner {
  async run({ history }: MineContext) {
    const [symbol] = await history.symbols();
    const { timeUs } = (await history.bars([symbol], "day", 1.6e15, 9e15)).get(symbol)!;
    return { last: exchangeDate(timeUs.at(-1)!) };
  }
}
`;
const PLAN = `portfolio_value = 50_000
[strategies.target_portfolio]
target_portfolio = "momentum"
band = 10
`;

interface Line {
  miner: string;
  date: string;
  written: Record<string, number>;
  result: Record<string, unknown>;
  warnings: string[];
  error?: string;
}

function lineOf({ code, out, err }: Ended): Line {
  assert.equal(code, 0, err);
  assert.equal(err, "", "a success says nothing but its line");
  assert.match(out, /^\{.*\}\n$/);
  return JSON.parse(out);
}

/** Runs with an exchange that is before the open of 2022-01-03, and stands still. */
async function onExchange(
  { dsn, dataDir }: Pick<TestDatabase, "dsn" | "dataDir">,
  run: (liu: Liu) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    await writeFiles(folder, { "miner.toml": MINERS, "tradeplan.toml": PLAN, "late.ts": LATE });
    const exchange = await new Liu(folder).simulate(
      ["--generate", "8", "--seed", "3", "--speed", "max"],
    );
    try {
      await run(
        new Liu(folder, undefined, {
          ...exchangeEnv(exchange.baseUrl, KEYS),
          LIU_DATA: dataDir,
          ...(dsn === null ? {} : { DSN: dsn }),
        }),
      );
    } finally {
      await exchange.stop();
    }
  });
}

databases.each(
  "off hours are mined, and the next session trades towards the portfolio",
  (db) =>
    onExchange(db, async (liu) => {
      const mine = async (...args: string[]) => lineOf(await liu.run(["miner", ...args]));
      const first = await mine("daily_ohlc");
      assert.equal(first.date, "2021-12-31");
      assert.deepEqual(first.written, { stock_ohlc: 8 * 30 });
      assert.deepEqual(first.result, { symbols: 8, of_date: 8, empty: 0, readjusted: [] });
      assert.deepEqual((await mine("daily_ohlc")).written, {}, "twice writes nothing");
      assert.deepEqual((await mine("late", "--date", "2021-12-15")).result, { last: "2021-12-15" });

      const cluster = await mine("stock_cluster");
      assert.deepEqual(cluster.written, { ticker_data: 8 });
      const dry = await mine("portfolio", "--dry-run");
      assert.deepEqual(dry.written, { portfolio: 1 });
      const bare = db.connect();
      const portfolios = () => bare.run((sql) => sql`select portfolio_id as id from portfolio`);
      assert.deepEqual([...await portfolios()], []);
      const portfolio = await mine("portfolio");
      assert.deepEqual(portfolio.result, dry.result);
      assert.deepEqual([...await portfolios()], [{ id: "momentum" }]);
      const stocks = portfolio.result.stocks as { symbol: string; weight: number }[];
      assert.equal(stocks.length, 3);

      // A backtest may not know a portfolio that was computed later.
      const backtest = (from: string) =>
        liu.run(["backtest", from, "--to", "2021-12-30", "--scale", "day", "--json"]);
      const early = await backtest("2021-12-16");
      assert.equal(early.code, 2);
      assert.match(early.err, /"momentum" was computed after the session of 2021-12-31/);
      await mine("portfolio", "--date", "2021-12-15");
      const tested = await backtest("2021-12-16");
      assert.equal(tested.code, 0, tested.err);
      assert.deepEqual(
        [...new Set((await liu.analysis()).trades.map(({ symbol }) => symbol))].length,
        3,
        tested.out,
      );
      await mine("portfolio");

      const [row] = await bare.run((sql) =>
        sql`select close::float8 as close, (indicators ->> 'sma(5)')::float8 as sma,
                 (select avg(close)::float8 from (select close from stock_ohlc o
                   where o.symbol = s.symbol order by symbol_date desc limit 5) as x) as mean,
                 (select cardinality(similar_tickers) from ticker_data t
                   where t.symbol = s.symbol) as similar
            from stock_ohlc s where symbol_date = '2021-12-31' order by symbol limit 1`
      );
      assert.ok(Math.abs(row!.sma - row!.mean) < 1e-9);
      assert.equal(row!.similar, 3);

      const traded = await liu.run(["trader"]);
      assert.equal(traded.code, 0, traded.err);
      const { trades, batchId } = await liu.analysis();
      const cost = new Map<string, number>();
      for (const { symbol, operation, qty, price } of trades) {
        assert.equal(operation, "buy");
        cost.set(symbol, (cost.get(symbol) ?? 0) + Number(qty) * Number(price));
      }
      assert.deepEqual([...cost.keys()].sort(), stocks.map(({ symbol }) => symbol).sort());
      for (const { symbol, weight } of stocks) {
        const share = cost.get(symbol)! / (weight * 20_000);
        assert.ok(share > 0.85 && share < 1.15, `${symbol} is ${share} of its target`);
      }

      // The gains are taken away, and worked out again by the miner: the same.
      const gains = () =>
        bare.run(async (sql) => [
          ...await sql`select symbol, gain_value from gain_loss join algo_run using (algo_run_id)
                      where batch_id = ${batchId} order by symbol`,
        ]);
      const before = await gains();
      assert.equal(before.length, 3);
      await bare.run((sql) => sql`delete from gain_loss`);
      const day = ["--date", "2022-01-03"];
      const again = await mine("gainloss", ...day);
      assert.deepEqual(again.result, { batches: 1, gain_loss: 3, trade_analysis: 0 });
      assert.deepEqual(await gains(), before);
      assert.deepEqual((await mine("gainloss", ...day)).result, {
        batches: 1,
        gain_loss: 0,
        trade_analysis: 0,
      });
      await bare.close();
    }),
);

Deno.test("the next session sells what left the portfolio, buys what came, and leaves the rest", () =>
  inFolder(async (folder) => {
    const exchange = await new Liu(folder).simulate([
      ...["--generate", "6", "--seed", "3", "--speed", "max"],
      ...["--start", "2021-12-31T14:00:00Z"],
    ]);
    try {
      const liu = new Liu(folder, undefined, exchangeEnv(exchange.baseUrl, KEYS));
      const assets = await fetch(`${exchange.baseUrl}/v2/assets`, {
        headers: { "APCA-API-KEY-ID": KEYS.keyId, "APCA-API-SECRET-KEY": KEYS.secretKey },
      });
      const [leaves, stays, comes] = (await assets.json() as { symbol: string }[])
        .map(({ symbol }) => symbol).sort();
      const portfolioOf = (...symbols: (string | undefined)[]) =>
        `[miners.portfolio]\nsize = 20_000\nlookback = 30\nskip = 5\nmin_score = -1\nstocks = 2\n` +
        `max_weight = 50\nmin_share_price = 0\nmin_dollar_volume = 0\n` +
        `symbols = ${JSON.stringify(symbols)}\n`;
      await writeFiles(folder, {
        "tradeplan.toml": PLAN.replace("band = 10", "band = 50"),
        "first.toml": portfolioOf(leaves, stays),
        "second.toml": portfolioOf(stays, comes),
      });
      const session = async (config: string) => {
        lineOf(await liu.run(["miner", "portfolio", "--config", config]));
        const traded = await liu.run(["trader"]);
        assert.equal(traded.code, 0, traded.err);
        const { trades } = await liu.analysis();
        // An order may be filled in parts.
        return [...new Set(trades.map(({ symbol, operation }) => `${operation} ${symbol}`))];
      };
      const first = await session("first.toml");
      assert.deepEqual(first.sort(), [`buy ${leaves}`, `buy ${stays}`].sort());
      const second = await session("second.toml");
      assert.deepEqual(second, [`sell ${leaves}`, `buy ${comes}`]);
    } finally {
      await exchange.stop();
    }
  }));

Deno.test("a provider's limit is waited for; what was mined before it fails stays, and a rerun goes on", () =>
  inFolder(async (folder) => {
    await writeFiles(folder, {
      "miner.toml": "[miners.daily_ohlc]\ndays = 20\n",
      // Of the second two hundred symbols: once too many requests, then no answer any more.
      "faults.toml": [[429, 3], [503, 4], [503, 5], [503, 6], [503, 7]].map(([status, nth]) =>
        `[[faults]]\nkind = "http_error"\nrequests = ["GET /v2/stocks/bars"]\n` +
        `status = ${status}\nnth = ${nth}\n` + (status === 429 ? "wait = 1\n" : "")
      ).join(""),
    });
    const exchange = await new Liu(folder).simulate(
      [...["--generate", "230", "--seed", "3", "--speed", "max"], "--faults", "faults.toml"],
    );
    try {
      const liu = new Liu(folder, undefined, exchangeEnv(exchange.baseUrl, KEYS));
      const failed = await liu.run(["miner", "daily_ohlc"]);
      assert.equal(failed.code, 1, failed.err);
      assert.match(failed.err, /"daily_ohlc" failed for 2021-12-31: Cannot read from .*503/);
      assert.match(failed.err, /kept \(4000 rows of stock_ohlc\): the same command goes on/);
      const { error, written } = JSON.parse(failed.out);
      assert.match(error, /503/);
      assert.deepEqual(written, { stock_ohlc: 4000 });
      const again = lineOf(await liu.run(["miner", "daily_ohlc"]));
      assert.deepEqual(again.written, { stock_ohlc: 600 });
    } finally {
      await exchange.stop();
    }
  }));

const OWN = `import { type MineContext, Miner, param } from "liu";
export default class Own extends Miner {
  static override params = { what: param.text("") };
  async run({ db, history }: MineContext) {
    await db.write("ticker_data", [{ symbol: "OWN" }]);
    switch (this.params.what) {
      case "throw":
        throw new Error("on purpose");
      case "others":
        return void await db.write("portfolio", [{ portfolio_id: "x", size: 1 }]);
      case "query":
        return void await db.query("select setval('new_trades_trade_id_seq', 1)");
      case "wait":
        return await new Promise<never>(() => {});
      case "spin":
        for (;;);
      default:
        return {
          has: ["Deno", "fetch", "process", "Worker", "WebSocket", "setTimeout", "navigator"]
            .filter((name) => name in globalThis),
          frozen: Object.isFrozen(db) && Object.isFrozen(history),
        };
    }
  }
}
`;
const SECTIONS =
  ["plain", "throw", "others", "query", "wait", "spin"].map((what) =>
    `[miners.${what}]\nfilename = "own.ts"\nwhat = "${what}"\ntables = ["ticker_data"]\n` +
    (what === "spin" ? "max_minutes = 0.02\n" : "")
  ).join("") + `[miners.bad]\nfilename = "bad.ts"\n[miners.nets]\nfilename = "own.ts"
tables = ["ticker_data"]
permissions = { net = ["api.example.com"] }
[miners.gainloss]\ndais = 7\n[miners.daily_ohlc]\nindicators = ["sme(5)"]\n`;

Deno.test("a user's miner has no way out, and what goes wrong is told with what was kept", () =>
  inFolder(async (folder) => {
    await writeFiles(folder, {
      "miner.toml": SECTIONS,
      "own.ts": OWN,
      "bad.ts": `import { readFileSync } from "node:fs";\nexport default readFileSync;\n`,
    });
    const liu = new Liu(folder);
    const plain = lineOf(await liu.run(["miner", "plain"]));
    assert.deepEqual(plain.result, { has: [], frozen: true });
    const nets = lineOf(await liu.run(["miner", "nets"]));
    assert.deepEqual(nets.result.has, ["fetch"]);

    const kept =
      /What was stored before is kept \(1 rows of ticker_data\): the same command goes on/;
    const cases: [args: string[], code: number, err: RegExp[]][] = [
      [["throw"], 1, [/"throw" failed for .*on purpose[^]*own\.ts:8:/, kept]],
      [["others"], 2, [/Cannot write the table portfolio.*tables = \["portfolio"\]/, kept]],
      [["query"], 1, [/it may only read, and setval can do more/, kept]],
      [["spin"], 1, [/took longer than 0\.02 minutes \(max_minutes/]],
      [["bad"], 2, [/bad\.ts:1:.*node:fs/]],
      [["gainloss"], 2, [/dais is not a parameter \(it has: days\): did you mean "days"/]],
      [["daily_ohlc"], 2, [/"sme\(5\)" is no indicator; did you mean "sma"/]],
      [["plai"], 2, [/miner\.toml has plain, throw.*did you mean "plain"/]],
      [["plain", "--date", "2022-01-01"], 2, [/closed on that day.* 2021-12-31/]],
      [["plain", "--date", "2999-01-03"], 2, [/not over/]],
      [["plain", "--config", "no.toml"], 2, [/no\.toml/]],
      [[], 2, [/liu miner NAME/]],
    ];
    for (const [args, code, texts] of cases) {
      const ended = await liu.run(["miner", ...args]);
      assert.equal(ended.code, code, JSON.stringify(ended));
      for (const text of texts) assert.match(ended.err, text);
    }
    await Deno.writeTextFile(
      join(folder, "miner.toml"),
      "[miners.plain]\ntables = [3]\nmax_minutes = 0\n",
    );
    const malformed = await liu.run(["miner", "plain"]);
    assert.equal(malformed.code, 2);
    assert.match(malformed.err, /2 problems:[^]*"tables" must be a list[^]*"max_minutes" must be/);
  }));

Deno.test("two runs of a miner do not overlap, and one that is stopped says what it has kept", () =>
  inFolder(async (folder) => {
    await writeFiles(folder, { "miner.toml": SECTIONS, "own.ts": OWN });
    const liu = new Liu(folder);
    await liu.run(["migrate"]);
    const log = new MemoryLog();
    const bare = new Database({ dsn: null, dataDir: join(folder, "data"), log });
    const children = [liu.start(["miner", "wait"]), liu.start(["miner", "wait"])];
    const outputs = children.map((child) => child.output());
    const first = await Promise.race(outputs.map(async (output, i) => ({ i, ...await output })));
    assert.equal(first.code, 3);
    assert.match(
      new TextDecoder().decode(first.stderr),
      /"wait" is running already.*nothing was done/,
    );
    for (let n = 0; n === 0;) {
      [{ n }] = await bare.run((sql) =>
        sql<{ n: number }[]>`select count(*)::int as n from ticker_data`
      );
    }
    await bare.close();
    children[1 - first.i]!.kill("SIGTERM");
    const stopped = await outputs[1 - first.i]!;
    assert.equal(stopped.code, 1);
    assert.match(new TextDecoder().decode(stopped.stderr), /"wait" failed.*interrupted/);
    const listed = JSON.parse((await liu.run(["miner", "--list", "--json"])).out);
    const last = listed.miners.find(({ name }: { name: string }) => name === "wait").last;
    assert.equal(last.error, "it was interrupted");
  }));

databases.server(
  "a database that is away is told, and nothing is begun",
  ({ dsn }) =>
    inFolder(async (folder) => {
      const url = new URL(dsn);
      url.port = "1";
      const liu = new Liu(folder, undefined, { DSN: url.href });
      const { code, err, out } = await liu.run(["miner", "gainloss"]);
      assert.equal(code, 1);
      assert.match(err, /Cannot reach the database/);
      assert.equal(out, "");
    }),
);

Deno.test("what liu init writes can be mined with", () =>
  inFolder(async (folder) => {
    const liu = new Liu(folder);
    assert.equal((await liu.run(["init"])).code, 0);
    assert.deepEqual(lineOf(await liu.run(["miner", "my_miner"])).result, { volatile: "" });
    assert.equal(lineOf(await liu.run(["miner", "gainloss"])).result.batches, 0);
    const nothing = await liu.run(["miner", "portfolio"]);
    assert.equal(nothing.code, 1);
    assert.match(nothing.err, /There are no symbols/);
    const { code, out } = await liu.run(["miner", "--list"]);
    assert.equal(code, 0);
    assert.match(out, /daily_ohlc[^]*my_miner +miners\/my_miner.ts +keystore/);
  }));
