/** Backtests by seconds, trades and quotes as their user has them: from files, and from history. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { History } from "../src/history/history.ts";
import { exchangeUs } from "../src/model/calendar.ts";
import { startSimulator } from "../src/simulator/server.ts";
import { exchangeEnv, inFolder, Liu, writeFiles } from "./program.ts";

const KEYS = { keyId: "me", secretKey: "me" };
const PLAN = `
events = ["second", "trade", "quote", "minute"]
assets = ["us_equity", "crypto"]

[scanners.symbols]
symbols = ["AAPL"]

[scanners.coins]
filename = "coins.ts"
asset_class = "crypto"

[strategies.mine]
filename = "mine.ts"
`;
const SCANNER = `
import { Scanner } from "liu";

export default class Coins extends Scanner {
  override run() {
    return ["BTC/USD"];
  }
}
`;
/** Buys at the first event of the kind that it is called for, and sells at the next after a second. */
const STRATEGY = `
import { buy, param, type ParamValues, sell, Strategy, type SymbolSetup, type Tick } from "liu";

export default class Mine extends Strategy {
  static override type = "swing" as const;
  override setup(_symbol: SymbolSetup) {
    return { bought: 0 };
  }
  run({ event, position, state, time }: Tick<this>) {
    if (event === "minute" || event === "quote") return;
    if (state.bought === 0) {
      state.bought = time.us;
      return buy({ qty: 1 });
    }
    if (position && time.us > state.bought + 1e6) return sell({ qty: position.qty });
  }
}
`;

/** A trade each half second of three minutes: 100, 101, …; a quote just before each. */
function ticks(symbol: string) {
  const trades = ["symbol,timestamp,price,size"];
  const quotes = ["symbol,timestamp,bid_price,bid_size,ask_price,ask_size"];
  for (let i = 0; i < 360; i++) {
    const us = exchangeUs("2022-01-03", "09:30") + i * 0.5e6;
    const time = (us: number) => new Date(us / 1000).toISOString();
    const price = 100 + i;
    quotes.push(`${symbol},${time(us)},${price - 0.5},100,${price + 0.5},100`);
    trades.push(`${symbol},${time(us + 1000)},${price},10`);
  }
  return { trades: trades.join("\n") + "\n", quotes: quotes.join("\n") + "\n" };
}

async function withFiles(run: (liu: Liu, folder: string) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const aapl = ticks("AAPL");
    const seconds = Array.from({ length: 100 }, (_, i) => {
      const time = new Date(exchangeUs("2022-01-03", "09:30") / 1000 + i * 1000).toISOString();
      return [time, 200 + i, 200 + i, 200 + i, 200 + i, 50].join(",");
    });
    await writeFiles(folder, {
      "tradeplan.toml": PLAN,
      "mine.ts": STRATEGY,
      "coins.ts": SCANNER,
      "trades.csv": aapl.trades,
      "quotes.csv": aapl.quotes,
      "coins.csv": ticks("BTC/USD").trades,
      "seconds.csv": ["timestamp,open,high,low,close,volume", ...seconds, ""].join("\n"),
    });
    await run(new Liu(folder), folder);
  });
}

interface Printed {
  trades: { symbol: string; side: string; price: number; time: string }[];
  [figure: string]: unknown;
}

async function backtest(liu: Liu, ...args: string[]): Promise<Printed> {
  const { code, out, err } = await liu.run(["backtest", "2022-01-03", "--json", ...args]);
  assert.equal(code, 0, err);
  return JSON.parse(out);
}

function fills({ trades }: Printed): string[] {
  return trades.map(({ symbol, side, price, time }) =>
    `${time.slice(14)} ${symbol} ${side} ${price}`
  );
}

// Told at the ends of the seconds at whose opens they are.
const SECONDS_FILLS = ["30:02Z AAPL buy 201", "30:04Z AAPL sell 203"];
const TRADE_FILLS = ["30:00.501000Z AAPL buy 101", "30:02.001000Z AAPL sell 104"];
const QUOTE_FILLS = ["30:00.500000Z AAPL buy 101.5", "30:02Z AAPL sell 103.5"];

Deno.test("files of seconds, trades and quotes are replayed, each at its scale", () =>
  withFiles(async (liu) => {
    const equity = ["--asset", "equity"];
    const seconds = ["--bars", "AAPL=seconds.csv", "--scale", "second"];
    assert.deepEqual(fills(await backtest(liu, ...seconds, ...equity)), SECONDS_FILLS);
    const files = ["--trades", "trades.csv", "--quotes", "quotes.csv", "--scale", "trade"];
    const byTrades = await backtest(liu, ...files, ...equity, "--fill", "trade");
    assert.deepEqual(fills(byTrades), TRADE_FILLS);
    const byQuotes = await backtest(liu, ...files, ...equity, "--fill", "quote");
    assert.deepEqual(fills(byQuotes), QUOTE_FILLS);
    const both = ["--trades", "trades.csv", "coins.csv", "--scale", "trade", "--fill", "trade"];
    const symbols = new Set((await backtest(liu, ...both)).trades.map(({ symbol }) => symbol));
    assert.deepEqual([...symbols].sort(), ["AAPL", "BTC/USD"]);
    const crypto = await backtest(liu, ...both, "--asset", "crypto");
    assert.deepEqual(new Set(crypto.trades.map(({ symbol }) => symbol)), new Set(["BTC/USD"]));
  }));

Deno.test("seconds, trades and quotes are imported, and backtested from history", () =>
  withFiles(async (liu, folder) => {
    for (
      const args of [
        ["AAPL=seconds.csv", "--scale", "second"],
        ["trades.csv", "--kind", "trades"],
        ["quotes.csv", "--kind", "quotes"],
      ]
    ) {
      const { code, err } = await liu.run(["data", "import", ...args]);
      assert.equal(code, 0, err);
    }
    const equity = ["--asset", "equity", "--symbols", "AAPL"];
    // By the trades, which it sees too, it decides sooner.
    assert.deepEqual(fills(await backtest(liu, ...equity, "--scale", "second")), [
      "30:02Z AAPL buy 201",
      "30:03Z AAPL sell 202",
    ]);
    const byTrades = ["--scale", "trade", "--fill", "trade"];
    assert.deepEqual(fills(await backtest(liu, ...equity, ...byTrades)), TRADE_FILLS);
    const byQuotes = ["--scale", "trade", "--fill", "quote"];
    assert.deepEqual(fills(await backtest(liu, ...equity, ...byQuotes)), QUOTE_FILLS);
    const checked = await liu.run(["data", "check"]);
    assert.equal(checked.code, 0, checked.out);
    const range = { symbols: ["AAPL"], fromUs: 0, toUs: Infinity };
    const history = new History({ folder: join(folder, "data", "history") });
    assert.equal((await history.loadTrades(range)).get("AAPL")!.timeUs.length, 360);
    assert.equal((await history.loadQuotes(range)).get("AAPL")!.askPrice[0], 100.5);
    const seconds = await history.loadBars({ ...range, scale: "second" });
    assert.equal(seconds.get("AAPL")!.close.at(-1), 299);
  }));

Deno.test("seconds, trades and quotes are downloaded, once", () =>
  withFiles(async (liu, folder) => {
    const simulator = await startSimulator({
      sources: [
        { kind: "trades", file: join(folder, "trades.csv") },
        { kind: "quotes", file: join(folder, "quotes.csv") },
      ],
      startUs: exchangeUs("2022-01-03", "15:00"),
      endUs: exchangeUs("2022-01-03", "16:00"),
      speed: 1,
      port: 0,
    });
    try {
      const env = exchangeEnv(simulator.baseUrl, KEYS);
      const download = async (...args: string[]) => {
        const day = ["--from", "2022-01-03", "--to", "2022-01-03", "--json"];
        const { code, out, err } = await liu.run(
          ["data", "download", "AAPL", ...day, ...args],
          env,
        );
        assert.equal(code, 0, err);
        const { rows, calls } = JSON.parse(out);
        return { rows, isAsked: calls > 0 };
      };
      for (
        const [args, rows] of [
          [["--kind", "trades"], 360],
          [["--kind", "quotes"], 360],
          [["--scale", "second"], 180],
          [["--scale", "minute"], 3],
        ] as const
      ) {
        assert.deepEqual(await download(...args), { rows, isAsked: true });
      }
      const wrong = ["--scale", "second", "--adjustment", "split", "--from", "2022-01-03"];
      const { code, err } = await liu.run(["data", "download", "AAPL", ...wrong], env);
      assert.equal(code, 2);
      assert.match(err, /Cannot download seconds with --adjustment split/);
    } finally {
      await simulator.close();
    }
    const listed = JSON.parse((await liu.run(["data", "list", "--json"])).out).series;
    assert.deepEqual(
      listed.map(({ adjustment, kind, rows }: Record<string, unknown>) =>
        `${adjustment} ${kind} ${rows}`
      ).sort(),
      ["raw quote 360", "raw second 180", "raw trade 360", "split minute 3"],
    );
    // Without the exchange: from disk alone.
    const equity = ["--asset", "equity", "--symbols", "AAPL"];
    const byTrades = await backtest(liu, ...equity, "--scale", "trade", "--fill", "trade");
    assert.deepEqual(fills(byTrades), TRADE_FILLS);
    assert.deepEqual(fills(await backtest(liu, ...equity, "--scale", "second")), [
      "30:02Z AAPL buy 102",
      "30:03Z AAPL sell 104",
    ]);
  }));

Deno.test("options go before the plan, and the costs are told apart", () =>
  withFiles(async (liu, folder) => {
    await Deno.writeTextFile(
      join(folder, "tradeplan.toml"),
      PLAN + `
[backtest]
fill = "trade"
cash = 5000
[backtest.fees]
buy_percentage = 1
per_share = 0.5
sec_per_million = 27.8
[backtest.slippage]
per_share = 0.25
`,
    );
    const files = ["--trades", "trades.csv", "--scale", "trade", "--asset", "equity"];
    const { trades: _, batch_id: __, equity: ___, ...planned } = await backtest(liu, ...files);
    // Bought at 101.25: 1.0125 and 0.50 of commission; sold at 103.75: 0.50, and a cent to the SEC.
    assert.deepEqual(planned, {
      from: "2022-01-03T05:00:00Z",
      to: planned.to,
      end_reason: planned.end_reason,
      initial_cash: 5000,
      final_equity: 5000.48,
      total_return: 5000.48 / 5000 - 1,
      fees: 2.02,
      commission: 2.01,
      regulatory_fees: 0.01,
      borrow_cost: 0,
      interest: 0,
      slippage: 0.5,
      max_drawdown: planned.max_drawdown,
      sharpe: null,
      ruined_at: null,
      open_positions: [],
    });
    const given = ["--cash", "7000", "--fill", "next_open", "--buy-fee-percentage", "0"];
    const options = await backtest(liu, ...files, ...given);
    assert.equal(options.initial_cash, 7000);
    assert.equal(options.commission, 1);
    // The second minute opens at 220, the third at 340.
    assert.deepEqual(fills(options), ["32:00Z AAPL buy 220.25", "33:00Z AAPL sell 339.75"]);
    const { out } = await liu.run(["backtest", "2022-01-03", ...files]);
    assert.match(out, /fees +2\.02 \(commission 2\.01, regulatory 0\.01\)\n/);
    assert.match(out, /slippage +0\.50 \(in the prices\)\n/);
    for (
      const [args, says] of [
        [["--fill", "open"], /It must be close or next_open/],
        [["--borrow-rate", "-1"], /per cent a year/],
        [["--fill", "quote"], /the data have none of AAPL/],
        [["--scale", "second", "--trades", "none.csv"], /Cannot read .*none\.csv/],
      ] as const
    ) {
      const { code, err } = await liu.run(["backtest", "2022-01-03", ...files, ...args]);
      assert.equal(code, 2, err);
      assert.match(err, says);
    }
  }));
